// Keys as bytes: what orders items within a partition and finds them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {

// The bytes of an S, N or B attribute, whose memcmp order is the service's order of sort keys:
// UTF-8 bytes, numbers by value, binaries by unsigned bytes.
std::string key_bytes(const Value& attribute);

// Where a partition lies among all: Scan goes through partitions in this order, and segments are
// ranges of it. Stored in every row, so that it can't change for a table that there is.
enum class PartitionOrder : std::uint8_t {
  // Tables made before November 2026: FNV-1a over the key bytes, its bits mixed by the finalizer of
  // MurmurHash3 (https://github.com/aappleby/smhasher).
  Mixed,
  // The service's own: the first bytes of the MD5 of "Outliers" and the key. Source: the order in
  // which it was seen to scan (architect/dynalite, test/scan.js).
  Service
};

// The bytes of one key attribute, with its type, since the service has a form of its own for numbers.
struct HashedPart {
  Type type;
  std::string_view bytes;  // key_bytes
};
// Moved to the range of a signed integer column without changing the order.
std::int64_t partition_hash(PartitionOrder order, std::span<const HashedPart> parts);

// Several key attributes as one, whose memcmp order is theirs, one after the other. `end_key_part`
// ends one; without it what was appended is a prefix.
void append_key_part(std::string& out, std::string_view bytes);
void end_key_part(std::string& out);

}  // namespace cloche::dynamodb
