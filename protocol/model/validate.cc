#include "protocol/model/validate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/digest.h"
#include "base/time_text.h"
#include "protocol/model/dynamodb_words.h"

namespace cloche::protocol {
namespace {

using namespace std::string_view_literals;

// AWS stops counting there. Source: answers of DynamoDB to CreateTable with many faults
// (architect/dynalite, createTable.js).
constexpr int kErrorsMax = 10;

// Where in the document the walk is; lives on the stack, and is only read when something is wrong.
struct Spot {
  const Spot* above;
  std::string_view name;
  std::size_t index = 0;  // From 1 for an item of a list.
  bool is_key = false;    // A map's key stands as it is.
};

void append_path(std::string& out, const Spot& spot) {
  if (spot.above != nullptr) {
    append_path(out, *spot.above);
    if (!out.empty()) out += '.';
  }
  if (spot.index != 0) {
    out += std::to_string(spot.index);
    out += ".member";
  } else if (!spot.name.empty()) {
    // Names begin with a small letter in these texts, whatever they begin with in the model.
    out += spot.name;
    char& first = out[out.size() - spot.name.size()];
    if (!spot.is_key && first >= 'A' && first <= 'Z') first = static_cast<char>(first + 32);
  }
}

// Of another kind than the model says. Such a request is refused as one that can't be read, once the
// walk comes to it.
bool fits(const Value& value, const Shape& shape) {
  if (value.is(Value::Kind::List)) return shape.type == Type::List;
  return !value.is(Value::Kind::Map) || shape.type == Type::Map || shape.type == Type::Structure;
}

// A value as Java prints it.
void append_value(std::string& out, const Value& value, const Shape& shape) {
  if (!fits(value, shape)) return;
  switch (value.kind()) {
    case Value::Kind::List: {
      out += '[';
      bool first = true;
      for (const Value& item : value.items()) {
        if (!first) out += ", ";
        first = false;
        append_value(out, item, *shape.item.shape);
      }
      out += ']';
      return;
    }
    case Value::Kind::Map: {
      const bool structure = shape.type == Type::Structure;
      if (structure) out += shape.name;
      out += structure ? '(' : '{';
      bool first = true;
      for (const Member& entry : value.members()) {
        const ShapeMember* member = structure ? shape.find(entry.name) : &shape.item;
        if (member == nullptr) continue;
        if (!first) out += ", ";
        first = false;
        out += entry.name;
        char& initial = out[out.size() - entry.name.size()];
        if (structure && initial >= 'A' && initial <= 'Z')
          initial = static_cast<char>(initial + 32);
        out += '=';
        append_value(out, entry.value, *member->shape);
      }
      out += structure ? ')' : '}';
      return;
    }
    case Value::Kind::Integer:
      out += std::to_string(*value.as_integer());
      return;
    case Value::Kind::Bool:
      out += value.as_bool() ? "true" : "false";
      return;
    case Value::Kind::Timestamp:
      out += iso8601_milliseconds(*value.as_timestamp());
      return;
    case Value::Kind::Bytes:
      out += "java.nio.HeapByteBuffer[pos=0 lim=" + std::to_string(value.text().size()) +
             " cap=" + std::to_string(value.text().size()) + "]";
      return;
    case Value::Kind::Absent:
    case Value::Kind::Null:
      out += "null";
      return;
    default:
      out += value.text();
      return;
  }
}

// Characters of UTF-8 text.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string number_text(double number) {
  if (number == std::floor(number) && std::abs(number) < 1e18)
    return std::to_string(static_cast<std::int64_t>(number));
  return std::to_string(number);
}

bool is_decimal(std::string_view number) {
  return number.find_first_of(".eE") != std::string_view::npos;
}

// The name that the parser of AWS's framework gives to a token. Source as above.
std::string token_name(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::Bool:
      return value.as_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
    case Value::Kind::Number:
      return is_decimal(value.text()) ? "DECIMAL_VALUE" : "NUMBER_VALUE";
    default:
      return "STRING_VALUE";
  }
}

std::string java_name(const Model& model, const Shape& shape) {
  switch (shape.type) {
    case Type::String:
      return "java.lang.String";
    case Type::Integer:
      return "java.lang.Integer";
    case Type::Long:
      return "java.lang.Long";
    case Type::Float:
      return "java.lang.Float";
    case Type::Double:
      return "java.lang.Double";
    case Type::Boolean:
      return "java.lang.Boolean";
    case Type::Blob:
      return "java.nio.ByteBuffer";
    case Type::Timestamp:
      return "java.util.Date";
    case Type::Map:
      return "java.util.Map<java.lang.String, " + java_name(model, *shape.item.shape) + ">";
    case Type::List:
      return "java.util.List<" + java_name(model, *shape.item.shape) + ">";
    case Type::Structure: {
      std::string version(model.api_version);
      std::erase(version, '-');
      return "com.amazonaws." + std::string(model.signing_name) + ".v" + version + "." +
             std::string(shape.name);
    }
  }
  return {};
}

// What the service's Java says where a list or map inside of another one is no collection at all.
constexpr std::string_view kParameterizedType =
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class "
    "java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
    "java.lang.Class are in module java.base of loader 'bootstrap')";

class Walk {
 public:
  Walk(const Model& model, Arena& arena, bool convert)
      : model_(model),
        arena_(arena),
        convert_(convert),
        dynamodb_(model.signing_name == "dynamodb") {}

  Result<void> run(Value& input, const Shape& shape) {
    const Spot root{nullptr, {}};
    visit(input, shape, root, false);
    // The deserializer comes before all constraints, also where it reads what is left to the service
    // here. Only a request that is refused anyway is looked through for it.
    if (!mismatch_ && count_ > 0 && raw_seen_) {
      look_into_raw(input, shape, false);
    }
    if (mismatch_) return serialization_error(*mismatch_);
    if (count_ == 0) return {};
    if (dynamodb_ && count_ == 1) {
      if (const std::string newer = newer_fault(shape.name, faults_); !newer.empty())
        return validation_error(newer);
    }
    return validation_error(std::to_string(count_) +
                            (count_ == 1 ? " validation error" : " validation errors") +
                            " detected: " + faults_);
  }

 private:
  // Goes through a value and all below it; false stops the walk.
  bool visit(Value& value, const Shape& shape, const Spot& spot, bool in_list) {
    if (shape.raw) return raw_seen_ = convert_, true;
    if (convert_ && !convert(value, shape, in_list)) return false;
    check(value, shape, spot);
    switch (shape.type) {
      case Type::Structure:
        return visit_structure(value, shape, spot);
      case Type::List:
        return visit_list(value, shape, spot);
      case Type::Map:
        return visit_map(value, shape, spot);
      default:
        return true;
    }
  }

  // Reads raw parts as the deserializer would; false at the first that it can't read. Outside of
  // them all has been read already.
  bool look_into_raw(Value& value, const Shape& shape, bool in_list, bool raw = false) {
    raw = raw || shape.raw;
    if (!value.present()) return true;
    if (raw && !convert(value, shape, in_list)) return false;
    if (shape.type == Type::Structure) {
      for (const ShapeMember& member : shape.members) {
        Value* found = find(value, member.name);
        if (found != nullptr && !look_into_raw(*found, *member.shape, false, raw)) return false;
      }
    } else if (shape.type == Type::List) {
      for (const Value& item : value.items())
        if (!look_into_raw(const_cast<Value&>(item), *shape.item.shape, true, raw)) return false;
    } else if (shape.type == Type::Map) {
      for (const Member& entry : value.members())
        if (!look_into_raw(const_cast<Value&>(entry.value), *shape.item.shape, true, raw))
          return false;
    }
    return true;
  }

  bool visit_structure(Value& value, const Shape& shape, const Spot& spot) {
    const std::string_view last = dynamodb_ ? told_last(shape.name) : std::string_view();
    for (const ShapeMember& member : shape.members) {
      if (!last.empty() && member.name == last) continue;
      if (!visit_member(value, shape, member, spot)) return false;
    }
    return last.empty() || visit_member(value, shape, *shape.find(last), spot);
  }

  bool visit_member(Value& value, const Shape& shape, const ShapeMember& member, const Spot& spot) {
    Value* found = find(value, member.name);
    const Spot below{&spot, member.name};
    if (found == nullptr || !found->present()) {
      if (member.required) fault(below, Value(), *member.shape, "Member must not be null");
      return true;
    }
    if (!visit(*found, *member.shape, below, false)) return false;
    if (dynamodb_ && member.shape->type == Type::List) {
      const auto max = dynamodb_list_max(shape.name, member.name);
      if (max && static_cast<double>(found->size()) > *max) {
        fault(below, *found, *member.shape,
              "Member must have length less than or equal to " + number_text(*max));
      }
    }
    return true;
  }

  bool visit_list(Value& value, const Shape& shape, const Spot& spot) {
    std::size_t index = 0;
    for (const Value& item : value.items()) {
      const Spot below{&spot, {}, ++index};
      if (!item.present()) {
        fault(below, item, *shape.item.shape, "Member must not be null");
      } else if (!visit(const_cast<Value&>(item), *shape.item.shape, below, true)) {
        return false;
      }
    }
    return true;
  }

  bool visit_map(Value& value, const Shape& shape, const Spot& spot) {
    const Shape& key = *shape.key.shape;
    const bool checks_keys = key.min || key.max || key.matcher || !key.values.empty();
    const Shape& item = *shape.item.shape;
    const bool checks_lists = item.type == Type::List && (item.min || item.max);
    bool told = false;
    for (const Member& entry : value.members()) {
      if (checks_keys) check_key(entry.name, key, value, shape, spot);
      if (!entry.value.present()) {
        // What is raw is the service's to refuse.
        if (!item.raw)
          fault(spot, value, shape, "Map value must satisfy constraint: [Member must not be null]");
        continue;
      }
      if (checks_lists && !told && entry.value.is(Value::Kind::List))
        told = check_map_value(entry.value, item, value, shape, spot);
      const Spot key_spot{&spot, entry.name, 0, true};
      const Spot below{&key_spot, "member"};
      map_list_ = checks_lists;
      if (!visit(const_cast<Value&>(entry.value), item, below, true)) return false;
    }
    return true;
  }

  static Value* find(const Value& value, std::string_view name) {
    for (const Member& entry : value.members()) {
      if (entry.name == name) return const_cast<Value*>(&entry.value);
    }
    return nullptr;
  }

  bool mismatch(std::string text) {
    mismatch_ = std::move(text);
    return false;
  }

  // DynamoDB's words differ a little from those of the other json services (Kinesis, recorded by
  // mhart/kinesalite).
  bool not_convertible(const Value& value, std::string_view type) {
    if (dynamodb_)
      return mismatch(token_name(value) + " cannot be converted to " + std::string(type));
    const bool vowel = type.starts_with('I');
    return mismatch(token_name(value) + " can not be converted to " + (vowel ? "an " : "a ") +
                    std::string(type));
  }

  // Checks the kind that JSON has against the type, and makes the kind that services see.
  bool convert(Value& value, const Shape& shape, bool in_list) {
    using Kind = Value::Kind;
    if (shape.type == Type::Structure || shape.type == Type::Map) {
      if (value.is(Kind::Map)) {
        if (shape.type == Type::Structure) rename(value, shape);
        return true;
      }
      if (value.is(Kind::List)) {
        if (!dynamodb_) return mismatch("Start of list found where not expected");
        return mismatch("Unrecognized collection type " +
                        std::string(shape.type == Type::Structure ? "class " : "") +
                        java_name(model_, shape));
      }
      if (in_list && shape.type == Type::Structure)
        return mismatch("Unexpected value type in payload");
      return mismatch(
          std::string(in_list && dynamodb_ ? kParameterizedType : "Unexpected field type"sv));
    }
    if (value.is(Kind::Map))
      return mismatch(dynamodb_ ? "Start of structure or map found where not expected"
                                : "Start of structure or map found where not expected.");
    if (shape.type == Type::List) {
      if (value.is(Kind::List)) return true;
      return mismatch(
          std::string(in_list && dynamodb_ ? kParameterizedType : "Unexpected field type"sv));
    }
    if (value.is(Kind::List) && !dynamodb_)
      return mismatch("Start of list found where not expected");
    if (value.is(Kind::List))
      return mismatch("Unrecognized collection type class " + java_name(model_, shape));
    switch (shape.type) {
      case Type::String:
        return value.is(Kind::String) ? true : not_convertible(value, "String");
      case Type::Boolean:
        return to_boolean(value);
      case Type::Integer:
      case Type::Long:
        return to_integer(value, shape.type == Type::Integer ? "Integer" : "Long");
      case Type::Float:
      case Type::Double:
        return value.is(Kind::Number) ? true : not_convertible(value, "Double");
      case Type::Blob:
        return to_bytes(value);
      case Type::Timestamp:
        return to_timestamp(value);
      default:
        return true;
    }
  }

  // Documents carry the model's names from here on; few shapes of the json protocols have others.
  void rename(Value& value, const Shape& shape) {
    for (const ShapeMember& member : shape.members) {
      if (member.wire_name == member.name) continue;
      for (const Member& entry : value.members()) {
        if (entry.name == member.wire_name) const_cast<Member&>(entry).name = member.name;
      }
    }
  }

  bool to_boolean(Value& value) {
    if (value.is(Value::Kind::Bool)) return true;
    if (!value.is(Value::Kind::String)) return not_convertible(value, "Boolean");
    const auto is = [&](std::string_view word) {
      return word.size() == value.text().size() && equal(value.text(), word);
    };
    if (is("true") || is("1") || is("yes")) return value = Value::boolean(true), true;
    if (is("false") || is("0") || is("no")) return value = Value::boolean(false), true;
    return mismatch("Unexpected token received from parser");
  }

  static bool equal(std::string_view text, std::string_view lower) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
      if (c != lower[i]) return false;
    }
    return true;
  }

  bool to_integer(Value& value, std::string_view type) {
    if (!value.is(Value::Kind::Number)) return not_convertible(value, type);
    if (const auto whole = value.as_integer()) return value = Value::integer(*whole), true;
    // AWS cuts off what stands behind the point.
    const double number = value.as_double().value_or(0);
    const double bounded = std::max(-9.2e18, std::min(9.2e18, std::floor(number)));
    return value = Value::integer(static_cast<std::int64_t>(bounded)), true;
  }

  bool to_bytes(Value& value) {
    if (!value.is(Value::Kind::String))
      return mismatch("only base-64-encoded strings are convertible to bytes");
    if (value.text().size() % 4 != 0) {
      return mismatch("Base64 encoded length is expected a multiple of 4 bytes but found: " +
                      std::to_string(value.text().size()));
    }
    std::string decoded;
    // The service insists on the canonical text of the bytes.
    const bool canonical = from_base64(value.text(), decoded) &&
                           (!dynamodb_ || to_base64(as_bytes(decoded)) == value.text());
    if (!canonical) return mismatch("Invalid last non-pad Base64 character dectected");
    return value = Value::bytes(arena_.copy(decoded)), true;
  }

  bool to_timestamp(Value& value) {
    std::optional<Instant> at;
    if (value.is(Value::Kind::Number)) {
      at = parse_epoch_seconds(value.text());
      if (!at && value.as_double()) {
        at = Instant(std::chrono::microseconds(
            static_cast<std::int64_t>(std::max(-9e18, std::min(9e18, *value.as_double() * 1e6)))));
      }
    } else if (value.is(Value::Kind::String)) {
      at = parse_iso8601(value.text());
      if (!at) at = parse_http_date(value.text());
    }
    if (!at)
      return mismatch(token_name(value) + " cannot be converted to milliseconds since epoch");
    return value = Value::timestamp(*at), true;
  }

  void check(const Value& value, const Shape& shape, const Spot& spot) {
    const bool told_by_map = std::exchange(map_list_, false);
    if (!shape.min && !shape.max && !shape.matcher && shape.values.empty()) return;
    switch (shape.type) {
      case Type::String:
        if (dynamodb_ && shape.name == "TableArn") return check_table_name(value, shape, spot);
        if (shape.matcher && !shape.matcher->matches(value.text())) {
          fault(spot, value, shape,
                "Member must satisfy regular expression pattern: " + std::string(shape.pattern));
        }
        if (!shape.values.empty() && std::find(shape.values.begin(), shape.values.end(),
                                               value.text()) == shape.values.end()) {
          fault(spot, value, shape, "Member must satisfy enum value set: " + enum_text(shape));
        }
        return check_range(value, static_cast<double>(characters(value.text())), shape, spot,
                           "length");
      case Type::Blob:
        return check_range(value, static_cast<double>(value.text().size()), shape, spot, "length");
      case Type::List:
        if (told_by_map) return;
        [[fallthrough]];
      case Type::Map:
        return check_range(value, static_cast<double>(value.size()), shape, spot, "length");
      case Type::Integer:
      case Type::Long:
      case Type::Float:
      case Type::Double:
        return check_range(value, value.as_double().value_or(0), shape, spot, "value");
      default:
        return;
    }
  }

  void check_range(const Value& value, double measure, const Shape& shape, const Spot& spot,
                   std::string_view what) {
    if (shape.max && measure > *shape.max) {
      fault(spot, value, shape,
            "Member must have " + std::string(what) + " less than or equal to " +
                number_text(*shape.max));
    }
    if (shape.min && measure < *shape.min) {
      fault(spot, value, shape,
            "Member must have " + std::string(what) + " greater than or equal to " +
                number_text(*shape.min));
    }
  }

  void check_table_name(const Value& value, const Shape& shape, const Spot& spot) {
    const TableNameFaults faults = table_name_faults(value.text());
    if (faults.pattern) {
      fault(spot, value, shape,
            "Member must satisfy regular expression pattern: " + std::string(kTableNamePattern));
    }
    if (faults.longer_than) {
      fault(spot, value, shape,
            "Member must have length less than or equal to " + std::to_string(*faults.longer_than));
    }
    if (faults.shorter_than) {
      fault(spot, value, shape,
            "Member must have length greater than or equal to " +
                std::to_string(*faults.shorter_than));
    }
  }

  // The length of a list that is a map's value is told of the map, not of the list. True if it was.
  bool check_map_value(const Value& list, const Shape& item, const Value& map, const Shape& shape,
                       const Spot& spot) {
    const auto length = static_cast<double>(list.size());
    if ((!item.max || length <= *item.max) && (!item.min || length >= *item.min)) return false;
    std::string all;
    if (item.max) all += "Member must have length less than or equal to " + number_text(*item.max);
    if (item.max && item.min) all += ", ";
    if (item.min)
      all += "Member must have length greater than or equal to " + number_text(*item.min);
    fault(spot, map, shape, "Map value must satisfy constraint: [" + all + "]");
    return true;
  }

  void check_key(std::string_view name, const Shape& key, const Value& map, const Shape& shape,
                 const Spot& spot) {
    if (dynamodb_ && key.name == "TableArn") {
      if (!table_name_faults(name).any()) return;
      fault(spot, map, shape,
            "Map keys must satisfy constraint: [Member must have length less than or equal to 255, "
            "Member must have length greater than or equal to 3, Member must satisfy regular "
            "expression pattern: " +
                std::string(kTableNamePattern) + "]");
      return;
    }
    const auto length = static_cast<double>(characters(name));
    const bool good = (!key.max || length <= *key.max) && (!key.min || length >= *key.min) &&
                      (!key.matcher || key.matcher->matches(name)) &&
                      (key.values.empty() ||
                       std::find(key.values.begin(), key.values.end(), name) != key.values.end());
    if (good) return;
    std::string all;
    const auto add = [&](const std::string& text) {
      if (!all.empty()) all += ", ";
      all += text;
    };
    if (key.max) add("Member must have length less than or equal to " + number_text(*key.max));
    if (key.min) add("Member must have length greater than or equal to " + number_text(*key.min));
    if (key.matcher)
      add("Member must satisfy regular expression pattern: " + std::string(key.pattern));
    if (!key.values.empty()) add("Member must satisfy enum value set: " + enum_text(key));
    fault(spot, map, shape, "Map keys must satisfy constraint: [" + all + "]");
  }

  std::string enum_text(const Shape& shape) const {
    const auto recorded = dynamodb_ ? dynamodb_enum(shape.name) : decltype(dynamodb_enum({})){};
    std::string out = "[";
    for (const std::string_view value : recorded.empty() ? std::span(shape.values) : recorded) {
      if (out.size() > 1) out += ", ";
      out += value;
    }
    return out += ']';
  }

  void fault(const Spot& spot, const Value& value, const Shape& shape,
             std::string_view constraint) {
    if (count_ == kErrorsMax) return;
    if (count_++ > 0) faults_ += "; ";
    faults_ += "Value ";
    if (value.present()) {
      faults_ += '\'';
      append_value(faults_, value, shape);
      faults_ += '\'';
    } else {
      faults_ += "null";
    }
    faults_ += " at '";
    std::string path;
    append_path(path, spot);
    faults_ += path;
    faults_ += "' failed to satisfy constraint: ";
    faults_ += constraint;
  }

  const Model& model_;
  Arena& arena_;
  const bool convert_;
  const bool dynamodb_;
  bool raw_seen_ = false;
  bool map_list_ = false;  // The next list is a map's value, whose length the map has told of.
  int count_ = 0;
  std::string faults_;
  std::optional<std::string> mismatch_;
};

}  // namespace

Result<void> check_input(const Model& model, Value& input, const Shape& shape, Arena& arena) {
  return Walk(model, arena, true).run(input, shape);
}

Result<void> check_constraints(const Model& model, Value& input, const Shape& shape, Arena& arena) {
  return Walk(model, arena, false).run(input, shape);
}

Error serialization_error(std::string_view message) {
  return refused(400, "SerializationException", std::string(message));
}

Error validation_error(std::string_view message) {
  return refused(400, "ValidationException", std::string(message));
}

}  // namespace cloche::protocol
