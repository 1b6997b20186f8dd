#include "dynamodb/item/attribute.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

constexpr std::array<std::string_view, 10> kNames = {"S",  "N",  "B",  "BOOL", "NULL",
                                                     "SS", "NS", "BS", "L",    "M"};

// Levels: 1 for a scalar.
int levels_of(const Value& attribute) {
  int deepest = 0;
  const Value& content = content_of(attribute);
  switch (type_of(attribute)) {
    case Type::L:
      for (const Value& element : content.items()) deepest = std::max(deepest, levels_of(element));
      return deepest + 1;
    case Type::M:
      for (const Member& member : content.members())
        deepest = std::max(deepest, levels_of(member.value));
      return deepest + 1;
    default:
      return 1;
  }
}

bool same_set(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a.items(), [&](const Value& x) {
    return std::ranges::any_of(b.items(), [&](const Value& y) { return x.text() == y.text(); });
  });
}

bool same_list(const Value& a, const Value& b) {
  return std::ranges::equal(a.items(), b.items(),
                            [](const Value& x, const Value& y) { return equal(x, y); });
}

bool same_map(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a.members(), [&](const Member& member) {
    const Value& other = b.find(member.name);
    return other.present() && equal(member.value, other);
  });
}

int sign_of(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

std::size_t base64_bytes(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  return text.size() / 4 * 3 - padding;
}

}  // namespace

std::string_view name_of(Type type) { return kNames[static_cast<std::size_t>(type)]; }

std::optional<Type> type_named(std::string_view name) {
  if (name.size() == 1) {
    switch (name[0]) {
      case 'S':
        return Type::S;
      case 'N':
        return Type::N;
      case 'B':
        return Type::B;
      case 'L':
        return Type::L;
      case 'M':
        return Type::M;
      default:
        return std::nullopt;
    }
  }
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Type>(found - kNames.begin());
}

Type type_of(const Value& attribute) { return *type_named(attribute.members()[0].name); }

Value make_attribute(Arena& arena, Type type, Value content) {
  const auto members = arena.array<Member>(1);
  std::construct_at(members.data(), Member{name_of(type), content});
  return Value::map(members);
}

Value make_number(Arena& arena, const Decimal& number) {
  return make_attribute(arena, Type::N, Value::string(arena, number.text()));
}

std::size_t number_bytes(std::string_view text) {
  if (!is_plain_integer(text)) return (*Decimal::parse(text)).size();
  // What Decimal::size counts, without the number: trailing zeros are not stored.
  if (text == "0") return 1;
  const std::size_t digits = text.find_last_not_of('0') + 1;
  const bool split = digits % 2 == 0 && text.size() % 2 == 1;
  return 1 + (digits + 1) / 2 + (split ? 1 : 0);
}

std::size_t attribute_bytes(const Value& attribute) {
  const Value& content = content_of(attribute);
  std::size_t sum = 0;
  switch (type_of(attribute)) {
    case Type::S:
      return content.text().size();
    case Type::N:
      return number_bytes(content.text());
    case Type::B:
      return base64_bytes(content.text());
    case Type::Bool:
    case Type::Null:
      return 1;
    case Type::Ss:
      for (const Value& item : content.items()) sum += item.text().size();
      return sum;
    case Type::Ns:
      for (const Value& item : content.items()) sum += number_bytes(item.text());
      return sum;
    case Type::Bs:
      for (const Value& item : content.items()) sum += base64_bytes(item.text());
      return sum;
    case Type::L:
      for (const Value& item : content.items()) sum += 1 + attribute_bytes(item);
      return 3 + sum;
    case Type::M:
      return 3 + content.size() + item_bytes(content);
  }
  return sum;
}

std::size_t item_bytes(const Value& item) {
  std::size_t sum = 0;
  for (const Member& member : item.members())
    sum += member.name.size() + attribute_bytes(member.value);
  return sum;
}

bool is_nested_too_deep(const Value& item) {
  return std::ranges::any_of(item.members(), [](const Member& member) {
    return levels_of(member.value) > kNestingDepthMax;
  });
}

bool equal(const Value& a, const Value& b) {
  const Type type = type_of(a);
  if (type != type_of(b)) return false;
  const Value& x = content_of(a);
  const Value& y = content_of(b);
  switch (type) {
    case Type::S:
    case Type::N:
    case Type::B:
      return x.text() == y.text();
    case Type::Bool:
      return x.as_bool() == y.as_bool();
    case Type::Null:
      return true;
    case Type::Ss:
    case Type::Ns:
    case Type::Bs:
      return same_set(x, y);
    case Type::L:
      return same_list(x, y);
    case Type::M:
      return same_map(x, y);
  }
  return false;
}

std::optional<int> compare(const Value& a, const Value& b) {
  const Type type = type_of(a);
  if (type != type_of(b)) return std::nullopt;
  const Value& x = content_of(a);
  const Value& y = content_of(b);
  switch (type) {
    case Type::S:
      return sign_of(x.text() <=> y.text());
    case Type::N:
      return sign_of(number_of(x) <=> number_of(y));
    case Type::B:
      return sign_of(decoded(x) <=> decoded(y));
    default:
      return std::nullopt;
  }
}

std::string decoded(const Value& binary_content) {
  std::string bytes;
  CLOCHE_CHECK(from_base64(binary_content.text(), bytes));
  return bytes;
}

Decimal number_of(const Value& number_content) { return *Decimal::parse(number_content.text()); }

}  // namespace cloche::dynamodb
