#include "base/json.h"

#include <bitset>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cstring>
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

  Builder(std::string_view source, Arena& arena)
      : source_(source), arena_(arena), values_(waiting_values()) {
    values_.clear();
  }

  Value take() const { return values_.back().value; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return begin(true); }
  bool on_array_begin(error_code&) { return begin(false); }

  bool on_object_end(std::size_t count, error_code&) {
    const auto members = arena_.array<Member>(count);
    const Member* from = values_.data() + values_.size() - count;
    std::uninitialized_copy_n(from, count, members.data());
    values_.resize(values_.size() - count);
    --depth_;
    return push(Value::map(members));
  }

  bool on_array_end(std::size_t count, error_code&) {
    const auto items = arena_.array<Value>(count);
    for (std::size_t i = 0; i < count; ++i)
      std::construct_at(&items[i], values_[values_.size() - count + i].value);
    values_.resize(values_.size() - count);
    --depth_;
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

  // The parser sees to it that kJsonDepthMax is not passed.
  bool begin(bool is_object) {
    in_object_.set(depth_++, is_object);
    return true;
  }

  bool push(Value value) {
    // In an object the name came first and waits for its value as the last of the stack.
    if (depth_ > 0 && in_object_.test(depth_ - 1)) {
      values_.back().value = value;
    } else {
      values_.push_back({{}, value});
    }
    return true;
  }

  // One for all that a thread parses: its room stays.
  static std::vector<Member>& waiting_values() {
    thread_local std::vector<Member> values;
    return values;
  }

  std::string_view source_;
  Arena& arena_;
  std::string partial_;
  std::bitset<kJsonDepthMax + 1> in_object_;
  std::size_t depth_ = 0;
  std::vector<Member>& values_;
};

constexpr char kHexDigits[] = "0123456789abcdef";

// What a JSON string may not hold as it is: quotes, backslashes and control characters (RFC 8259,
// section 7).
bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Whether one of eight bytes may need it. Never wrong about one that does: `word - 0x20...` borrows into the highest bit of a byte that
// was below 0x20, and may do so in the byte behind it too.
bool may_need_escape(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t bytes) { return (bytes - kOnes) & ~bytes & kHigh; };
  return (((word - kOnes * 0x20) & ~word & kHigh) | has_zero(word ^ (kOnes * '"')) |
          has_zero(word ^ (kOnes * '\\'))) != 0;
}

// Where the first of them is, from `at` on; the text's size if there is none.
std::size_t find_escape(std::string_view text, std::size_t at) {
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (may_need_escape(word)) break;
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

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
    return refused(400, "SerializationException", error.message());
  }
  return parser.handler().take();
} catch (const std::exception& exception) {
  return bug(exception.what());
}

void append_json_string(std::string& out, std::string_view text) {
  std::size_t escape = find_escape(text, 0);
  if (escape == text.size()) {
    const std::size_t before = out.size(), after = before + text.size() + 2;
    out.resize_and_overwrite(after, [&](char* all, std::size_t) {
      all[before] = all[after - 1] = '"';
      text.copy(all + before + 1, text.size());
      return after;
    });
    return;
  }
  out += '"';
  for (std::size_t begin = 0;;) {
    out.append(text, begin, escape - begin);
    if (escape == text.size()) break;
    append_escaped(out, text[escape]);
    begin = escape + 1;
    escape = find_escape(text, begin);
  }
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
