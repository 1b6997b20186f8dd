#include "base/utf8.h"

#include <algorithm>

namespace cloche {

std::size_t utf8_character_at(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first < 0xE0   ? 2
                           : first >= 0xE0 && first < 0xF0 ? 3
                           : first >= 0xF0 && first < 0xF5 ? 4
                                                           : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;   // Overlong.
  if (first == 0xED && second >= 0xA0) return 0;  // Surrogates.
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second >= 0x90) return 0;
  return size;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = utf8_character_at(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string utf8_from_latin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::optional<std::string> latin1_from_utf8(std::string_view text, std::optional<char> otherwise) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = utf8_character_at(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (size == 1) {
      bytes += text.front();
    } else if (size == 2 && first < 0xC4) {
      bytes += static_cast<char>((first & 3) << 6 | (static_cast<unsigned char>(text[1]) & 0x3F));
    } else if (otherwise) {
      bytes += *otherwise;
    } else {
      return std::nullopt;
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return bytes;
}

}  // namespace cloche
