#include "cli/change_text.h"

#include "base/json.h"
#include "cli/human.h"

namespace cloche::cli {
namespace {

// Long enough for a policy's beginning, short enough for a line.
constexpr std::size_t kValueMax = 160;

std::string json_of(const Value& value) {
  std::string json;
  append_json(json, value);
  return json;
}

std::string cut(std::string text) {
  if (text.size() <= kValueMax) return text;
  std::size_t end = kValueMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

// {"N":"12"} -> 12, {"S":"a"} -> "a"; sets, lists and maps as they are.
std::string attribute_text(const Value& value) {
  if (value.size() != 1 || !value.is(Value::Kind::Map)) return json_of(value);
  const Member& only = value.members().front();
  if (only.name == "N") return only.value.str();
  if (only.name == "S" || only.name == "BOOL") return json_of(only.value);
  return json_of(value);
}

std::string member_text(const Value& value, bool is_item) {
  if (is_item) return cut(harmless(attribute_text(value)));
  return cut(harmless(value.is(Value::Kind::String) ? value.text() : json_of(value)));
}

bool is_item(const Value& change) { return change["kind"].text() == "item"; }

// An item's key: id="a" n=12. All others by their name.
std::string name_text(const Value& change) {
  Arena arena;
  const auto key = parse_json(change["name"].text(), arena);
  if (!is_item(change) || !key) return harmless(change["name"].text());
  std::string text;
  for (const Member& part : key->members())
    text += (text.empty() ? "" : " ") + std::string(part.name) + "=" + attribute_text(part.value);
  return harmless(text);
}

bool is_equal(const Value& a, const Value& b) { return json_of(a) == json_of(b); }

}  // namespace

std::string owner_text(const Value& change) {
  const Value& owner = change["owner"];
  std::string text =
      change["service"].str() + " " + owner["kind"].str() + " " + harmless(owner["name"].text());
  // Buckets are known everywhere by their names.
  if (change["service"].text() == "s3") return text;
  text += " (" + owner["region"].str();
  if (owner["account"].text() != "000000000000") text += ", " + owner["account"].str();
  return text + ")";
}

std::string change_text(const Value& change) {
  const std::string_view what = change["change"].text();
  const bool is_new = what == "added", is_gone = what == "removed";
  std::string text = std::string(is_new ? "+ " : is_gone ? "- " : "~ ") + change["kind"].str();
  if (change["name"]) text += " " + name_text(change);
  if (change["version"]) text += " (" + harmless(change["version"].text()) + ")";
  text = painted(is_new ? Colour::Green : is_gone ? Colour::Red : Colour::Yellow, text);
  const auto before = change["bytes_before"].as_integer(),
             after = change["bytes_after"].as_integer();
  const auto size = [](std::int64_t bytes) {
    return human_size(static_cast<std::uint64_t>(bytes));
  };
  if (before && after && *before != *after)
    return text + "  " + size(*before) + " -> " + size(*after);
  const std::int64_t bytes = after.value_or(before.value_or(0));
  return bytes == 0 ? text : text + "  " + size(bytes);
}

std::string difference_text(const Value& change, std::string_view indent) {
  const Value& before = change["before"];
  const Value& after = change["after"];
  if (!before || !after) return "";
  std::string text;
  const auto line = [&](Colour colour, std::string_view sign, std::string_view name,
                        const std::string& what) {
    text += std::string(indent) + painted(colour, std::string(sign) + " " + harmless(name)) + "  " +
            what + "\n";
  };
  for (const Member& member : before.members()) {
    const Value& now = after[member.name];
    const std::string was = member_text(member.value, is_item(change));
    if (!now.present() && !now.is(Value::Kind::Null)) {
      line(Colour::Red, "-", member.name, was);
    } else if (!is_equal(member.value, now)) {
      line(Colour::Yellow, "~", member.name, was + " -> " + member_text(now, is_item(change)));
    }
  }
  for (const Member& member : after.members()) {
    if (before[member.name].is(Value::Kind::Absent))
      line(Colour::Green, "+", member.name, member_text(member.value, is_item(change)));
  }
  return text;
}

}  // namespace cloche::cli
