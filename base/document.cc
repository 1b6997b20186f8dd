#include "base/document.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace cloche {
namespace {

template <class T>
T* grown(Arena& arena, const T* old, std::uint32_t size, std::uint32_t capacity) {
  const auto bigger = arena.array<T>(capacity);
  std::uninitialized_copy_n(old, size, bigger.data());
  return bigger.data();
}

}  // namespace

Value Value::list(std::span<Value> items) {
  Value value(Kind::List);
  value.items_ = items.data();
  value.size_ = value.capacity_ = static_cast<std::uint32_t>(items.size());
  return value;
}

Value Value::map(std::span<Member> members) {
  Value value(Kind::Map);
  value.members_ = members.data();
  value.size_ = value.capacity_ = static_cast<std::uint32_t>(members.size());
  return value;
}

std::optional<std::int64_t> Value::as_integer() const {
  if (is(Kind::Integer)) return integer_;
  if (!is(Kind::Number) && !is(Kind::String)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text_, text_ + size_, value);
  if (error != std::errc() || end != text_ + size_ || size_ == 0) return std::nullopt;
  return value;
}

std::optional<double> Value::as_double() const {
  if (is(Kind::Integer)) return static_cast<double>(integer_);
  if (!is(Kind::Number) && !is(Kind::String)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text_, text_ + size_, value);
  if (error != std::errc() || end != text_ + size_ || size_ == 0) return std::nullopt;
  return value;
}

std::optional<Instant> Value::as_timestamp() const {
  if (!is(Kind::Timestamp)) return std::nullopt;
  return Instant(std::chrono::microseconds(integer_));
}

const Value& Value::find(std::string_view name) const {
  static const Value absent{};
  for (const Member& member : members()) {
    if (member.name == name) return member.value;
  }
  return absent;
}

Value& Value::push(Arena& arena, Value value) {
  CLOCHE_CHECK(is(Kind::List));
  if (size_ == capacity_) {
    capacity_ = std::max<std::uint32_t>(4, capacity_ * 2);
    items_ = grown(arena, items_, size_, capacity_);
  }
  return *std::construct_at(items_ + size_++, value);
}

Value& Value::add(Arena& arena, std::string_view name, Value value) {
  CLOCHE_CHECK(is(Kind::Map));
  if (size_ == capacity_) {
    capacity_ = std::max<std::uint32_t>(8, capacity_ * 2);
    members_ = grown(arena, members_, size_, capacity_);
  }
  return std::construct_at(members_ + size_++, Member{name, value})->value;
}

Value& Value::set(Arena& arena, std::string_view name, Value value) {
  CLOCHE_CHECK(is(Kind::Map));
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (members_[i].name == name) return members_[i].value = value;
  }
  return add(arena, name, value);
}

}  // namespace cloche
