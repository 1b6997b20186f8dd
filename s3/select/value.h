// Values of S3 Select's SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/document.h"
#include "base/env.h"

namespace cloche::s3::select {

struct SqlValue {
  enum class Kind : std::uint8_t { Missing, Null, Bool, Integer, Float, Text, Time, Document };

  Kind kind = Kind::Missing;
  std::int64_t integer = 0;  // Bool: 0 or 1.
  double number = 0;
  std::string text;
  Instant time{};
  Value document;  // A list or an object of a JSON record; lives as long as the record.

  static SqlValue null() { return of(Kind::Null); }
  static SqlValue boolean(bool value) {
    SqlValue v = of(Kind::Bool);
    v.integer = value;
    return v;
  }
  static SqlValue of_integer(std::int64_t value) {
    SqlValue v = of(Kind::Integer);
    v.integer = value;
    return v;
  }
  static SqlValue of_number(double value) {
    SqlValue v = of(Kind::Float);
    v.number = value;
    return v;
  }
  static SqlValue of_text(std::string value) {
    SqlValue v = of(Kind::Text);
    v.text = std::move(value);
    return v;
  }
  static SqlValue of_time(Instant value) {
    SqlValue v = of(Kind::Time);
    v.time = value;
    return v;
  }
  static SqlValue of_json(const Value& value);

  bool absent() const { return kind == Kind::Missing || kind == Kind::Null; }
  bool is_true() const { return kind == Kind::Bool && integer != 0; }
  bool numeric() const { return kind == Kind::Integer || kind == Kind::Float; }

  // As a number, also of a text that is one; nothing else.
  std::optional<SqlValue> as_number() const;
  double as_double() const { return kind == Kind::Integer ? static_cast<double>(integer) : number; }
  // As it is written into CSV.
  std::string to_text() const;
  // Appends JSON. Missing must not come here.
  void append_json(std::string& out) const;

 private:
  static SqlValue of(Kind kind) {
    SqlValue v;
    v.kind = kind;
    return v;
  }
};

// Less than, equal to or greater than 0; nothing where the two can't be compared. A number and a
// text that is one compare as numbers: CSV has only texts.
std::optional<int> compare(const SqlValue& a, const SqlValue& b);

}  // namespace cloche::s3::select
