// UTF-8 and Latin-1 (ISO 8859-1): what the bytes of HTTP mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cloche {

// The length of the UTF-8 character that `text`, which is not empty, begins with; 0 if it begins with none.
// Strict: no overlong forms, no surrogates, nothing above U+10FFFF (RFC 3629).
std::size_t utf8_character_at(std::string_view text);
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);

// Each byte is a character.
std::string utf8_from_latin1(std::string_view bytes);
// Nothing if `text` is no UTF-8 or has a character above U+00FF. `otherwise` stands for each such character,
// if it is given.
std::optional<std::string> latin1_from_utf8(std::string_view text,
                                            std::optional<char> otherwise = std::nullopt);

}  // namespace cloche
