#include "s3/ranges.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "s3/errors.h"

namespace cloche::s3 {
namespace {

// A decimal number; nothing for anything else (signs and blanks included) or beyond 64 bits.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// "bytes=a-b" in its two halves; nothing if it is not of that form.
std::optional<std::pair<std::string_view, std::string_view>> halves(std::string_view header) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  return std::pair(header.substr(0, dash), header.substr(dash + 1));
}

}  // namespace

Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size) {
  const auto all = std::optional<ByteRange>();
  const auto both = halves(header);
  if (!both) return all;
  const auto& [from, to] = *both;
  const auto first = number(from);
  const auto last = number(to);
  if (from.empty()) {
    if (!last) return all;
    if (*last == 0 || size == 0) return invalid_range(header, size);
    const std::uint64_t length = std::min(*last, size);
    return std::optional(ByteRange{.first = size - length, .length = length});
  }
  if (!first || (!last && !to.empty()) || (last && *last < *first)) return all;
  if (*first >= size) return invalid_range(header, size);
  const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return std::optional(ByteRange{.first = *first, .length = end - *first + 1});
}

Result<ByteRange> parse_copy_range(std::string_view header, std::uint64_t size) {
  const auto both = halves(header);
  const auto first = both ? number(both->first) : std::nullopt;
  const auto last = both ? number(both->second) : std::nullopt;
  if (!first || !last || *last < *first) {
    return invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of "
        "the first and last bytes to copy",
        "x-amz-copy-source-range", header);
  }
  if (*first >= size)
    return invalid_request("The specified copy range is invalid for the source object size");
  if (*last >= size) {
    return invalid_argument(
        "Range specified is not valid for source object of size: " + std::to_string(size),
        "x-amz-copy-source-range", header);
  }
  return ByteRange{.first = *first, .length = *last - *first + 1};
}

}  // namespace cloche::s3
