// How much of a page of Query or Scan an item takes. A page ends at 1 MB, and the service counts for
// it what it stores, not what it charges for: names are short numbers there, values carry their
// lengths, and an item lies in pieces of 3 KB which each repeat its sort key.
//
// Source: pages of the service as measured by architect/dynalite (test/query.js, test/scan.js: "just
// under limit", "just over limit").
#pragma once

#include <cstddef>
#include <string_view>

#include "base/document.h"

namespace cloche::dynamodb {

// `sort_key` is the name of the table's sort key; empty if there is none.
std::size_t storage_bytes(const Value& item, std::string_view sort_key);

// Not less than storage_bytes of any item with so long a text, and cheap: to see that a page is far
// from its end.
std::size_t storage_bytes_bound(std::size_t json_bytes, bool has_sort_key);

}  // namespace cloche::dynamodb
