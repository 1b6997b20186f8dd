// Range requests (RFC 9110, section 14) as S3 takes them: one range of bytes; what it can't read it
// ignores.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace cloche::s3 {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

// Nothing if the header is absent or not one plain range (then all is sent); InvalidRange if it
// lies outside.
Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size);

// x-amz-copy-source-range, which must be bytes=first-last and lie within the source.
Result<ByteRange> parse_copy_range(std::string_view header, std::uint64_t size);

}  // namespace cloche::s3
