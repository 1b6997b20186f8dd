#include "protocol/codec/xml_document.h"

#include "base/time_text.h"
#include "protocol/codec/codec.h"
#include "protocol/codec/scalar.h"
#include "protocol/xml/xml.h"

namespace cloche::protocol {
namespace {

Error malformed() {
  return refused(
      400, "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published "
      "schema");
}

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

Result<Value> read_node(const xml::Node& node, const Shape& shape, Arena& arena);

bool is_flat(const ShapeMember& member) { return member.flattened || member.shape->flattened; }

// The name of an item's element: "member" unless the model tells another.
std::string_view item_name(const Shape& list) {
  return list.item.renamed ? list.item.wire_name : std::string_view("member");
}

Result<void> add_entry(Value& map, const xml::Node& entry, const Shape& shape, Arena& arena) {
  const xml::Node* key = entry.child(shape.key.renamed ? shape.key.wire_name : "key");
  const xml::Node* value = entry.child(shape.item.renamed ? shape.item.wire_name : "value");
  if (key == nullptr || value == nullptr) return malformed();
  CLOCHE_TRY(const read, read_node(*value, *shape.item.shape, arena));
  map.add(arena, key->text, read);
  return {};
}

// A flat list's items are the elements of the member's name that stand side by side in the parent.
Result<Value> read_flat(const xml::Node& parent, const ShapeMember& member, Arena& arena) {
  const bool is_map = member.shape->type == Type::Map;
  const std::string_view name = member.renamed || is_map || !member.shape->item.renamed
                                    ? member.wire_name
                                    : member.shape->item.wire_name;
  Value out = is_map ? Value::map() : Value::list();
  for (const xml::Node* node = parent.first; node != nullptr; node = node->next) {
    if (node->name != name) continue;
    if (is_map) {
      CLOCHE_TRY_VOID(add_entry(out, *node, *member.shape, arena));
    } else {
      CLOCHE_TRY(const item, read_node(*node, *member.shape->item.shape, arena));
      out.push(arena, item);
    }
  }
  return out.empty() ? Value() : out;
}

Result<Value> read_member(const xml::Node& parent, const ShapeMember& member, Arena& arena) {
  if (member.attribute) {
    for (const xml::Attribute& attribute : parent.attributes) {
      if (attribute.name == local_name(member.wire_name)) return Value::string(attribute.value);
    }
    return Value();
  }
  if ((member.shape->type == Type::List || member.shape->type == Type::Map) && is_flat(member)) {
    return read_flat(parent, member, arena);
  }
  const xml::Node* node = parent.child(local_name(member.wire_name));
  if (node == nullptr) return Value();
  return read_node(*node, *member.shape, arena);
}

Result<Value> read_structure(const xml::Node& node, const Shape& shape, Arena& arena) {
  Value out = Value::map();
  for (const ShapeMember& member : shape.members) {
    if (member.place != Place::Body) continue;
    CLOCHE_TRY(const value, read_member(node, member, arena));
    if (value.present()) {
      out.add(arena, member.name, value);
    } else if (member.required && !is_flat(member)) {
      return malformed();
    }
  }
  return out;
}

Result<Value> read_node(const xml::Node& node, const Shape& shape, Arena& arena) {
  switch (shape.type) {
    case Type::Structure:
      return read_structure(node, shape, arena);
    case Type::List: {
      Value out = Value::list();
      const std::string_view name = item_name(shape);
      for (const xml::Node* item = node.first; item != nullptr; item = item->next) {
        if (item->name != name) continue;
        CLOCHE_TRY(const value, read_node(*item, *shape.item.shape, arena));
        out.push(arena, value);
      }
      return out;
    }
    case Type::Map: {
      Value out = Value::map();
      for (const xml::Node* entry = node.first; entry != nullptr; entry = entry->next) {
        CLOCHE_TRY_VOID(add_entry(out, *entry, shape, arena));
      }
      return out;
    }
    case Type::String:
      if (node.first != nullptr) return malformed();
      return Value::string(node.text);
    default: {
      const auto value = value_from_text(trimmed(node.text), shape, arena);
      if (!value || node.first != nullptr) return malformed();
      return *value;
    }
  }
}

}  // namespace

Result<Value> read_xml_document(std::string_view text, const Shape& shape, std::string_view root,
                                Arena& arena) {
  CLOCHE_TRY(const document, xml::parse(text, arena));
  if (!root.empty() && document->name != root) return malformed();
  return read_node(*document, shape, arena);
}

namespace {

void append_element(std::string& out, std::string_view name, const Value& value,
                    const ShapeMember& member, TimeForm form) {
  const Shape& shape = *member.shape;
  out += '<';
  out += name;
  append_xml_attributes(out, value, member);
  out += '>';
  switch (shape.type) {
    case Type::Structure:
      append_xml_members(out, value, shape, form);
      break;
    case Type::List: {
      const std::string_view item = item_name(shape);
      for (const Value& each : value.items()) append_element(out, item, each, shape.item, form);
      break;
    }
    case Type::Map:
      for (const Member& entry : value.members()) {
        out += "<entry>";
        append_element(out, shape.key.renamed ? shape.key.wire_name : "key",
                       Value::string(entry.name), shape.key, form);
        append_element(out, shape.item.renamed ? shape.item.wire_name : "value", entry.value,
                       shape.item, form);
        out += "</entry>";
      }
      break;
    case Type::String:
      xml::append_text(out, value.text());
      break;
    case Type::Timestamp:
      // Services that keep documents as JSON have their times as seconds.
      if (const auto at =
              value.is(Value::Kind::Number) ? parse_epoch_seconds(value.text()) : std::nullopt) {
        append_scalar(out, Value::timestamp(*at), time_form(member, form));
        break;
      }
      [[fallthrough]];
    default:
      append_scalar(out, value, time_form(member, form));
  }
  xml::close(out, name);
}

}  // namespace

void append_xml_attributes(std::string& out, const Value& value, const ShapeMember& member) {
  const Shape& shape = *member.shape;
  const std::string_view xml_namespace =
      member.xml_namespace.empty() ? shape.xml_namespace : member.xml_namespace;
  const std::string_view prefix = member.xml_prefix.empty() ? shape.xml_prefix : member.xml_prefix;
  if (!prefix.empty()) {
    out += " xmlns:";
    out += prefix;
    out += "=\"";
    out += xml_namespace;
    out += '"';
  }
  if (shape.type != Type::Structure) return;
  for (const ShapeMember& attribute : shape.members) {
    if (!attribute.attribute) continue;
    const Value& text = value.find(attribute.name);
    if (!text.present()) continue;
    out += ' ';
    out += attribute.wire_name;
    out += "=\"";
    xml::append_text(out, text.text());
    out += '"';
  }
}

void append_xml_member(std::string& out, const Value& value, const ShapeMember& member,
                       TimeForm form) {
  const Shape& shape = *member.shape;
  if (shape.type == Type::List && is_flat(member)) {
    const std::string_view name =
        member.renamed || !shape.item.renamed ? member.wire_name : shape.item.wire_name;
    for (const Value& item : value.items()) append_element(out, name, item, shape.item, form);
    return;
  }
  if (shape.type == Type::Map && is_flat(member)) {
    for (const Member& entry : value.members()) {
      xml::open(out, member.wire_name);
      append_element(out, shape.key.renamed ? shape.key.wire_name : "key",
                     Value::string(entry.name), shape.key, form);
      append_element(out, shape.item.renamed ? shape.item.wire_name : "value", entry.value,
                     shape.item, form);
      xml::close(out, member.wire_name);
    }
    return;
  }
  append_element(out, member.wire_name, value, member, form);
}

void append_xml_members(std::string& out, const Value& value, const Shape& shape, TimeForm form) {
  // Members come in the order that the service built them in, which is the order that AWS's answers
  // have.
  for (const Member& entry : value.members()) {
    if (!entry.value.present()) continue;
    const ShapeMember* member = shape.find(entry.name);
    if (member == nullptr || member->place != Place::Body || member->attribute) continue;
    append_xml_member(out, entry.value, *member, form);
  }
}

}  // namespace cloche::protocol
