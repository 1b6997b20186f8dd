// User metadata beyond US-ASCII, which headers can't carry: S3 takes and gives it as encoded words (RFC
// 2047). Source: "Working with object metadata"; forms from recordings of AWS, 2026-02.
#pragma once

#include <string>
#include <string_view>

namespace cloche::s3 {

// The text that a header's value stands for: an encoded word of UTF-8 is decoded, anything else is itself. Bytes
// that are no UTF-8 are Latin-1, as headers are.
std::string decode_metadata(std::string_view value);

// The value as a header shows it: itself if it is printable US-ASCII, else one encoded word, in Q where
// most of its characters are such and in B elsewhere.
std::string encode_metadata(std::string_view text);

}  // namespace cloche::s3
