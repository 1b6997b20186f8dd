// Bytes of an imported object to records, and records to items.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/table/table.h"
#include "dynamodb/transfer/import.h"

namespace cloche::dynamodb {

// The records of one object. Refuses with the code "MalformedData" what no item can be made of: the
// rest of the object is not read.
class RecordReader {
 public:
  // Makes the item of a record. Refuses with MalformedData, or with what the table says of an item
  // that it can't have.
  using MakeItem = std::function<Result<CheckedValue>(Arena&)>;
  using Sink = std::function<Result<void>(const MakeItem&)>;

  virtual ~RecordReader() = default;
  virtual Result<void> append(std::string_view bytes, const Sink& sink) = 0;
  virtual Result<void> finish(const Sink& sink) = 0;
};

// `table` must outlive it.
std::unique_ptr<RecordReader> make_record_reader(const Import& import, const Table& table);

bool is_malformed(const Error& error);

}  // namespace cloche::dynamodb
