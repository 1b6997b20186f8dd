// Keys as bytes: what orders items within a partition and finds them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {

// The bytes of an S, N or B attribute, whose memcmp order is the service's order of sort keys:
// UTF-8 bytes, numbers by value, binaries by unsigned bytes.
std::string key_bytes(const Value& attribute);

// Where a partition lies among all: Scan goes through partitions in this order, and segments are
// ranges of it. A number that is stored in every row, so that it can't change: FNV-1a over the key
// bytes, its bits mixed by the finalizer of MurmurHash3 (https://github.com/aappleby/smhasher),
// then moved to the range of a signed integer column without changing the order.
std::int64_t partition_hash(std::string_view key_bytes);

}  // namespace cloche::dynamodb
