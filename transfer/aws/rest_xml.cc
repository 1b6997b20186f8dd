#include "transfer/aws/rest_xml.h"

#include <algorithm>

#include "base/digest.h"
#include "protocol/codec/codec.h"
#include "protocol/codec/scalar.h"
#include "protocol/codec/xml_document.h"
#include "protocol/xml/xml.h"

namespace cloche::transfer {
namespace {

using protocol::Operation;
using protocol::Place;
using protocol::Shape;
using protocol::ShapeMember;
using protocol::TimeForm;
using protocol::Type;

std::string scalar_text(const Value& value, TimeForm form) {
  std::string out;
  protocol::append_scalar(out, value, form);
  return out;
}

// "/{Bucket}/{Key+}?acl&list-type=2" with the labels' values.
Result<void> fill_uri(const Operation& operation, const Value& input, Unsigned& wish) {
  std::string_view uri = operation.uri;
  std::string_view query;
  if (const auto mark = uri.find('?'); mark != std::string_view::npos) {
    query = uri.substr(mark + 1);
    uri = uri.substr(0, mark);
  }
  while (!uri.empty()) {
    if (!uri.starts_with('{')) {
      wish.path += uri.front();
      uri.remove_prefix(1);
      continue;
    }
    const std::size_t end = uri.find('}');
    std::string_view label = uri.substr(1, end - 1);
    if (label.ends_with('+')) label.remove_suffix(1);
    uri.remove_prefix(end + 1);
    const Value* value = nullptr;
    for (const ShapeMember& member : operation.input->members) {
      if (member.place == Place::Uri && member.wire_name == label) value = &input[member.name];
    }
    if (value == nullptr || !value->present())
      return bug(std::string(operation.name) + " lacks " + std::string(label));
    wish.path += value->text();
  }
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    wish.query.emplace_back(std::string(pair.substr(0, equals)), std::string(value));
  }
  return {};
}

void add_head_member(const ShapeMember& member, const Value& value, Unsigned& wish) {
  if (member.place == Place::Query) {
    wish.query.emplace_back(std::string(member.wire_name),
                            scalar_text(value, protocol::time_form(member, TimeForm::Iso8601)));
  } else if (member.place == Place::Header) {
    wish.headers.emplace_back(std::string(member.wire_name),
                              scalar_text(value, protocol::time_form(member, TimeForm::Rfc822)));
  } else if (member.place == Place::PrefixHeaders) {
    for (const Member& entry : value.members())
      wish.headers.emplace_back(std::string(member.wire_name) + std::string(entry.name),
                                entry.value.str());
  }
}

std::string document(const protocol::Model& model, std::string_view root, const Value& value,
                     const Shape& shape, std::string_view shape_namespace) {
  std::string out = "<" + std::string(root) + " xmlns=\"" +
                    std::string(shape_namespace.empty() ? model.xml_namespace : shape_namespace) +
                    "\">";
  protocol::append_xml_members(out, value, shape, TimeForm::Iso8601);
  protocol::xml::close(out, root);
  return out;
}

std::string body_of(const protocol::Model& model, const Operation& operation, const Value& input) {
  if (const ShapeMember* payload = operation.input_payload; payload != nullptr) {
    const Value& value = input[payload->name];
    if (!value.present() || payload->streaming) return {};
    if (payload->shape->type != Type::Structure) return value.str();
    const std::string_view root = payload->renamed                    ? payload->wire_name
                                  : payload->shape->wire_name.empty() ? payload->shape->name
                                                                      : payload->shape->wire_name;
    return document(model, root, value, *payload->shape, payload->xml_namespace);
  }
  const bool has_body =
      std::ranges::any_of(operation.input->members, [&](const ShapeMember& member) {
        return member.place == Place::Body && input[member.name].present();
      });
  if (!has_body) return {};
  return document(model,
                  operation.input_root.empty() ? operation.input->name : operation.input_root,
                  input, *operation.input, {});
}

}  // namespace

Result<RestRequest> rest_xml_request(const protocol::Model& model, const Operation& operation,
                                     const Value& input) {
  RestRequest request;
  request.head.method = operation.method;
  CLOCHE_TRY_VOID(fill_uri(operation, input, request.head));
  for (const ShapeMember& member : operation.input->members) {
    if (const Value& value = input[member.name]; value.present())
      add_head_member(member, value, request.head);
  }
  request.body = body_of(model, operation, input);
  if (!request.body.empty())
    request.head.headers.emplace_back("Content-MD5", to_base64(md5(as_bytes(request.body))));
  return request;
}

Result<Value> read_rest_xml_answer(const Operation& operation, const HttpAnswer& answer,
                                   Arena& arena) {
  Value output = Value::map();
  if (operation.output == nullptr) return output;
  for (const ShapeMember& member : operation.output->members) {
    if (member.place != Place::Header) continue;
    const std::string_view text = answer.header(member.wire_name);
    if (text.empty()) continue;
    if (const auto value = protocol::value_from_text(arena.copy(text), *member.shape, arena))
      output.add(arena, member.name, *value);
  }
  if (answer.body.empty()) return output;
  if (const ShapeMember* payload = operation.output_payload; payload != nullptr) {
    if (payload->shape->type == Type::Structure) {
      CLOCHE_TRY(const value, protocol::read_xml_document(answer.body, *payload->shape, {}, arena));
      output.add(arena, payload->name, value);
    } else {
      output.add(arena, payload->name, Value::string(arena, answer.body));
    }
    return output;
  }
  const bool has_body =
      std::ranges::any_of(operation.output->members,
                          [](const ShapeMember& member) { return member.place == Place::Body; });
  if (!has_body) return output;
  if (!operation.bare.empty()) {
    CLOCHE_TRY(const root, protocol::xml::parse(answer.body, arena));
    output.add(arena, operation.bare, Value::string(root->text));
    return output;
  }
  CLOCHE_TRY(const value, protocol::read_xml_document(answer.body, *operation.output, {}, arena));
  for (const Member& entry : value.members()) output.add(arena, entry.name, entry.value);
  return output;
}

}  // namespace cloche::transfer
