// A document: what a request's body says and what an answer will say, as a tree of values in an
// arena. Codecs in protocol/ make the input tree and write the output tree; services read and build
// them and know no wire format.
//
// Values are small (24 bytes), are copied freely and own nothing: text and children live in the
// Arena they were made with.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/env.h"

namespace cloche {

struct Member;

class Value {
 public:
  enum class Kind : std::uint8_t {
    Absent,  // No such member.
    Null,    // An explicit null of a json document.
    Bool,
    Integer,  // 64 bits, made by our code.
    Number,   // As written on the wire: its text is kept exactly, since a double would lose digits.
    String,   // UTF-8.
    Bytes,    // A blob member, decoded.
    Timestamp,  // Microseconds since 1970; the codec writes it in the form that the model asks for.
    List,
    Map,  // Structures and maps: members in the order they were added, or stood in the input.
    Raw,  // Text that is already in the wire format (json protocols only): written as it is.
  };

  Value() = default;
  static Value null() { return Value(Kind::Null); }
  static Value boolean(bool value) {
    Value v(Kind::Bool);
    v.integer_ = value;
    return v;
  }
  static Value integer(std::int64_t value) {
    Value v(Kind::Integer);
    v.integer_ = value;
    return v;
  }
  static Value number(std::string_view text) { return Value(Kind::Number, text); }  // Not copied.
  static Value string(std::string_view text) { return Value(Kind::String, text); }  // Not copied.
  static Value string(Arena& arena, std::string_view text) { return string(arena.copy(text)); }
  static Value bytes(std::string_view text) { return Value(Kind::Bytes, text); }  // Not copied.
  static Value raw(std::string_view text) { return Value(Kind::Raw, text); }      // Not copied.
  static Value timestamp(Instant at) {
    Value v(Kind::Timestamp);
    v.integer_ = at.time_since_epoch().count();
    return v;
  }
  static Value list() { return Value(Kind::List); }
  static Value map() { return Value(Kind::Map); }
  static Value list(std::span<Value> items);    // Takes over an array of the arena.
  static Value map(std::span<Member> members);  // Takes over an array of the arena.

  Kind kind() const { return kind_; }
  bool present() const { return kind_ != Kind::Absent && kind_ != Kind::Null; }
  explicit operator bool() const { return present(); }
  bool is(Kind kind) const { return kind_ == kind; }

  // The text of String, Number, Bytes and Raw; empty for all other kinds.
  std::string_view text() const {
    return has_text() ? std::string_view(text_, size_) : std::string_view();
  }
  std::string str() const { return std::string(text()); }
  bool as_bool(bool otherwise = false) const {
    return kind_ == Kind::Bool ? integer_ != 0 : otherwise;
  }
  // An Integer, or a Number or String that is a whole 64-bit number in decimal; else nothing.
  std::optional<std::int64_t> as_integer() const;
  std::int64_t as_integer(std::int64_t otherwise) const { return as_integer().value_or(otherwise); }
  std::optional<double> as_double() const;
  std::optional<Instant> as_timestamp() const;  // Timestamp only: codecs have parsed the others.

  // Lists and maps. find() answers an Absent value where there is none (also on other kinds), so
  // that it can be chained.
  std::size_t size() const { return is(Kind::List) || is(Kind::Map) ? size_ : 0; }
  bool empty() const { return size() == 0; }
  std::span<const Value> items() const;
  std::span<const Member> members() const;
  const Value& find(std::string_view name) const;
  const Value& operator[](std::string_view name) const { return find(name); }

  // Building. push/add grow the array in the arena; add does not look for an earlier member of the
  // name, set does. The name is not copied (literals mostly). The reference stays good until the
  // next push or add on the same value.
  Value& push(Arena& arena, Value value);
  Value& add(Arena& arena, std::string_view name, Value value);
  Value& set(Arena& arena, std::string_view name, Value value);

 private:
  explicit Value(Kind kind) : kind_(kind) {}
  Value(Kind kind, std::string_view text)
      : kind_(kind), size_(static_cast<std::uint32_t>(text.size())), text_(text.data()) {}
  bool has_text() const {
    return kind_ == Kind::String || kind_ == Kind::Number || kind_ == Kind::Bytes ||
           kind_ == Kind::Raw;
  }

  Kind kind_ = Kind::Absent;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  union {
    const char* text_ = nullptr;
    std::int64_t integer_;
    Value* items_;
    Member* members_;
  };
};

struct Member {
  std::string_view name;
  Value value;
};

inline std::span<const Value> Value::items() const {
  return is(Kind::List) ? std::span<const Value>(items_, size_) : std::span<const Value>();
}
inline std::span<const Member> Value::members() const {
  return is(Kind::Map) ? std::span<const Member>(members_, size_) : std::span<const Member>();
}

}  // namespace cloche
