// JSON of an item: checked, stored, read again. What is canonical stays as it is.
#include "base/check.h"
#include "base/json.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/item/stored_item.h"
#include "tests/fuzz/target.h"

using namespace cloche;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  Arena arena;
  // A damaged row is told if it is no JSON any more.
  static_cast<void>(dynamodb::StoredItem(text).tree(arena));

  const auto parsed = parse_json(text, arena);
  if (!parsed) return 0;
  const auto item = dynamodb::check_item(*parsed, arena);
  if (!item) return 0;
  CLOCHE_CHECK(item->bytes == dynamodb::item_bytes(item->value));
  const std::string row = dynamodb::encode_item(item->value, item->bytes);
  const dynamodb::StoredItem stored(row);
  CLOCHE_CHECK(stored.bytes() == item->bytes);
  const auto tree = stored.tree(arena);
  CLOCHE_CHECK(tree);
  const auto again = dynamodb::check_item(*tree, arena);
  CLOCHE_CHECK(again && again->bytes == item->bytes);
  CLOCHE_CHECK(dynamodb::encode_item(again->value, again->bytes) == row);
  CLOCHE_CHECK(again->value.members().size() == item->value.members().size());
  return 0;
}
