// Keys: tuples of integers, texts and blobs as bytes whose memcmp order is the order of the tuples
// (and SQLite's order of the same columns: integers by value, then texts and blobs bytewise).
//
// The bytes: each column begins with a tag (0x01 integer, 0x02 text, 0x03 blob). An integer follows
// as 8 bytes big-endian with the sign bit flipped. Text and blob bytes follow with 0x00 written
// 0x00 0xFF and 0xFF written 0xFF 0x00, ended by 0x00 0x00. So 0xFF 0xFF can't occur, and stands
// for "after everything that begins like this" at the end of a bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cloche::engine {

class KeyWriter {
 public:
  KeyWriter() = default;
  explicit KeyWriter(std::string reused) : bytes_(std::move(reused)) {
    bytes_.clear();
  }  // Keeps the memory of an old key.

  KeyWriter& integer(std::int64_t value);
  KeyWriter& text(std::string_view value);
  KeyWriter& blob(std::string_view value);

  // For bounds of a scan only, as the last call: the beginning of a text or blob column, not ended.
  KeyWriter& text_prefix(std::string_view value);
  KeyWriter& blob_prefix(std::string_view value);
  // For bounds of a scan only, as the last call: after every key that begins with what was written
  // so far.
  KeyWriter& after();

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Takes a key apart again, column by column in the declared order. The key must have been made by
// KeyWriter with the same columns.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}
  std::int64_t integer();
  std::string text();
  std::string blob();
  bool at_end() const { return rest_.empty(); }

 private:
  std::string string(char tag);
  std::string_view rest_;
};

// A half-open range of key bytes: from <= key < to. An empty `to` is the end of the table.
struct KeyRange {
  std::string from;
  std::string to;

  // All keys that begin with the columns in `prefix`.
  static KeyRange of(const KeyWriter& prefix);
};

}  // namespace cloche::engine
