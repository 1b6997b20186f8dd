#include "s3/select/value.h"

#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/time_text.h"

namespace cloche::s3::select {
namespace {

std::string number_text(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::optional<SqlValue> number_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t integer = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (error == std::errc() && end == text.data() + text.size())
    return SqlValue::of_integer(integer);
  double number = 0;
  auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || stop != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return SqlValue::of_number(number);
}

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

SqlValue SqlValue::of_json(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::Absent:
      return {};
    case Value::Kind::Null:
      return null();
    case Value::Kind::Bool:
      return boolean(value.as_bool());
    case Value::Kind::Number:
      return number_of(value.text()).value_or(null());
    case Value::Kind::String:
      return of_text(value.str());
    default: {
      SqlValue v;
      v.kind = Kind::Document;
      v.document = value;
      return v;
    }
  }
}

std::optional<SqlValue> SqlValue::as_number() const {
  if (numeric()) return *this;
  return kind == Kind::Text ? number_of(text) : std::nullopt;
}

std::string SqlValue::to_text() const {
  switch (kind) {
    case Kind::Missing:
    case Kind::Null:
      return {};
    case Kind::Bool:
      return integer != 0 ? "true" : "false";
    case Kind::Integer:
      return std::to_string(integer);
    case Kind::Float:
      return number_text(number);
    case Kind::Text:
      return text;
    case Kind::Time:
      return iso8601(time);
    case Kind::Document: {
      std::string out;
      cloche::append_json(out, document);
      return out;
    }
  }
  return {};
}

void SqlValue::append_json(std::string& out) const {
  switch (kind) {
    case Kind::Missing:
    case Kind::Null:
      out += "null";
      return;
    case Kind::Text:
    case Kind::Time:
      append_json_string(out, to_text());
      return;
    default:
      out += to_text();
  }
}

std::optional<int> compare(const SqlValue& a, const SqlValue& b) {
  if (a.absent() || b.absent()) return std::nullopt;
  if (a.numeric() || b.numeric()) {
    const auto one = a.as_number();
    const auto other = b.as_number();
    if (!one || !other) return std::nullopt;
    if (one->kind == SqlValue::Kind::Integer && other->kind == SqlValue::Kind::Integer)
      return order(one->integer, other->integer);
    return order(one->as_double(), other->as_double());
  }
  if (a.kind != b.kind) return std::nullopt;
  switch (a.kind) {
    case SqlValue::Kind::Bool:
      return order(a.integer, b.integer);
    case SqlValue::Kind::Text:
      return order(a.text, b.text);
    case SqlValue::Kind::Time:
      return order(a.time, b.time);
    default:
      return std::nullopt;
  }
}

}  // namespace cloche::s3::select
