// query: the input is a form ("Action=...&Name.member.1=a"), the output an XML document. ec2 is a
// dialect of it.
#include <algorithm>
#include <string>

#include "protocol/codec/codec.h"
#include "protocol/codec/scalar.h"
#include "protocol/model/validate.h"
#include "protocol/xml/xml.h"

namespace cloche::protocol {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// AWS accepts far fewer; it bounds what a request with Name.member.999999999 can ask for.
constexpr int kListItemsMax = 100'000;

class Reader {
 public:
  Reader(const Model& model, Fields fields, Arena& arena)
      : model_(model), fields_(std::move(fields)), arena_(arena) {
    std::sort(fields_.begin(), fields_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  Result<Value> structure(const Shape& shape, const std::string& prefix) {
    Value out = Value::map();
    for (const ShapeMember& member : shape.members) {
      CLOCHE_TRY(const value, member_value(member, prefix + name_of(member)));
      if (value.present()) out.add(arena_, member.name, value);
    }
    return out;
  }

 private:
  std::string name_of(const ShapeMember& member) const {
    if (model_.wire != Wire::Ec2) {
      // A flat list goes by the name of its items, where they have one.
      const Shape& shape = *member.shape;
      if (shape.type == Type::List && shape.flattened && shape.item.renamed)
        return std::string(shape.item.wire_name);
      return std::string(member.wire_name);
    }
    if (!member.query_name.empty()) return std::string(member.query_name);
    std::string name(member.wire_name);
    if (!name.empty() && name[0] >= 'a' && name[0] <= 'z')
      name[0] = static_cast<char>(name[0] - 32);
    return name;
  }

  Result<Value> member_value(const ShapeMember& member, const std::string& name) {
    const Shape& shape = *member.shape;
    switch (shape.type) {
      case Type::Structure:
        return any_below(name) ? structure(shape, name + '.') : Value();
      case Type::List:
        return list(shape, name, member.flattened || shape.flattened || model_.wire == Wire::Ec2);
      case Type::Map:
        return map(shape, name, member.flattened || shape.flattened);
      default:
        return scalar(shape, name);
    }
  }

  Result<Value> scalar(const Shape& shape, const std::string& name) {
    const auto found =
        std::lower_bound(fields_.begin(), fields_.end(), name,
                         [](const auto& field, const std::string& n) { return field.first < n; });
    if (found == fields_.end() || found->first != name) return Value();
    const auto value = value_from_text(found->second, shape, arena_);
    if (!value) return refused(400, "MalformedInput", "Invalid value for " + name);
    return *value;
  }

  Result<Value> list(const Shape& shape, const std::string& name, bool flat) {
    Value out = Value::list();
    const std::string prefix =
        flat ? name + '.'
             : name + '.' + std::string(shape.item.renamed ? shape.item.wire_name : "member") + '.';
    for (int i = 1; i <= kListItemsMax && any_at(prefix + std::to_string(i)); ++i) {
      CLOCHE_TRY(const item, member_value(shape.item, prefix + std::to_string(i)));
      if (item.present()) out.push(arena_, item);
    }
    // "Name=" alone is an empty list.
    return out.empty() && !any_at(name) ? Value() : out;
  }

  Result<Value> map(const Shape& shape, const std::string& name, bool flat) {
    Value out = Value::map();
    const std::string prefix = flat ? name + '.' : name + ".entry.";
    const std::string key_name(shape.key.renamed ? shape.key.wire_name : "key");
    const std::string value_name(shape.item.renamed ? shape.item.wire_name : "value");
    for (int i = 1; i <= kListItemsMax && any_below(prefix + std::to_string(i)); ++i) {
      const std::string entry = prefix + std::to_string(i) + '.';
      CLOCHE_TRY(const key, scalar(*shape.key.shape, entry + key_name));
      CLOCHE_TRY(const value, member_value(shape.item, entry + value_name));
      out.add(arena_, key.text(), value);
    }
    return out.empty() ? Value() : out;
  }

  // Whether there is a field of that name, or one below it.
  bool any_at(const std::string& name) const {
    const auto found =
        std::lower_bound(fields_.begin(), fields_.end(), name,
                         [](const auto& field, const std::string& n) { return field.first < n; });
    return (found != fields_.end() && found->first == name) || any_below(name);
  }
  bool any_below(const std::string& name) const {
    const std::string prefix = name + '.';
    const auto found =
        std::lower_bound(fields_.begin(), fields_.end(), prefix,
                         [](const auto& field, const std::string& n) { return field.first < n; });
    return found != fields_.end() && found->first.starts_with(prefix);
  }

  const Model& model_;
  Fields fields_;
  Arena& arena_;
};

void append_leaf(std::string& out, std::string_view name, std::string_view text) {
  xml::open(out, name);
  xml::append_text(out, text);
  xml::close(out, name);
}

}  // namespace

Result<Value> read_query(const Model& model, const Operation& operation, const Request& request,
                         std::string_view body, Arena& arena) {
  Fields fields = request.all_queries();
  for (const auto& field : read_form(body, arena)) fields.push_back(field);
  if (operation.input == nullptr) return Value::map();
  Reader reader(model, std::move(fields), arena);
  auto input = reader.structure(*operation.input, "");
  if (!input) return input;
  if (auto checked = check_constraints(model, *input, *operation.input, arena); !checked) {
    // The query services call it by another name than the json ones.
    Error error = std::move(checked).error();
    error.code = "ValidationError";
    return error;
  }
  return input;
}

void write_query(const Model& model, const Operation& operation, const Value& output,
                 const Identity& identity, Answer& answer) {
  answer.content_type = "text/xml";
  std::string& out = answer.body;
  const std::string root = std::string(operation.name) + "Response";
  out = '<' + root + " xmlns=\"" + std::string(model.xml_namespace) + "\">";
  if (model.wire == Wire::Ec2) {
    out.insert(0, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    append_leaf(out, "requestId", identity.request_id);
    if (operation.output != nullptr)
      append_xml_members(out, output, *operation.output, TimeForm::Iso8601Milliseconds);
  } else {
    if (!operation.wrapper.empty()) xml::open(out, operation.wrapper);
    if (operation.output != nullptr)
      append_xml_members(out, output, *operation.output, TimeForm::Iso8601);
    if (!operation.wrapper.empty()) xml::close(out, operation.wrapper);
    xml::open(out, "ResponseMetadata");
    append_leaf(out, "RequestId", identity.request_id);
    xml::close(out, "ResponseMetadata");
  }
  xml::close(out, root);
}

void write_query_error(Wire wire, std::string_view xml_namespace, const Operation* operation,
                       const Error& error, const Identity& identity, Answer& answer) {
  answer.content_type = "text/xml";
  const Shape* shape = error_shape(operation, error.code);
  const std::string_view code = shape != nullptr && !shape->error_code.empty()
                                    ? shape->error_code
                                    : std::string_view(error.code);
  std::string& out = answer.body;
  if (wire == Wire::Ec2) {
    out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>";
    append_leaf(out, "Code", code);
    append_leaf(out, "Message", error.message);
    out += "</Error></Errors>";
    append_leaf(out, "RequestID", identity.request_id);
    out += "</Response>";
    return;
  }
  out = "<ErrorResponse";
  if (!xml_namespace.empty()) out += " xmlns=\"" + std::string(xml_namespace) + '"';
  out += "><Error>";
  append_leaf(out, "Type", error.http_status >= 500 ? "Receiver" : "Sender");
  append_leaf(out, "Code", code);
  append_leaf(out, "Message", error.message);
  for (const auto& [name, value] : error.details) append_leaf(out, name, value);
  out += "</Error>";
  append_leaf(out, "RequestId", identity.request_id);
  out += "</ErrorResponse>";
}

}  // namespace cloche::protocol
