// JSON text to documents and back: Boost.JSON's parser behind a header of ours.
#pragma once

#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"

namespace cloche {

// Twice AWS's nesting of 32 (each DynamoDB level is two of JSON), and some for the frame.
inline constexpr int kJsonDepthMax = 96;

// Parses strict JSON (RFC 8259, UTF-8 checked). Strings without escapes and all numbers refer into
// `text`, which must outlive the document. Numbers keep their text. Refuses with code
// SerializationException and what the parser said.
Result<Value> parse_json(std::string_view text, Arena& arena);

// Appends compact JSON. Bytes are written as base64, a Timestamp as seconds since 1970 with up to
// three decimals.
void append_json(std::string& out, const Value& value);
// Appends a quoted and escaped string.
void append_json_string(std::string& out, std::string_view text);

}  // namespace cloche
