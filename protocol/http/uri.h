// Percent-encoding, as paths, queries and signatures need it.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"

namespace cloche::protocol {

// Decodes %xx; a broken escape stays as it is. In queries '+' is a blank. Without escapes the text
// itself is handed back.
std::string_view decode_uri(std::string_view text, Arena& arena, bool plus_is_blank = false);

// RFC 3986's unreserved characters stay, all others become %XX; '/' stays where `keep_slash`.
void append_encoded(std::string& out, std::string_view text, bool keep_slash = false);

}  // namespace cloche::protocol
