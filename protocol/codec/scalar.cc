#include "protocol/codec/scalar.h"

#include <charconv>

#include "base/digest.h"
#include "base/json.h"
#include "base/time_text.h"

namespace cloche::protocol {

TimeForm time_form(const ShapeMember& member, TimeForm otherwise) {
  if (member.time_form != TimeForm::Unset) return member.time_form;
  return member.shape->time_form != TimeForm::Unset ? member.shape->time_form : otherwise;
}

std::optional<Value> value_from_text(std::string_view text, const Shape& shape, Arena& arena) {
  switch (shape.type) {
    case Type::String:
      return Value::string(text);
    case Type::Boolean:
      if (text == "true" || text == "True" || text == "TRUE" || text == "1")
        return Value::boolean(true);
      if (text == "false" || text == "False" || text == "FALSE" || text == "0")
        return Value::boolean(false);
      return std::nullopt;
    case Type::Integer:
    case Type::Long: {
      const auto number = Value::number(text).as_integer();
      if (!number) return std::nullopt;
      if (shape.type == Type::Integer && *number != static_cast<std::int32_t>(*number))
        return std::nullopt;
      return Value::integer(*number);
    }
    case Type::Float:
    case Type::Double:
      if (!Value::number(text).as_double()) return std::nullopt;
      return Value::number(text);
    case Type::Timestamp: {
      // Clients send any of the forms in any place, and AWS reads them.
      auto at = parse_iso8601(text);
      if (!at) at = parse_http_date(text);
      if (!at) at = parse_epoch_seconds(text);
      if (!at) at = parse_basic_date_time(text);
      if (!at) return std::nullopt;
      return Value::timestamp(*at);
    }
    case Type::Blob: {
      std::string decoded;
      if (!from_base64(text, decoded)) return std::nullopt;
      return Value::bytes(arena.copy(decoded));
    }
    default:
      return std::nullopt;
  }
}

void append_scalar(std::string& out, const Value& value, TimeForm form) {
  switch (value.kind()) {
    case Value::Kind::String:
    case Value::Kind::Number:
    case Value::Kind::Raw:
      out += value.text();
      return;
    case Value::Kind::Bytes:
      append_base64(out, as_bytes(value.text()));
      return;
    case Value::Kind::Timestamp:
      if (form == TimeForm::Unix) return append_json(out, value);
      if (form == TimeForm::Rfc822) {
        out += http_date(*value.as_timestamp());
      } else if (form == TimeForm::Iso8601Milliseconds) {
        // Milliseconds that are always zero.
        out +=
            iso8601_milliseconds(std::chrono::floor<std::chrono::seconds>(*value.as_timestamp()));
      } else {
        out += iso8601(*value.as_timestamp());
      }
      return;
    case Value::Kind::Bool:
    case Value::Kind::Integer:
      append_json(out, value);
      return;
    default:
      return;
  }
}

}  // namespace cloche::protocol
