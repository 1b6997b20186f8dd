// Four lines: an expression after the letter of its kind (c, f, k, u, p), then as JSON its names,
// its values, and the item that it is applied to. Missing lines are none.
#include "base/check.h"
#include "base/json.h"
#include "dynamodb/expression/bind.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/item/attribute.h"
#include "tests/fuzz/target.h"

using namespace cloche;
using dynamodb::ExpressionKind;

namespace {

ExpressionKind kind_of(char letter) {
  switch (letter) {
    case 'f':
      return ExpressionKind::Filter;
    case 'k':
      return ExpressionKind::KeyCondition;
    case 'u':
      return ExpressionKind::Update;
    case 'p':
      return ExpressionKind::Projection;
    default:
      return ExpressionKind::Condition;
  }
}

Value json(std::string_view line, Arena& arena) {
  const auto parsed = parse_json(line, arena);
  return parsed ? *parsed : Value();
}

Result<void> apply(const dynamodb::BoundExpression& bound, const Value& item, Arena& arena) {
  switch (bound.tree->kind) {
    case ExpressionKind::Projection: {
      const Value part = dynamodb::project(bound, dynamodb::paths_of(*bound.tree), item, arena);
      CLOCHE_CHECK(dynamodb::item_bytes(part) <= dynamodb::item_bytes(item));
      return {};
    }
    case ExpressionKind::Update: {
      CLOCHE_TRY(const after, dynamodb::update(bound, item, arena));
      // What an update leaves is an item, but for its size and depth, which the caller looks at.
      if (dynamodb::is_nested_too_deep(after)) return {};
      const auto checked = dynamodb::check_item(after, arena);
      CLOCHE_CHECK(checked && checked->bytes == dynamodb::item_bytes(after));
      return {};
    }
    default:
      static_cast<void>(dynamodb::holds(bound, item));
      return {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  const std::string_view expression = fuzz::take_line(text);
  if (expression.empty()) return 0;
  auto tree = dynamodb::parse_expression(kind_of(expression[0]), expression.substr(1));
  if (!tree) return 0;
  Arena arena;
  const Value names = json(fuzz::take_line(text), arena);
  const Value values = json(fuzz::take_line(text), arena);
  const auto item = dynamodb::check_item(json(fuzz::take_line(text), arena), arena);
  dynamodb::Placeholders placeholders(arena);
  if (!placeholders.read(names, values)) return 0;
  const auto bound = placeholders.bind(*tree);
  if (!bound || !item) return 0;
  static_cast<void>(placeholders.refuse_unused());
  static_cast<void>(apply(*bound, item->value, arena));
  return 0;
}
