// Key bytes and bounds of scans (key.h) as the column values that SQLite compares.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/schema.h"

namespace cloche::engine::sqlite {

// More would be a table that wants to be two.
inline constexpr std::size_t kKeyColumnsMax = 8;

// Keys and bounds taken apart. Reused, so that its strings keep their memory.
class KeyColumns {
 public:
  struct Column {
    ColumnType type = ColumnType::Integer;
    std::int64_t integer = 0;
    std::string_view bytes;  // Of the parsed key where it needs no unescaping, else of storage_.
  };

  // `key` must outlive the use of the columns. What follows no column is left out (a caller's
  // mistake that KeyWriter rules out).
  void parse(std::string_view key);

  std::size_t count() const { return count_; }  // Partial column included.
  const Column& column(std::size_t index) const { return columns_[index]; }
  bool partial() const { return partial_; }  // The last column is a beginning only.
  bool after() const { return after_; }      // "After everything that begins so".

 private:
  friend struct Limit;

  std::array<Column, kKeyColumnsMax> columns_;
  std::array<std::string, kKeyColumnsMax> storage_;
  std::size_t count_ = 0;
  bool partial_ = false;
  bool after_ = false;
};

// One end of a scan as a comparison of the first `columns` key columns with a row of values.
struct Limit {
  enum class Kind : std::uint8_t { All, None, Compare };
  Kind kind = Kind::All;
  std::size_t columns = 0;
  bool inclusive = false;

  // All keys at or after `bound`; may replace the last value of `values` by the one to compare
  // with.
  static Limit from(KeyColumns& values, std::string_view bound);
  // All keys before `bound`; an empty bound is the end of the table.
  static Limit before(KeyColumns& values, std::string_view bound);
  // All keys at or before `bound`, in a table with `key_columns` columns.
  static Limit up_to(KeyColumns& values, std::string_view bound, std::size_t key_columns);

 private:
  // Replaces the partial last value by the least one that does not begin like it. False if there is
  // none.
  static bool to_successor(KeyColumns& values);
};

}  // namespace cloche::engine::sqlite
