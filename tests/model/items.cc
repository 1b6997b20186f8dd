#include "tests/model/items.h"

namespace cloche::model {

std::string Attribute::json() const {
  std::string out;
  switch (kind) {
    case Kind::Number:
      return R"({"N":")" + std::to_string(number) + R"("})";
    case Kind::String:
      return R"({"S":")" + text + R"("})";
    case Kind::StringSet:
      for (const std::string& member : set) out += (out.empty() ? "\"" : ",\"") + member + "\"";
      return R"({"SS":[)" + out + "]}";
    case Kind::NumberList:
      for (const std::int64_t member : list) {
        if (!out.empty()) out += ",";
        out += R"({"N":")" + std::to_string(member) + R"("})";
      }
      return R"({"L":[)" + out + "]}";
  }
  return out;
}

std::string Key::json() const {
  return R"({"p":{"S":")" + p + R"("},"s":{"N":")" + std::to_string(s) + R"("}})";
}

Key key_of(const Item& item) { return {item.at("p").text, item.at("s").number}; }

std::string json_of(const Item& item) {
  std::string out;
  for (const auto& [name, attribute] : item)
    out += (out.empty() ? "\"" : ",\"") + name + "\":" + attribute.json();
  return "{" + out + "}";
}

std::string json_of(const Item& item, const std::set<std::string>& names) {
  Item part;
  for (const auto& [name, attribute] : item) {
    if (names.contains(name)) part.emplace(name, attribute);
  }
  return json_of(part);
}

void carry_out(Table& table, const Change& change) {
  if (change.exists) {
    table.insert_or_assign(change.key, change.item);
  } else {
    table.erase(change.key);
  }
}

bool holds(const Table& table, const Change& change) {
  const auto found = table.find(change.key);
  return change.exists ? found != table.end() && found->second == change.item
                       : found == table.end();
}

}  // namespace cloche::model
