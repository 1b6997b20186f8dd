#include "dynamodb/item/key_bytes.h"

namespace cloche::dynamodb {

std::string key_bytes(const Value& attribute) {
  const Value& content = content_of(attribute);
  switch (type_of(attribute)) {
    case Type::N: {
      std::string bytes;
      number_of(content).append_key(bytes);
      return bytes;
    }
    case Type::B:
      return decoded(content);
    default:
      return content.str();
  }
}

std::int64_t partition_hash(std::string_view key_bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : key_bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return static_cast<std::int64_t>(hash ^ (std::uint64_t{1} << 63));
}

}  // namespace cloche::dynamodb
