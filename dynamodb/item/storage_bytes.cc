#include "dynamodb/item/storage_bytes.h"

#include <algorithm>

#include "dynamodb/item/attribute.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

constexpr std::size_t kPieceBytes = 3072;
constexpr std::size_t kPieceHeadBytes = 18;  // And the sort key.

std::size_t value_bytes(const Value& attribute) {
  const Value& content = content_of(attribute);
  const std::size_t plain = attribute_bytes(attribute);
  switch (type_of(attribute)) {
    case Type::S:
      return plain + (plain < 128 ? 1 : plain < 16'384 ? 2 : 3);
    case Type::N:
    case Type::B:
      return plain + 1;
    case Type::Ss:
    case Type::Ns:
    case Type::Bs:
      return plain + content.size() + 1;
    case Type::Null:
      return 0;
    case Type::Bool:
      return 1;
    case Type::L: {
      std::size_t sum = 3;
      for (const Value& element : content.items()) sum += 1 + value_bytes(element);
      return sum;
    }
    case Type::M: {
      std::size_t sum = 3 + content.size();
      for (const Member& member : content.members()) sum += 1 + value_bytes(member.value);
      return sum;
    }
  }
  return plain;
}

std::size_t in_pieces(std::size_t bytes, std::size_t sort_key_bytes) {
  return 2 + bytes + (1 + (1 + bytes) / kPieceBytes) * (kPieceHeadBytes + sort_key_bytes);
}

}  // namespace

std::size_t storage_bytes(const Value& item, std::string_view sort_key) {
  std::size_t sort_key_bytes = 0;
  std::size_t bytes = 0;
  for (const Member& member : item.members()) {
    if (!sort_key.empty() && member.name == sort_key) {
      sort_key_bytes = attribute_bytes(member.value);
    } else {
      bytes += 1 + value_bytes(member.value);
    }
  }
  return in_pieces(bytes, sort_key_bytes);
}

// Every value is stored in less than its JSON takes, quotes and type included.
std::size_t storage_bytes_bound(std::size_t json_bytes, bool has_sort_key) {
  return in_pieces(json_bytes, has_sort_key ? std::min(json_bytes, kSortKeyBytesMax) : 0);
}

}  // namespace cloche::dynamodb
