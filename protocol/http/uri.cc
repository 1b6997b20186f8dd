#include "protocol/http/uri.h"

namespace cloche::protocol {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

}  // namespace

std::string_view decode_uri(std::string_view text, Arena& arena, bool plus_is_blank) {
  if (text.find_first_of(plus_is_blank ? "%+" : "%") == std::string_view::npos) return text;
  char* const begin = arena.array<char>(text.size()).data();
  char* to = begin;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        *to++ = static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    *to++ = plus_is_blank && text[i] == '+' ? ' ' : text[i];
  }
  return {begin, static_cast<std::size_t>(to - begin)};
}

void append_encoded(std::string& out, std::string_view text, bool keep_slash) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c) || (keep_slash && c == '/')) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
}

}  // namespace cloche::protocol
