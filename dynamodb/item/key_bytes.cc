#include "dynamodb/item/key_bytes.h"

#include "base/digest.h"
#include "dynamodb/limits.h"

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

namespace {

// A number as the service writes it to hash it: an exponent of 100, then two digits to a byte plus
// one; what is negative is mirrored and ended by 102 if there is room. Made from the key's bytes
// (Decimal::append_key), which hold the same digits.
void append_service_number(std::string& out, std::string_view key) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(key[i]); };
  if (key.size() == 1) {
    out += '\x80';
    return;
  }
  const bool negative = at(0) == 0x7F;
  const int flip = negative ? 0xFF : 0;
  const int exponent = (at(1) ^ flip) + kNumberMagnitudeMin + 1;
  std::string digits;
  for (std::size_t i = 2; i < key.size() - (negative ? 1 : 0); ++i) {
    const int pair = (at(i) ^ flip) - 1;
    digits += static_cast<char>(pair / 10);
    digits += static_cast<char>(pair % 10);
  }
  while (digits.size() > 1 && digits.back() == 0) digits.pop_back();
  const bool odd = exponent % 2 != 0;
  if (odd) digits.insert(digits.begin(), 0);
  const int hundreds = (odd ? exponent + 1 : exponent) / 2 - 64;
  out += static_cast<char>(negative ? hundreds ^ 0xFF : hundreds);
  const std::size_t pairs = (digits.size() + 1) / 2;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int pair = digits[i] * 10 + (i + 1 < digits.size() ? digits[i + 1] : 0);
    out += static_cast<char>(negative ? 101 - pair : pair + 1);
  }
  if (negative && pairs < 20) out += static_cast<char>(102);
}

std::uint64_t service_hash(std::span<const HashedPart> parts) {
  std::string text = "Outliers";
  for (const HashedPart& part : parts) {
    if (part.type == Type::N) {
      append_service_number(text, part.bytes);
    } else {
      text += part.bytes;
    }
  }
  const Md5 digest = md5(as_bytes(text));
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 8; ++i) hash = hash << 8 | static_cast<std::uint64_t>(digest[i]);
  return hash;
}

std::uint64_t mixed_hash(std::span<const HashedPart> parts) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const HashedPart& part : parts) {
    for (const char c : part.bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return hash;
}

}  // namespace

std::int64_t partition_hash(PartitionOrder order, std::span<const HashedPart> parts) {
  const std::uint64_t hash =
      order == PartitionOrder::Service ? service_hash(parts) : mixed_hash(parts);
  return static_cast<std::int64_t>(hash ^ (std::uint64_t{1} << 63));
}

void append_key_part(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    out += c;
    if (c == '\0') out += '\xFF';
  }
}

void end_key_part(std::string& out) { out.append("\0\x01", 2); }

}  // namespace cloche::dynamodb
