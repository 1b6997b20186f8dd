// rest-xml and rest-json: members stand in the path, the query, headers and the body, as the model
// says.
#include <algorithm>

#include "base/json.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "protocol/codec/codec.h"
#include "protocol/codec/scalar.h"
#include "protocol/codec/xml_document.h"
#include "protocol/model/validate.h"
#include "protocol/xml/xml.h"

namespace cloche::protocol {
namespace {

// A parameter that is no number. Source: S3's answer to ?max-keys=abc (ceph/s3-tests expects code
// and status; the text is AWS's).
Error bad_parameter(const Model& model, const ShapeMember& member, std::string_view text) {
  if (model.wire == Wire::RestJson)
    return validation_error("Invalid value for " + std::string(member.wire_name));
  const std::string name(member.wire_name);
  const std::string message = name == "partNumber"
                                  ? "Part number must be an integer between 1 and 10000, inclusive"
                                  : "Provided " + name + " not an integer or within integer range";
  return refused(400, "InvalidArgument", message,
                 {{"ArgumentName", name}, {"ArgumentValue", std::string(text)}});
}

// Reads one value that stood in the path, the query or a header. Lists stand separated by commas in
// headers.
std::optional<Value> read_text(std::string_view text, const Shape& shape, Arena& arena) {
  if (shape.type != Type::List) return value_from_text(text, shape, arena);
  Value list = Value::list();
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    const auto value = value_from_text(item, *shape.item.shape, arena);
    if (!value) return std::nullopt;
    list.push(arena, *value);
  }
  return list;
}

std::string_view lowered(std::string_view text, Arena& arena) {
  char* copy = arena.array<char>(text.size()).data();
  std::transform(text.begin(), text.end(), copy,
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return {copy, text.size()};
}

Value read_prefixed(const Request& request, std::string_view prefix, Arena& arena) {
  Value map = Value::map();
  for (const auto& [name, value] : request.all_headers()) {
    if (name.size() <= prefix.size() || !equal_ignoring_case(name.substr(0, prefix.size()), prefix))
      continue;
    map.add(arena, lowered(name.substr(prefix.size()), arena), Value::string(value));
  }
  return map;
}

// A query parameter; a list takes every one of its name, a map every one that has no other meaning.
Result<Value> read_query_member(const Model& model, const ShapeMember& member,
                                const Request& request, Arena& arena) {
  if (member.shape->type == Type::List) {
    Value list = Value::list();
    for (const auto& [name, text] : request.all_queries()) {
      if (name != member.wire_name) continue;
      const auto value = value_from_text(text, *member.shape->item.shape, arena);
      if (!value) return bad_parameter(model, member, text);
      list.push(arena, *value);
    }
    return list.empty() ? Value() : list;
  }
  const auto text = request.query(member.wire_name);
  if (!text) return Value();
  const auto value = value_from_text(*text, *member.shape, arena);
  // "?max-keys=" is the same as none for S3.
  if (!value && text->empty()) return Value();
  if (!value) return bad_parameter(model, member, *text);
  return *value;
}

// Headers whose value makes no sense are ignored by S3 where they are conditions
// (If-Modified-Since), and refused elsewhere.
Result<Value> read_header_member(const Model& model, const ShapeMember& member,
                                 const Request& request, Arena& arena) {
  const std::string_view text = request.header(member.wire_name);
  if (text.empty() && !request.has_header(member.wire_name)) return Value();
  const auto value = read_text(text, *member.shape, arena);
  if (value) return *value;
  if (member.shape->type == Type::Timestamp && !member.wire_name.starts_with("x-amz-"))
    return Value();
  return bad_parameter(model, member, text);
}

// S3's word for a document that is not there (reported: versity/versitygw issue 820, aws/aws-sdk-cpp issue
// 733).
Error missing_body() { return refused(400, "MissingRequestBodyError", "Request Body is empty"); }

Result<void> read_body(const Model& model, const Operation& operation, std::string_view body,
                       Value& input, Arena& arena) {
  const Shape& shape = *operation.input;
  if (const ShapeMember* payload = operation.input_payload; payload != nullptr) {
    if (body.empty() && payload->required && model.wire == Wire::RestXml &&
        payload->shape->type == Type::Structure)
      return missing_body();
    if (payload->streaming || body.empty()) return {};
    switch (payload->shape->type) {
      case Type::Blob:
        input.add(arena, payload->name, Value::bytes(body));
        return {};
      case Type::String:
        input.add(arena, payload->name, Value::string(body));
        return {};
      default:
        break;
    }
    if (model.wire == Wire::RestXml) {
      const std::string_view root = payload->renamed                    ? payload->wire_name
                                    : payload->shape->wire_name.empty() ? payload->shape->name
                                                                        : payload->shape->wire_name;
      auto value = read_xml_document(body, *payload->shape,
                                     payload->renamed ? root : std::string_view(), arena);
      // S3 has a code of its own for this one document (recording of AWS, 2025).
      if (!value && payload->shape->name == "AccessControlPolicy") {
        Error error = std::move(value).error();
        error.code = "MalformedACLError";
        return error;
      }
      if (!value) return std::move(value).error();
      input.add(arena, payload->name, *value);
      return {};
    }
    auto parsed = parse_json(body, arena);
    if (!parsed) return serialization_error("");
    input.add(arena, payload->name, *parsed);
    return {};
  }
  const bool has_body_members =
      std::any_of(shape.members.begin(), shape.members.end(),
                  [](const ShapeMember& member) { return member.place == Place::Body; });
  if (!has_body_members || body.empty()) return {};
  if (model.wire == Wire::RestXml) {
    CLOCHE_TRY(const value, read_xml_document(body, shape, operation.input_root, arena));
    for (const Member& entry : value.members()) input.add(arena, entry.name, entry.value);
    return {};
  }
  auto parsed = parse_json(body, arena);
  if (!parsed) return serialization_error("");
  if (!parsed->is(Value::Kind::Map)) return serialization_error("Unexpected value type in payload");
  for (const Member& entry : parsed->members()) {
    const ShapeMember* member = shape.find_wire(entry.name);
    if (member != nullptr && member->place == Place::Body)
      input.add(arena, entry.name, entry.value);
  }
  return {};
}

void write_headers(const Model& model, const Operation& operation, const Value& output,
                   Answer& answer) {
  for (const Member& entry : output.members()) {
    if (!entry.value.present()) continue;
    const ShapeMember* member = operation.output->find(entry.name);
    if (member == nullptr) continue;
    if (member->place == Place::Status)
      answer.status = static_cast<int>(entry.value.as_integer(answer.status));
    if (member->place == Place::PrefixHeaders) {
      for (const Member& header : entry.value.members()) {
        std::string name(member->wire_name);
        name += header.name;
        add_header(answer.headers, name, header.value.text());
      }
    }
    if (member->place == Place::Header && member->wire_name == "Content-Length") {
      if (const auto length = entry.value.as_integer(); length && *length >= 0)
        answer.content_length = static_cast<std::uint64_t>(*length);
    } else if (member->place == Place::Header) {
      std::string text;
      if (entry.value.is(Value::Kind::List)) {
        for (const Value& item : entry.value.items()) {
          if (!text.empty()) text += model.wire == Wire::RestXml ? "," : ", ";
          append_scalar(text, item, TimeForm::Rfc822);
        }
      } else {
        append_scalar(text, entry.value, time_form(*member, TimeForm::Rfc822));
      }
      add_header(answer.headers, member->wire_name, text);
    }
  }
}

constexpr std::string_view kXmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

void open_root(std::string& out, std::string_view name, std::string_view xml_namespace) {
  out += kXmlDeclaration;
  out += '<';
  out += name;
  if (!xml_namespace.empty()) {
    out += " xmlns=\"";
    out += xml_namespace;
    out += '"';
  }
  out += '>';
}

// What has nothing in it is one tag: <LocationConstraint xmlns="..."/> (recording of AWS S3, 2026-02).
void close_root(std::string& out, std::string_view name, std::size_t opened) {
  if (out.size() > opened) return xml::close(out, name);
  out.back() = '/';
  out += '>';
}

void write_payload(const Model& model, const Operation& operation, const Value& value,
                   Answer& answer) {
  const ShapeMember& payload = *operation.output_payload;
  if (!value.present()) return;
  switch (payload.shape->type) {
    case Type::Blob:
    case Type::String:
      answer.body = value.text();
      if (payload.shape->type == Type::String && model.wire == Wire::RestXml)
        answer.content_type = "application/json";
      else
        answer.content_type = "application/octet-stream";
      return;
    default:
      break;
  }
  if (model.wire == Wire::RestJson) {
    answer.content_type = "application/json";
    return append_json(answer.body, value, *payload.shape, TimeForm::Unix);
  }
  const std::string_view root = payload.renamed                     ? payload.wire_name
                                : !payload.shape->wire_name.empty() ? payload.shape->wire_name
                                                                    : payload.name;
  answer.content_type = "application/xml";
  open_root(answer.body, root, model.xml_namespace);
  const std::size_t opened = answer.body.size();
  append_xml_members(answer.body, value, *payload.shape, TimeForm::Iso8601Milliseconds);
  close_root(answer.body, root, opened);
}

void write_body(const Model& model, const Operation& operation, const Value& output,
                Answer& answer) {
  const Shape& shape = *operation.output;
  const bool has_body_members =
      std::any_of(shape.members.begin(), shape.members.end(),
                  [](const ShapeMember& member) { return member.place == Place::Body; });
  if (model.wire == Wire::RestJson) {
    answer.content_type = "application/json";
    if (has_body_members) append_json(answer.body, output, shape, TimeForm::Unix);
    return;
  }
  if (!has_body_members) return;
  answer.content_type = "application/xml";
  const std::string_view root = !operation.output_root.empty() ? operation.output_root
                                : !shape.wire_name.empty()     ? shape.wire_name
                                                               : shape.name;
  open_root(answer.body, root, model.xml_namespace);
  const std::size_t opened = answer.body.size();
  if (operation.bare.empty()) {
    append_xml_members(answer.body, output, shape, TimeForm::Iso8601Milliseconds);
  } else {
    xml::append_text(answer.body, output[operation.bare].text());
  }
  close_root(answer.body, root, opened);
}

// Names in paths are UTF-8. S3's error, which it documents so; rest-json services have none of their own.
Error unreadable_uri(std::string_view path) {
  return refused(400, "InvalidURI", "Couldn't parse the specified URI.",
                 {{"URI", std::string(path)}});
}

}  // namespace

Result<Value> read_rest(const Model& model, const Operation& operation, const Request& request,
                        const Labels& labels, std::string_view body, Arena& arena) {
  Value input = Value::map();
  if (operation.input == nullptr) return input;
  for (const ShapeMember& member : operation.input->members) {
    Value value;
    switch (member.place) {
      case Place::Uri:
        for (const auto& [name, text] : labels) {
          if (name != member.wire_name) continue;
          if (!is_utf8(text)) return unreadable_uri(request.path());
          const auto read = value_from_text(text, *member.shape, arena);
          if (!read) return bad_parameter(model, member, text);
          value = *read;
        }
        break;
      case Place::Query: {
        CLOCHE_TRY(const read, read_query_member(model, member, request, arena));
        value = read;
        break;
      }
      case Place::Header: {
        CLOCHE_TRY(const read, read_header_member(model, member, request, arena));
        value = read;
        break;
      }
      case Place::PrefixHeaders:
        value = read_prefixed(request, member.wire_name, arena);
        break;
      default:
        break;
    }
    if (value.present() && !(member.place == Place::PrefixHeaders && value.empty()))
      input.add(arena, member.name, value);
  }
  CLOCHE_TRY_VOID(read_body(model, operation, body, input, arena));
  if (model.wire == Wire::RestJson)
    CLOCHE_TRY_VOID(check_input(model, input, *operation.input, arena));
  return input;
}

void write_rest(const Model& model, const Operation& operation, const Value& output,
                Answer& answer) {
  if (operation.output == nullptr) return;
  write_headers(model, operation, output, answer);
  if (operation.output_payload != nullptr) {
    write_payload(model, operation, output[operation.output_payload->name], answer);
  } else {
    write_body(model, operation, output, answer);
  }
}

void write_rest_json_error(const Operation* operation, const Error& error, Answer& answer) {
  answer.content_type = "application/json";
  add_header(answer.headers, "x-amzn-ErrorType", error.code);
  const Shape* shape = error_shape(operation, error.code);
  answer.body =
      shape != nullptr && shape->find("Message") != nullptr ? "{\"Message\":" : "{\"message\":";
  append_json_string(answer.body, error.message);
  for (const auto& [name, value] : error.details) {
    answer.body += ',';
    append_json_string(answer.body, name.starts_with('=') ? std::string_view(name).substr(1)
                                                          : std::string_view(name));
    answer.body += ':';
    if (name.starts_with('=')) {
      answer.body += value;
    } else {
      append_json_string(answer.body, value);
    }
  }
  answer.body += '}';
}

void write_rest_xml_error(const Error& error, const Identity& identity, Answer& answer) {
  // RFC 9110: these statuses have no body.
  if (error.http_status == 304 || error.http_status == 204) return;
  answer.content_type = "application/xml";
  std::string& out = answer.body;
  const auto element = [&](std::string_view name, std::string_view text) {
    xml::open(out, name);
    xml::append_text(out, text);
    xml::close(out, name);
  };
  out = kXmlDeclaration;
  xml::open(out, "Error");
  element("Code", error.code);
  element("Message", error.message);  // Empty too: S3 has one such error (a bad x-amz-acl).
  for (const auto& [name, value] : error.details) element(name, value);
  element("RequestId", identity.request_id);
  element("HostId", identity.host_id);
  xml::close(out, "Error");
}

}  // namespace cloche::protocol
