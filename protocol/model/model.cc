#include "protocol/model/model.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/check.h"
#include "base/json.h"

// The embedded files; the list of services is the one in protocol/CMakeLists.txt.
#define CLOCHE_MODEL(name)                                \
  extern "C" const char cloche_embedded_##name##_begin[]; \
  extern "C" const char cloche_embedded_##name##_end[];
#include "protocol/model/models.inc"
#undef CLOCHE_MODEL

namespace cloche::protocol {
namespace {

Wire wire_of(std::string_view protocol) {
  if (protocol == "json") return Wire::Json;
  if (protocol == "rest-json") return Wire::RestJson;
  if (protocol == "rest-xml") return Wire::RestXml;
  if (protocol == "query") return Wire::Query;
  if (protocol == "ec2") return Wire::Ec2;
  CLOCHE_CHECK(protocol == "smithy-rpc-v2-cbor");
  return Wire::RpcV2Cbor;
}

Type type_of(std::string_view type) {
  static const std::unordered_map<std::string_view, Type> types = {
      {"structure", Type::Structure}, {"list", Type::List},        {"map", Type::Map},
      {"string", Type::String},       {"character", Type::String}, {"integer", Type::Integer},
      {"long", Type::Long},           {"float", Type::Float},      {"double", Type::Double},
      {"boolean", Type::Boolean},     {"blob", Type::Blob},        {"timestamp", Type::Timestamp}};
  const auto found = types.find(type);
  CLOCHE_CHECK(found != types.end());
  return found->second;
}

TimeForm time_form_of(std::string_view form) {
  if (form == "iso8601") return TimeForm::Iso8601;
  if (form == "rfc822") return TimeForm::Rfc822;
  if (form == "unixTimestamp") return TimeForm::Unix;
  return TimeForm::Unset;
}

Place place_of(std::string_view place) {
  if (place == "uri") return Place::Uri;
  if (place == "query") return Place::Query;
  if (place == "header") return Place::Header;
  if (place == "headers") return Place::PrefixHeaders;
  if (place == "status") return Place::Status;
  return Place::Body;
}

std::vector<std::string_view> texts(const Value& list) {
  std::vector<std::string_view> out;
  for (const Value& item : list.items()) out.push_back(item.text());
  return out;
}

// One line of a model: "Name":{...} with or without a comma behind it.
struct Line {
  std::string_view name, json;
};

std::optional<Line> next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (!line.starts_with('"')) return std::nullopt;
  if (line.ends_with(',')) line.remove_suffix(1);
  const std::size_t quote = line.find('"', 1);
  CLOCHE_CHECK(quote != std::string_view::npos);
  return Line{line.substr(1, quote - 1), line.substr(quote + 2)};
}

// Whether documents of this shape are written as they stand, without names or times of another
// form.
bool is_plain(const Shape& shape, std::unordered_set<const Shape*>& seen) {
  if (!seen.insert(&shape).second) return true;
  const auto plain = [&](const ShapeMember& member) {
    return member.wire_name == member.name && member.place == Place::Body &&
           (member.time_form == TimeForm::Unset || member.time_form == TimeForm::Unix) &&
           is_plain(*member.shape, seen);
  };
  if (shape.time_form != TimeForm::Unset && shape.time_form != TimeForm::Unix) return false;
  if (!std::all_of(shape.members.begin(), shape.members.end(), plain)) return false;
  return shape.item.shape == nullptr || (is_plain(*shape.item.shape, seen));
}

Value parsed(std::string_view json, Arena& arena) {
  auto value = parse_json(json, arena);
  CLOCHE_CHECK(value.has_value());
  return *value;
}

}  // namespace

const ShapeMember* Shape::find(std::string_view member_name) const {
  for (const ShapeMember& member : members) {
    if (member.name == member_name) return &member;
  }
  return nullptr;
}

const ShapeMember* Shape::find_wire(std::string_view wire) const {
  for (const ShapeMember& member : members) {
    if (member.wire_name == wire) return &member;
  }
  return nullptr;
}

std::optional<std::string_view> Model::embedded(std::string_view name) {
#define CLOCHE_MODEL(stem)              \
  if (name == #stem)                    \
    return std::string_view(            \
        cloche_embedded_##stem##_begin, \
        static_cast<std::size_t>(cloche_embedded_##stem##_end - cloche_embedded_##stem##_begin));
#include "protocol/model/models.inc"
#undef CLOCHE_MODEL
  return std::nullopt;
}

Model::Model(std::string_view text) {
  const auto skip_to = [&](std::string_view heading) {
    const std::size_t at = text.find(heading);
    CLOCHE_CHECK(at != std::string_view::npos);
    text.remove_prefix(at);
  };
  skip_to("\n\"service\":");
  text.remove_prefix(1);
  const auto service = next_line(text);
  CLOCHE_CHECK(service.has_value());
  const Value about = parsed(service->json, arena_);
  name = about["name"].text();
  wire = wire_of(about["protocol"].text());
  target_prefix = about["targetPrefix"].text();
  signing_name = about["signingName"].text();
  endpoint_prefix = about["endpointPrefix"].text();
  json_version = about["jsonVersion"].text();
  api_version = about["apiVersion"].text();
  xml_namespace = about["namespace"].text();
  query_compatible = about["queryCompatible"].as_bool();

  skip_to("\"operations\":{\n");
  text.remove_prefix(std::strlen("\"operations\":{\n"));
  while (const auto line = next_line(text)) {
    const Value from = parsed(line->json, arena_);
    auto operation = std::make_unique<Operation>();
    operation->name = line->name;
    operation->method = from["method"].text();
    operation->uri = from["uri"].text();
    operation->content_type = from["contentType"].text();
    operation->needs_query = texts(from["needsQuery"]);
    operation->needs_headers = texts(from["needsHeaders"]);
    operation->input_name = from["input"].text();
    operation->output_name = from["output"].text();
    operation->input_root = from["inputAs"].text();
    operation->output_root = from["outputAs"].text();
    operation->wrapper = from["wrapper"].text();
    operation->bare = from["bare"].text();
    operation->error_names = texts(from["errors"]);
    operation->status = static_cast<int>(from["status"].as_integer(200));
    operation->checksum_required = from["checksumRequired"].as_bool();
    operations_by_name_[line->name] = operation.get();
    operations.push_back(std::move(operation));
  }
  skip_to("\"shapes\":{\n");
  text.remove_prefix(std::strlen("\"shapes\":{\n"));
  shape_lines_.reserve(1024);
  while (const auto line = next_line(text)) shape_lines_.emplace(line->name, line->json);
}

const Operation* Model::find(std::string_view operation) const {
  const auto found = operations_by_name_.find(operation);
  return found == operations_by_name_.end() ? nullptr : found->second;
}

const Operation& Model::load(std::string_view operation_name) {
  const auto found = operations_by_name_.find(operation_name);
  CLOCHE_CHECK(found != operations_by_name_.end());
  Operation& operation = *found->second;
  if (operation.loaded) return operation;
  if (!operation.input_name.empty()) operation.input = shape(operation.input_name);
  if (!operation.output_name.empty()) operation.output = shape(operation.output_name);
  for (const std::string_view error : operation.error_names)
    operation.errors.push_back(shape(error));
  if (operation.input != nullptr && !operation.input->payload.empty()) {
    operation.input_payload = operation.input->find(operation.input->payload);
    operation.streams_in = operation.input_payload->streaming;
  }
  if (operation.output != nullptr && !operation.output->payload.empty()) {
    operation.output_payload = operation.output->find(operation.output->payload);
    operation.streams_out = operation.output_payload->streaming;
  }
  std::unordered_set<const Shape*> seen;
  operation.plain_output = operation.output == nullptr || is_plain(*operation.output, seen);
  operation.loaded = true;
  return operation;
}

void Model::leave_raw(std::string_view shape_name) {
  CLOCHE_CHECK(has_shape(shape_name));
  Shape& marked = *const_cast<Shape*>(shape(shape_name));
  marked.raw = true;
}

const Shape* Model::shape(std::string_view shape_name) {
  if (const auto found = shapes_.find(shape_name); found != shapes_.end())
    return found->second.get();
  const auto line = shape_lines_.find(shape_name);
  CLOCHE_CHECK(line != shape_lines_.end());
  Shape& made = *shapes_.emplace(line->first, std::make_unique<Shape>()).first->second;
  made.name = line->first;
  fill(made, parsed(line->second, arena_));
  return &made;
}

ShapeMember Model::member(std::string_view member_name, const Value& from) {
  ShapeMember out;
  out.name = member_name;
  out.renamed = from["as"].present();
  out.wire_name = out.renamed ? from["as"].text() : member_name;
  out.query_name = from["queryAs"].text();
  out.xml_namespace = from["namespace"].text();
  out.xml_prefix = from["prefix"].text();
  out.place = place_of(from["in"].text());
  out.time_form = time_form_of(from["timestampFormat"].text());
  out.flattened = from["flattened"].as_bool();
  out.attribute = from["attribute"].as_bool();
  out.streaming = from["streaming"].as_bool();
  out.shape = shape(from["shape"].text());
  return out;
}

void Model::fill(Shape& made, const Value& from) {
  made.type = type_of(from["type"].text());
  made.wire_name = from["as"].text();
  made.xml_namespace = from["namespace"].text();
  made.xml_prefix = from["prefix"].text();
  made.time_form = time_form_of(from["timestampFormat"].text());
  made.flattened = from["flattened"].as_bool();
  made.event_stream = from["eventstream"].as_bool();
  made.payload = from["payload"].text();
  if (from["min"]) made.min = from["min"].as_double();
  if (from["max"]) made.max = from["max"].as_double();
  made.values = texts(from["enum"]);
  made.error_status = static_cast<int>(from["error"]["httpStatusCode"].as_integer(0));
  made.error_code = from["error"]["code"].text();
  if (from["pattern"]) {
    made.pattern = from["pattern"].text();
    made.matcher = std::make_unique<Pattern>(made.pattern);
  }
  // Shapes may contain themselves (AttributeValue): this one is already known by its name while its
  // members are read.
  made.members.reserve(from["members"].members().size());
  for (const Member& entry : from["members"].members())
    made.members.push_back(member(entry.name, entry.value));
  for (const Value& required : from["required"].items()) {
    if (auto* found = const_cast<ShapeMember*>(made.find(required.text()))) found->required = true;
  }
  if (made.type == Type::List) made.item = member("member", from["member"]);
  if (made.type == Type::Map) {
    made.key = member("key", from["key"]);
    made.item = member("value", from["value"]);
  }
}

}  // namespace cloche::protocol
