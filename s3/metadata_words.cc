#include "s3/metadata_words.h"

#include <algorithm>
#include <cstdint>

#include "base/digest.h"
#include "base/utf8.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kBegin = "=?UTF-8?";
constexpr std::string_view kEnd = "?=";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_plain(char c) { return (c >= 0x20 && c < 0x7F) || c == '\t'; }

// As S3 reads it: a character that is none of base64 counts as all ones.
std::string lenient_base64(std::string_view text) {
  std::string bytes;
  while (text.size() >= 4) {
    std::uint32_t bits = 0;
    for (const char c : text.substr(0, 4)) {
      const auto digit = kBase64.find(c);
      bits =
          bits << 6 | (digit == std::string_view::npos ? 63u : static_cast<std::uint32_t>(digit));
    }
    const std::size_t padding = text.size() == 4 ? text.ends_with("==")  ? 2
                                                   : text.ends_with('=') ? 1
                                                                         : 0
                                                 : 0;
    for (std::size_t i = 0; i < 3 - padding; ++i)
      bytes += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
    text.remove_prefix(4);
  }
  return bytes;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string decode_q(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '=' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      bytes += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      bytes += text[i] == '_' ? ' ' : text[i];
    }
  }
  return bytes;
}

std::string replaced(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t size = utf8_character_at(bytes);
    text += size == 0 ? kReplacement : bytes.substr(0, size);
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return text;
}

std::string encode_q(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c == ' ') {
      out += '_';
    } else if (is_plain(c) && c != '\t' && c != '=' && c != '_' && c != '?') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '=';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace

std::string decode_metadata(std::string_view value) {
  if (!is_utf8(value)) return utf8_from_latin1(value);
  if (!value.starts_with(kBegin) || !value.ends_with(kEnd) || value.size() < kBegin.size() + 4)
    return std::string(value);
  const std::string_view form = value.substr(kBegin.size(), 2);
  const std::string_view word =
      value.substr(kBegin.size() + 2, value.size() - kBegin.size() - 2 - kEnd.size());
  if (form == "B?" || form == "b?") return replaced(lenient_base64(word));
  if (form == "Q?" || form == "q?") return replaced(decode_q(word));
  return std::string(value);
}

std::string encode_metadata(std::string_view text) {
  std::size_t plain = 0, others = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t size = std::max<std::size_t>(utf8_character_at(rest), 1);
    ++(size == 1 && is_plain(rest.front()) ? plain : others);
    rest.remove_prefix(size);
  }
  if (others == 0) return std::string(text);
  const bool q = plain > others;
  return std::string(kBegin) + (q ? "Q?" + encode_q(text) : "B?" + to_base64(as_bytes(text))) +
         std::string(kEnd);
}

}  // namespace cloche::s3
