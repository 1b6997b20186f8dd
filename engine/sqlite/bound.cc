#include "engine/sqlite/bound.h"

#include "base/check.h"

namespace cloche::engine::sqlite {
namespace {

constexpr char kInteger = '\x01';
constexpr char kText = '\x02';
constexpr std::string_view kAfter = "\xFF\xFF";
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

std::int64_t integer_at(std::string_view key, std::size_t at) {
  std::uint64_t ordered = 0;
  for (std::size_t i = 0; i < 8; ++i)
    ordered = ordered << 8 | static_cast<unsigned char>(key[at + i]);
  return static_cast<std::int64_t>(ordered ^ kSignBit);
}

}  // namespace

void KeyColumns::parse(std::string_view key) {
  count_ = 0;
  partial_ = after_ = false;
  std::size_t at = 0;
  while (at < key.size()) {
    if (key.substr(at) == kAfter) {
      after_ = true;
      return;
    }
    CLOCHE_CHECK(count_ < kKeyColumnsMax);
    Column& column = columns_[count_];
    const char tag = key[at++];
    if (tag == kInteger) {
      CLOCHE_CHECK(key.size() - at >= 8);
      column = {ColumnType::Integer, integer_at(key, at), {}};
      at += 8;
      ++count_;
      continue;
    }
    column.type = tag == kText ? ColumnType::Text : ColumnType::Blob;
    const std::size_t begin = at;
    bool escaped = false;
    partial_ = true;
    while (at < key.size()) {
      const char c = key[at];
      if (c != '\x00' && c != '\xFF') {
        ++at;
        continue;
      }
      CLOCHE_CHECK(at + 1 < key.size());
      if (c == key[at + 1]) {  // 00 00 ends the column, FF FF the bound.
        (c == '\x00' ? partial_ : after_) = c != '\x00';
        break;
      }
      escaped = true;
      at += 2;
    }
    column.bytes = key.substr(begin, at - begin);
    if (escaped) {
      std::string& plain = storage_[count_];
      plain.clear();
      for (std::size_t i = 0; i < column.bytes.size(); ++i) {
        plain.push_back(column.bytes[i]);
        if (column.bytes[i] == '\x00' || column.bytes[i] == '\xFF') ++i;
      }
      column.bytes = plain;
    }
    ++count_;
    if (partial_) return;
    at += 2;
  }
}

bool Limit::to_successor(KeyColumns& values) {
  KeyColumns::Column& last = values.columns_[values.count_ - 1];
  std::string& next = values.storage_[values.count_ - 1];
  next = std::string(last.bytes);
  while (!next.empty() && next.back() == '\xFF') next.pop_back();
  if (next.empty()) return false;
  next.back() = static_cast<char>(static_cast<unsigned char>(next.back()) + 1);
  last.bytes = next;
  return true;
}

Limit Limit::from(KeyColumns& values, std::string_view bound) {
  values.parse(bound);
  const std::size_t count = values.count();
  if (!values.after()) {
    if (count == 0) return {Kind::All};
    return {Kind::Compare, count, true};
  }
  if (values.partial() && to_successor(values)) return {Kind::Compare, count, true};
  const std::size_t whole = values.partial() ? count - 1 : count;
  if (whole == 0) return {Kind::None};
  return {Kind::Compare, whole, false};
}

Limit Limit::before(KeyColumns& values, std::string_view bound) {
  if (bound.empty()) return {Kind::All};
  values.parse(bound);
  const std::size_t count = values.count();
  if (!values.after()) return {Kind::Compare, count, false};
  if (values.partial() && to_successor(values)) return {Kind::Compare, count, false};
  const std::size_t whole = values.partial() ? count - 1 : count;
  if (whole == 0) return {Kind::All};
  return {Kind::Compare, whole, true};
}

Limit Limit::up_to(KeyColumns& values, std::string_view bound, std::size_t key_columns) {
  if (bound.empty()) return {Kind::None};
  Limit limit = before(values, bound);
  const bool whole_key = !values.after() && !values.partial() && values.count() == key_columns;
  if (whole_key) limit.inclusive = true;
  return limit;
}

}  // namespace cloche::engine::sqlite
