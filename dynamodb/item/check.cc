// The one door through which attribute values come in.
#include <algorithm>
#include <string>
#include <vector>

#include "dynamodb/errors.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

Error empty_attribute() {
  return validation(
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
}

Error several_types() {
  return validation(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
      "supported datatypes");
}

// What the service's deserializer says of a JSON value that stands where `wanted` ("String",
// "Boolean") should.
Error not_a_scalar(const Value& value, std::string_view wanted) {
  const std::string type(wanted);
  switch (value.kind()) {
    case Value::Kind::Bool:
      return serialization((value.as_bool() ? "TRUE_VALUE cannot be converted to "
                                            : "FALSE_VALUE cannot be converted to ") +
                           type);
    case Value::Kind::String:
      return serialization("STRING_VALUE cannot be converted to " + type);
    case Value::Kind::List:
      return serialization("Unrecognized collection type class java.lang." + type);
    case Value::Kind::Map:
      return serialization("Start of structure or map found where not expected");
    default:
      break;
  }
  const bool whole = value.text().find_first_of(".eE") == std::string_view::npos;
  return serialization(
      (whole ? "NUMBER_VALUE cannot be converted to " : "DECIMAL_VALUE cannot be converted to ") +
      type);
}

Error not_a_blob(const Value& value) {
  if (value.is(Value::Kind::List))
    return serialization("Unrecognized collection type class java.nio.ByteBuffer");
  if (value.is(Value::Kind::Map))
    return serialization("Start of structure or map found where not expected");
  return serialization("only base-64-encoded strings are convertible to bytes");
}

Error not_a_list(const Value& value) {
  return serialization(value.is(Value::Kind::Map)
                           ? "Start of structure or map found where not expected"
                           : "Unexpected field type");
}

Error not_a_map(const Value& value) {
  if (!value.is(Value::Kind::List)) return serialization("Unexpected field type");
  return serialization(
      "Unrecognized collection type java.util.Map<java.lang.String, "
      "com.amazonaws.dynamodb.v20120810.AttributeValue>");
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Strict and canonical: the bits that the last digit leaves over are zero, so that equal bytes have
// equal texts.
Result<std::size_t> check_base64(const Value& value) {
  if (!value.is(Value::Kind::String)) return not_a_blob(value);
  const std::string_view text = value.text();
  if (text.size() % 4 != 0) {
    return serialization("Base64 encoded length is expected a multiple of 4 bytes but found: " +
                         std::to_string(text.size()));
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  for (const char c : digits) {
    if (c == '=') return serialization("Invalid last non-pad Base64 character dectected");
    if (base64_digit(c) < 0)
      return serialization("Invalid Base64 character: '" + std::string(1, c) + "'");
  }
  const int left_over = padding == 2 ? 15 : padding == 1 ? 3 : 0;
  if (!digits.empty() && (base64_digit(digits.back()) & left_over) != 0) {
    return serialization("Invalid last non-pad Base64 character dectected");
  }
  return text.size() / 4 * 3 - padding;
}

// "[a, b]", as the service prints a collection.
std::string listed(const Value& list) {
  std::string out = "[";
  for (const Value& item : list.items()) {
    if (out.size() > 1) out += ", ";
    out += item.text();
  }
  return out + "]";
}

bool has_duplicates(const Value& set) {
  if (set.size() < 2) return false;
  std::vector<std::string_view> texts;
  texts.reserve(set.size());
  for (const Value& item : set.items()) texts.push_back(item.text());
  std::ranges::sort(texts);
  return std::ranges::adjacent_find(texts) != texts.end();
}

// Walks a value once: checks it, sizes it, and rebuilds only what has to change.
class Checker {
 public:
  explicit Checker(Arena& arena) : arena_(arena) {}

  // Fills `out` and adds to `bytes`.
  Result<void> item(const Value& in, Value& out, std::size_t& bytes, int depth) {
    out = in;
    const auto members = in.members();
    std::span<Member> rebuilt;
    for (std::size_t i = 0; i < members.size(); ++i) {
      Value checked;
      CLOCHE_TRY_VOID(attribute(members[i].value, checked, bytes, depth));
      bytes += members[i].name.size();
      if (rebuilt.empty()) {
        if (same(checked, members[i].value)) continue;
        rebuilt = arena_.array<Member>(members.size());
        std::uninitialized_copy_n(members.data(), members.size(), rebuilt.data());
      }
      rebuilt[i].value = checked;
    }
    if (!rebuilt.empty()) out = Value::map(rebuilt);
    return {};
  }

  // `depth` is that of the lists and maps around it.
  Result<void> attribute(const Value& in, Value& out, std::size_t& bytes, int depth) {
    if (depth >= kNestingDepthMax) return nesting_too_deep();
    if (!in.is(Value::Kind::Map)) {
      if (in.is(Value::Kind::List)) {
        return serialization(
            "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue");
      }
      return in.present() ? serialization("Unexpected value type in payload") : empty_attribute();
    }
    out = in;
    // All that are set are looked at before it is said that there are too many.
    const Member* only = nullptr;
    std::size_t set = 0;
    Value checked;
    for (const Member& member : in.members()) {
      const auto type = type_named(member.name);
      if (!member.value.present() || !type) continue;
      only = &member;
      ++set;
      checked = member.value;
      CLOCHE_TRY_VOID(content(*type, member.value, checked, bytes, depth));
    }
    if (only == nullptr) return empty_attribute();
    if (set > 1) return several_types();
    if (in.size() != 1 || !same(checked, only->value))
      out = make_attribute(arena_, *type_named(only->name), checked);
    return {};
  }

 private:
  // Whether two small values are the same object, not merely equal.
  static bool same(const Value& a, const Value& b) {
    if (a.kind() != b.kind()) return false;
    if (a.is(Value::Kind::Map)) return a.members().data() == b.members().data();
    if (a.is(Value::Kind::List)) return a.items().data() == b.items().data();
    return a.text().data() == b.text().data() && a.as_bool() == b.as_bool();
  }

  Result<void> content(Type type, const Value& in, Value& out, std::size_t& bytes, int depth) {
    switch (type) {
      case Type::S:
        if (!in.is(Value::Kind::String)) return not_a_scalar(in, "String");
        bytes += in.text().size();
        return {};
      case Type::N:
        return number(in, out, bytes);
      case Type::B: {
        CLOCHE_TRY(const size, check_base64(in));
        bytes += size;
        return {};
      }
      case Type::Bool:
        return boolean(in, out, bytes);
      case Type::Null:
        CLOCHE_TRY_VOID(boolean(in, out, bytes));
        if (!out.as_bool())
          return invalid_value("Null attribute value types must have the value of true");
        return {};
      case Type::Ss:
        return string_set(in, bytes);
      case Type::Ns:
        return number_set(in, out, bytes);
      case Type::Bs:
        return binary_set(in, bytes);
      case Type::L:
        return list(in, out, bytes, depth);
      case Type::M:
        if (!in.is(Value::Kind::Map)) return not_a_map(in);
        bytes += 3 + in.size();
        return item(in, out, bytes, depth + 1);
    }
    return {};
  }

  Result<void> number(const Value& in, Value& out, std::size_t& bytes) {
    if (!in.is(Value::Kind::String)) return not_a_scalar(in, "String");
    if (!is_plain_integer(in.text())) {
      CLOCHE_TRY(const parsed, Decimal::parse(in.text()));
      bytes += parsed.size();
      const std::string text = parsed.text();
      if (text != in.text()) out = Value::string(arena_, text);
      return {};
    }
    bytes += number_bytes(in.text());
    return {};
  }

  // The deserializer takes some strings for booleans as well.
  Result<void> boolean(const Value& in, Value& out, std::size_t& bytes) {
    bytes += 1;
    if (in.is(Value::Kind::Bool)) return {};
    if (!in.is(Value::Kind::String)) return not_a_scalar(in, "Boolean");
    std::string upper = in.str();
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const bool yes = upper == "TRUE" || upper == "1" || upper == "YES";
    if (!yes && upper != "FALSE" && upper != "0" && upper != "NO")
      return serialization("Unexpected token received from parser");
    out = Value::boolean(yes);
    return {};
  }

  Result<void> string_set(const Value& in, std::size_t& bytes) {
    if (!in.is(Value::Kind::List)) return not_a_list(in);
    for (const Value& member : in.items()) {
      if (!member.is(Value::Kind::String)) return not_a_scalar(member, "String");
      bytes += member.text().size();
    }
    if (in.empty()) return invalid_value("An string set  may not be empty");
    if (has_duplicates(in))
      return invalid_value("Input collection " + listed(in) + " contains duplicates.");
    return {};
  }

  Result<void> number_set(const Value& in, Value& out, std::size_t& bytes) {
    if (!in.is(Value::Kind::List)) return not_a_list(in);
    if (in.empty()) return invalid_value("An number set  may not be empty");
    const auto rebuilt = arena_.array<Value>(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) {
      std::construct_at(&rebuilt[i], in.items()[i]);
      CLOCHE_TRY_VOID(number(in.items()[i], rebuilt[i], bytes));
    }
    out = Value::list(rebuilt);
    if (has_duplicates(out)) return validation("Input collection contains duplicates");
    return {};
  }

  Result<void> binary_set(const Value& in, std::size_t& bytes) {
    if (!in.is(Value::Kind::List)) return not_a_list(in);
    for (const Value& member : in.items()) {
      CLOCHE_TRY(const size, check_base64(member));
      bytes += size;
    }
    if (in.empty()) return invalid_value("Binary sets should not be empty");
    if (has_duplicates(in))
      return invalid_value("Input collection " + listed(in) + "of type BS contains duplicates.");
    return {};
  }

  Result<void> list(const Value& in, Value& out, std::size_t& bytes, int depth) {
    if (!in.is(Value::Kind::List)) return not_a_list(in);
    bytes += 3 + in.size();
    const auto rebuilt = arena_.array<Value>(in.size());
    bool changed = false;
    for (std::size_t i = 0; i < in.size(); ++i) {
      std::construct_at(&rebuilt[i]);
      CLOCHE_TRY_VOID(attribute(in.items()[i], rebuilt[i], bytes, depth + 1));
      changed = changed || !same(rebuilt[i], in.items()[i]);
    }
    if (changed) out = Value::list(rebuilt);
    return {};
  }

  Arena& arena_;
};

}  // namespace

Result<CheckedValue> check_attribute(const Value& attribute, Arena& arena) {
  CheckedValue checked;
  CLOCHE_TRY_VOID(Checker(arena).attribute(attribute, checked.value, checked.bytes, 0));
  return checked;
}

Result<CheckedValue> check_item(const Value& item, Arena& arena) {
  if (!item.is(Value::Kind::Map)) return not_a_map(item);
  for (const Member& member : item.members()) {
    if (member.name.empty()) return validation("Empty attribute name");
  }
  CheckedValue checked;
  CLOCHE_TRY_VOID(Checker(arena).item(item, checked.value, checked.bytes, 0));
  return checked;
}

}  // namespace cloche::dynamodb
