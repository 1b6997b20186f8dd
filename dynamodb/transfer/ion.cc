#include "dynamodb/transfer/ion.h"

#include <algorithm>

#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_quoted(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += quote;
}

bool is_identifier(std::string_view name) {
  constexpr std::string_view kWords[] = {"null", "true", "false", "nan"};
  if (name.empty() || std::ranges::find(kWords, name) != std::end(kWords)) return false;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
  };
  const auto fits = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  // $10 would be a symbol by its number.
  return is_letter(name[0]) && name[0] != '$' && std::ranges::all_of(name, fits);
}

// A decimal: 103. for 103, 6d2 for 600.
void append_decimal(std::string& out, std::string_view number) {
  if (number.find('.') != std::string_view::npos) {
    out += number;
    return;
  }
  const std::size_t last = number.find_last_not_of('0');
  if (last == std::string_view::npos || last + 1 == number.size()) {
    out.append(number).append(".");
    return;
  }
  out.append(number.substr(0, last + 1))
      .append("d")
      .append(std::to_string(number.size() - last - 1));
}

void append_value(std::string& out, const Value& attribute);

template <typename F>
void append_list(std::string& out, const Value& list, F append) {
  out += '[';
  for (const Value& element : list.items()) {
    if (out.back() != '[') out += ',';
    append(element);
  }
  out += ']';
}

void append_value(std::string& out, const Value& attribute) {
  const Value& content = content_of(attribute);
  const auto text = [&](const Value& value) { append_quoted(out, value.text(), '"'); };
  const auto number = [&](const Value& value) { append_decimal(out, value.text()); };
  const auto blob = [&](const Value& value) { out.append("{{").append(value.text()).append("}}"); };
  switch (type_of(attribute)) {
    case Type::S:
      return text(content);
    case Type::N:
      return number(content);
    case Type::B:
      return blob(content);
    case Type::Bool:
      out += content.as_bool() ? "true" : "false";
      return;
    case Type::Null:
      out += "null";
      return;
    case Type::Ss:
      out += "$dynamodb_SS::";
      return append_list(out, content, text);
    case Type::Ns:
      out += "$dynamodb_NS::";
      return append_list(out, content, number);
    case Type::Bs:
      out += "$dynamodb_BS::";
      return append_list(out, content, blob);
    case Type::L:
      return append_list(out, content, [&](const Value& element) { append_value(out, element); });
    case Type::M:
      return append_ion(out, content);
  }
}

}  // namespace

void append_ion(std::string& out, const Value& item) {
  out += '{';
  for (const Member& member : item.members()) {
    if (out.back() != '{') out += ',';
    if (is_identifier(member.name)) {
      out += member.name;
    } else {
      append_quoted(out, member.name, '\'');
    }
    out += ':';
    append_value(out, member.value);
  }
  out += '}';
}

}  // namespace cloche::dynamodb
