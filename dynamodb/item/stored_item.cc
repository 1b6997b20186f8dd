#include "dynamodb/item/stored_item.h"

#include <charconv>

#include "base/json.h"

namespace cloche::dynamodb {

StoredItem::StoredItem(std::string_view row) {
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), bytes_);
  if (error == std::errc() && end != row.data() + row.size())
    json_ = row.substr(static_cast<std::size_t>(end - row.data()) + 1);
}

Result<Value> StoredItem::tree(Arena& arena) const {
  auto parsed = parse_json(json_, arena);
  if (!parsed || !(*parsed).is(Value::Kind::Map))
    return damaged("dynamodb_items: a stored item is no JSON object");
  return parsed;
}

std::string encode_item(const Value& item, std::size_t bytes) {
  std::string row;
  row.reserve(bytes + item.size() * 16 + 16);
  row = std::to_string(bytes);
  row += ' ';
  append_json(row, item);
  return row;
}

}  // namespace cloche::dynamodb
