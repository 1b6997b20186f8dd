#include "dynamodb/operation/expressions.h"

#include <algorithm>
#include <string>

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

std::string joined(const Value& input, const auto& names, std::string_view between, auto name) {
  std::string out;
  for (const auto& one : names) {
    if (!input[name(one)].present()) continue;
    if (!out.empty()) out += between;
    out += name(one);
  }
  return out;
}

}  // namespace

std::optional<BoundExpression>& Expressions::of(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::Condition:
      return condition;
    case ExpressionKind::Filter:
      return filter;
    case ExpressionKind::KeyCondition:
      return key_condition;
    case ExpressionKind::Update:
      return update;
    case ExpressionKind::Projection:
      break;
  }
  return projection;
}

Result<void> refuse_mixed(const Value& input, std::initializer_list<ExpressionKind> kinds,
                          std::initializer_list<std::string_view> legacy) {
  const std::string used =
      joined(input, kinds, ", ", [](ExpressionKind kind) { return name_of(kind); });
  if (!used.empty()) {
    std::string older;
    for (const std::string_view name : legacy) {
      // Old key conditions go with the new filters.
      const bool allowed = name == "KeyConditions" && !input["KeyConditionExpression"].present();
      if (!input[name].present() || allowed) continue;
      if (!older.empty()) older += ", ";
      older += name;
    }
    if (!older.empty()) {
      return validation(
          "Can not use both expression and non-expression parameters in the same request: "
          "Non-expression parameters: {" +
          older + "} Expression parameters: {" + used + "}");
    }
  }
  if (input["ExpressionAttributeNames"].present() && used.empty()) {
    return validation("ExpressionAttributeNames can only be specified when using expressions");
  }
  if (!input["ExpressionAttributeValues"].present()) return {};
  std::string with_values;
  std::size_t count = 0;
  for (const ExpressionKind kind : kinds) {
    if (kind == ExpressionKind::Projection) continue;
    if (input[name_of(kind)].present()) return {};
    if (count++ > 0) with_values += " and ";
    with_values += name_of(kind);
  }
  if (count == 0) return {};
  return validation("ExpressionAttributeValues can only be specified when using expressions: " +
                    with_values + (count > 1 ? " are null" : " is null"));
}

Result<Expressions> bind_expressions(ExpressionCache& cache, const Value& input,
                                     std::initializer_list<ExpressionKind> kinds, Arena& arena) {
  Expressions all;
  if (std::ranges::none_of(kinds,
                           [&](ExpressionKind kind) { return input[name_of(kind)].present(); }))
    return all;
  Placeholders placeholders(arena);
  CLOCHE_TRY_VOID(
      placeholders.read(input["ExpressionAttributeNames"], input["ExpressionAttributeValues"]));
  for (const ExpressionKind kind :
       {ExpressionKind::Update, ExpressionKind::Condition, ExpressionKind::KeyCondition,
        ExpressionKind::Filter, ExpressionKind::Projection}) {
    const Value& text = input[name_of(kind)];
    if (std::ranges::find(kinds, kind) == kinds.end() || !text.present()) continue;
    auto tree = cache.get(kind, text.text());
    if (!tree)
      return validation("Invalid " + std::string(name_of(kind)) + ": " + tree.error().message);
    CLOCHE_TRY(bound, placeholders.bind(std::move(*tree)));
    all.of(kind) = std::move(bound);
  }
  CLOCHE_TRY_VOID(placeholders.refuse_unused());
  return all;
}

}  // namespace cloche::dynamodb
