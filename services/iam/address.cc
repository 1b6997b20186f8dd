#include "services/iam/address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace cloche::iam {
namespace {

struct Address {
  std::array<unsigned char, 16> bytes{};
  unsigned bits = 0;  // 32 or 128.
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  Address out;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) {
    out.bits = 32;
    return out;
  }
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) != 1) return std::nullopt;
  out.bits = 128;
  return out;
}

struct Range {
  Address address;
  unsigned prefix = 0;  // Bits that count.
};

std::optional<Range> parse_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Range out{.address = *address, .prefix = address->bits};
  if (slash == std::string_view::npos) return out;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.prefix);
  if (error != std::errc() || end != digits.data() + digits.size() || out.prefix > address->bits)
    return std::nullopt;
  return out;
}

}  // namespace

bool is_address_range(std::string_view text) { return parse_range(text).has_value(); }

bool contains_address(std::string_view range, std::string_view address) {
  const auto outer = parse_range(range);
  const auto inner = parse_address(address);
  if (!outer || !inner || outer->address.bits != inner->bits) return false;
  for (unsigned bit = 0; bit < outer->prefix; bit += 8) {
    const unsigned left = outer->prefix - bit;
    const auto mask = static_cast<unsigned char>(left >= 8 ? 0xFF : 0xFF << (8 - left));
    if (((outer->address.bytes[bit / 8] ^ inner->bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace cloche::iam
