#include "engine/key.h"

#include "base/check.h"

namespace cloche::engine {
namespace {

constexpr char kIntegerTag = '\x01';
constexpr char kTextTag = '\x02';
constexpr char kBlobTag = '\x03';
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

void append_escaped(std::string& bytes, std::string_view value) {
  for (const char c : value) {
    bytes.push_back(c);
    if (c == '\x00') bytes.push_back('\xFF');
    if (c == '\xFF') bytes.push_back('\x00');
  }
}

}  // namespace

KeyWriter& KeyWriter::integer(std::int64_t value) {
  const std::uint64_t ordered = static_cast<std::uint64_t>(value) ^ kSignBit;
  bytes_.push_back(kIntegerTag);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes_.push_back(static_cast<char>(static_cast<unsigned char>(ordered >> shift)));
  }
  return *this;
}

KeyWriter& KeyWriter::text(std::string_view value) {
  text_prefix(value);
  bytes_.append(2, '\x00');
  return *this;
}

KeyWriter& KeyWriter::blob(std::string_view value) {
  blob_prefix(value);
  bytes_.append(2, '\x00');
  return *this;
}

KeyWriter& KeyWriter::text_prefix(std::string_view value) {
  bytes_.push_back(kTextTag);
  append_escaped(bytes_, value);
  return *this;
}

KeyWriter& KeyWriter::blob_prefix(std::string_view value) {
  bytes_.push_back(kBlobTag);
  append_escaped(bytes_, value);
  return *this;
}

KeyWriter& KeyWriter::after() {
  bytes_.append(2, '\xFF');
  return *this;
}

std::int64_t KeyReader::integer() {
  CLOCHE_CHECK(rest_.size() >= 9);
  CLOCHE_CHECK(rest_.front() == kIntegerTag);
  std::uint64_t ordered = 0;
  for (std::size_t at = 1; at < 9; ++at) {
    ordered = ordered << 8 | static_cast<unsigned char>(rest_[at]);
  }
  rest_.remove_prefix(9);
  return static_cast<std::int64_t>(ordered ^ kSignBit);
}

std::string KeyReader::text() { return string(kTextTag); }
std::string KeyReader::blob() { return string(kBlobTag); }

std::string KeyReader::string(char tag) {
  CLOCHE_CHECK(!rest_.empty());
  CLOCHE_CHECK(rest_.front() == tag);
  std::string value;
  std::size_t at = 1;
  for (;;) {
    CLOCHE_CHECK(at + 1 < rest_.size());
    const char c = rest_[at];
    if (c == '\x00' && rest_[at + 1] == '\x00') break;
    value.push_back(c);
    at += c == '\x00' || c == '\xFF' ? 2 : 1;
  }
  rest_.remove_prefix(at + 2);
  return value;
}

KeyRange KeyRange::of(const KeyWriter& prefix) {
  KeyWriter end = prefix;
  return {prefix.bytes(), end.after().take()};
}

}  // namespace cloche::engine
