#include "base/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <vector>

#include "base/digest.h"

namespace cloche {
namespace {

// Receives the parser's events and builds the tree bottom-up: children wait on a stack until their
// parent ends, and are then moved into an array of exactly their number.
class Builder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  using error_code = boost::json::error_code;
  using text_view = boost::json::string_view;

  Builder(std::string_view source, Arena& arena) : source_(source), arena_(arena) {}

  Value take() const { return values_.back().value; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return in_object_.push_back(true), true; }
  bool on_array_begin(error_code&) { return in_object_.push_back(false), true; }

  bool on_object_end(std::size_t count, error_code&) {
    const auto members = arena_.array<Member>(count);
    const Member* from = values_.data() + values_.size() - count;
    std::uninitialized_copy_n(from, count, members.data());
    values_.resize(values_.size() - count);
    in_object_.pop_back();
    return push(Value::map(members));
  }

  bool on_array_end(std::size_t count, error_code&) {
    const auto items = arena_.array<Value>(count);
    for (std::size_t i = 0; i < count; ++i)
      std::construct_at(&items[i], values_[values_.size() - count + i].value);
    values_.resize(values_.size() - count);
    in_object_.pop_back();
    return push(Value::list(items));
  }

  bool on_key_part(text_view part, std::size_t, error_code&) {
    return partial_.append(part.data(), part.size()), true;
  }
  bool on_key(text_view part, std::size_t, error_code&) {
    values_.push_back({whole(part), Value()});
    return true;
  }
  bool on_string_part(text_view part, std::size_t, error_code&) {
    return partial_.append(part.data(), part.size()), true;
  }
  bool on_string(text_view part, std::size_t, error_code&) {
    return push(Value::string(whole(part)));
  }
  bool on_number_part(text_view part, error_code&) {
    return partial_.append(part.data(), part.size()), true;
  }
  bool on_int64(std::int64_t, text_view part, error_code&) {
    return push(Value::number(whole(part)));
  }
  bool on_uint64(std::uint64_t, text_view part, error_code&) {
    return push(Value::number(whole(part)));
  }
  bool on_double(double, text_view part, error_code&) { return push(Value::number(whole(part))); }
  bool on_bool(bool value, error_code&) { return push(Value::boolean(value)); }
  bool on_null(error_code&) { return push(Value::null()); }
  bool on_comment_part(text_view, error_code&) { return true; }
  bool on_comment(text_view, error_code&) { return true; }

 private:
  // The text as a view of the source where it stands there unchanged, else a copy in the arena.
  std::string_view whole(text_view last) {
    const std::string_view part(last.data(), last.size());
    if (!partial_.empty()) {
      partial_.append(part);
      const std::string_view copy = arena_.copy(partial_);
      partial_.clear();
      return copy;
    }
    if (part.data() >= source_.data() &&
        part.data() + part.size() <= source_.data() + source_.size())
      return part;
    return arena_.copy(part);
  }

  bool push(Value value) {
    // In an object the name came first and waits for its value as the last of the stack.
    if (!in_object_.empty() && in_object_.back()) {
      values_.back().value = value;
    } else {
      values_.push_back({{}, value});
    }
    return true;
  }

  std::string_view source_;
  Arena& arena_;
  std::string partial_;
  std::vector<bool> in_object_;
  std::vector<Member> values_;
};

constexpr char kHexDigits[] = "0123456789abcdef";

// What a JSON string may not hold as it is: quotes, backslashes and control characters (RFC 8259,
// section 7).
bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out += kHexDigits[static_cast<unsigned char>(c) >> 4];
      out += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
}

void append_integer(std::string& out, std::int64_t value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void append_seconds(std::string& out, std::int64_t microseconds) {
  std::int64_t milliseconds = microseconds / 1000;
  if (microseconds < 0 && microseconds % 1000 != 0) --milliseconds;
  std::int64_t seconds = milliseconds / 1000;
  std::int64_t rest = milliseconds % 1000;
  if (milliseconds < 0) {
    out += '-';
    seconds = -seconds;
    rest = -rest;
  }
  append_integer(out, seconds);
  if (rest == 0) return;
  char decimals[4] = {'.', static_cast<char>('0' + rest / 100),
                      static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
  std::size_t size = 4;
  while (decimals[size - 1] == '0') --size;
  out.append(decimals, size);
}

}  // namespace

Result<Value> parse_json(std::string_view text, Arena& arena) try {
  boost::json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::json::basic_parser<Builder> parser(options, text, arena);
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = boost::json::error::extra_data;
  if (error) {
    return Error{.kind = Error::Kind::Refused,
                 .code = "SerializationException",
                 .message = error.message(),
                 .http_status = 400,
                 .details = {}};
  }
  return parser.handler().take();
} catch (const std::exception& exception) {
  return bug(exception.what());
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text, begin, i - begin);
    append_escaped(out, text[i]);
    begin = i + 1;
  }
  out.append(text, begin);
  out += '"';
}

void append_json(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::Absent:
    case Value::Kind::Null:
      out += "null";
      return;
    case Value::Kind::Bool:
      out += value.as_bool() ? "true" : "false";
      return;
    case Value::Kind::Integer:
      append_integer(out, *value.as_integer());
      return;
    case Value::Kind::Number:
    case Value::Kind::Raw:
      out += value.text();
      return;
    case Value::Kind::String:
      append_json_string(out, value.text());
      return;
    case Value::Kind::Bytes:
      out += '"';
      append_base64(out, as_bytes(value.text()));
      out += '"';
      return;
    case Value::Kind::Timestamp:
      append_seconds(out, value.as_timestamp()->time_since_epoch().count());
      return;
    case Value::Kind::List: {
      out += '[';
      bool first = true;
      for (const Value& item : value.items()) {
        if (!first) out += ',';
        first = false;
        append_json(out, item);
      }
      out += ']';
      return;
    }
    case Value::Kind::Map: {
      out += '{';
      bool first = true;
      for (const Member& member : value.members()) {
        if (member.value.is(Value::Kind::Absent)) continue;
        if (!first) out += ',';
        first = false;
        append_json_string(out, member.name);
        out += ':';
        append_json(out, member.value);
      }
      out += '}';
      return;
    }
  }
}

}  // namespace cloche
