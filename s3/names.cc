#include "s3/names.h"

#include <algorithm>

#include "base/digest.h"
#include "s3/errors.h"
#include "s3/limits.h"

namespace cloche::s3 {
namespace {

// In ASCII order, so that ids of one length compare as their ranks do.
constexpr std::string_view kDigits64 =
    ".0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
static_assert(kDigits64.size() == 64);
constexpr std::size_t kRankDigits = 11;
constexpr std::size_t kCheckDigits = 4;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool looks_like_ip_address(std::string_view name) {
  int dots = 0;
  for (const char c : name) {
    if (c == '.') {
      ++dots;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return dots == 3;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Tells an id from what is none by chance; malice is not kept away.
std::string check_of(std::string_view id) {
  std::uint32_t sum = crc32c(as_bytes(id));
  std::string digits(kCheckDigits, '.');
  for (char& digit : digits) {
    digit = kIdAlphabet[sum % kIdAlphabet.size()];
    sum /= static_cast<std::uint32_t>(kIdAlphabet.size());
  }
  return digits;
}

}  // namespace

Result<void> check_bucket_name(std::string_view name) {
  const auto refused = [&] { return invalid_bucket_name(name); };
  if (name.size() < 3 || name.size() > 63) return refused();
  if (!is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) return refused();
  const auto allowed = [](char c) { return is_lower_or_digit(c) || c == '.' || c == '-'; };
  if (!std::all_of(name.begin(), name.end(), allowed)) return refused();
  if (name.find("..") != std::string_view::npos || looks_like_ip_address(name)) return refused();
  for (const std::string_view prefix : {"xn--", "sthree-", "amzn-s3-demo-"}) {
    if (name.starts_with(prefix)) return refused();
  }
  for (const std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}) {
    if (name.ends_with(suffix)) return refused();
  }
  return {};
}

Result<void> check_key(std::string_view key) {
  if (key.size() > kKeyBytesMax) return key_too_long(key.size());
  return {};
}

std::string make_version_id(std::int64_t rank, std::string_view random_tail) {
  std::string id(kRankDigits, '.');
  auto rest = static_cast<std::uint64_t>(rank);
  for (std::size_t i = kRankDigits; i-- > 0; rest >>= 6) id[i] = kDigits64[rest & 63];
  id.append(random_tail);
  return id.append(check_of(id));
}

bool is_version_id(std::string_view version_id) {
  std::int64_t rank = 0;
  if (!rank_of_version_id(version_id, rank)) return false;
  const std::size_t size = version_id.size() - kCheckDigits;
  return version_id.substr(size) == check_of(version_id.substr(0, size));
}

bool rank_of_version_id(std::string_view version_id, std::int64_t& rank) {
  if (version_id.size() != kRankDigits + kVersionIdTail + kCheckDigits) return false;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kRankDigits; ++i) {
    const auto digit = kDigits64.find(version_id[i]);
    if (digit == std::string_view::npos) return false;
    value = value << 6 | digit;
  }
  const auto known = [](char c) { return kDigits64.find(c) != std::string_view::npos; };
  if (!std::all_of(version_id.begin() + kRankDigits, version_id.end(), known)) return false;
  rank = static_cast<std::int64_t>(value);
  return rank >= 0;
}

std::string url_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
        std::string_view("-_.*/").contains(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string segment_encoded(std::string_view text) {
  std::string out;
  for (const char c : url_encoded(text)) {
    if (c == '/' || c == '*') {
      out += c == '/' ? "%2F" : "%2A";
    } else if (c == '+') {
      out += "%20";
    } else {
      out += c;
    }
  }
  return out;
}

std::string url_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

}  // namespace cloche::s3
