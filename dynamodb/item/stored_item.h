// An item as it is stored: its size in bytes as the service counts it, in decimal, a blank, and its
// canonical JSON:
//
//   6 {"id":{"S":"a"},"n":{"N":"12"}}
//
// so that GetItem sends the text as it stands, a page knows its size without parsing, and a person
// can read it in the sqlite3 shell.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"

namespace cloche::dynamodb {

// The view of a stored row, which must outlive it.
class StoredItem {
 public:
  explicit StoredItem(std::string_view row);
  std::size_t bytes() const { return bytes_; }
  std::string_view json() const { return json_; }
  // Parsed; the text must outlive the tree. Damaged if it is no JSON; what else
  // encode_item wrote is believed.
  Result<Value> tree(Arena& arena) const;

 private:
  std::size_t bytes_ = 0;
  std::string_view json_;
};

std::string encode_item(const Value& item, std::size_t bytes);

}  // namespace cloche::dynamodb
