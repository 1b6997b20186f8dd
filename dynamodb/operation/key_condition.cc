#include "dynamodb/operation/key_condition.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/item/key_bytes.h"
#include "dynamodb/operation/page.h"
#include "dynamodb/table/items.h"

namespace cloche::dynamodb {
namespace {

Error invalid_operator(std::string_view name) {
  return validation("Invalid operator used in KeyConditionExpression: " + std::string(name));
}

Error invalid_condition(std::string_view what) {
  return validation("Invalid condition in KeyConditionExpression: " + std::string(what));
}

// The same comparison with its sides exchanged.
KeyOperator operator_of(Comparator comparator, bool exchanged) {
  switch (comparator) {
    case Comparator::Less:
      return exchanged ? KeyOperator::Greater : KeyOperator::Less;
    case Comparator::LessEqual:
      return exchanged ? KeyOperator::GreaterEqual : KeyOperator::LessEqual;
    case Comparator::Greater:
      return exchanged ? KeyOperator::Less : KeyOperator::Greater;
    case Comparator::GreaterEqual:
      return exchanged ? KeyOperator::LessEqual : KeyOperator::GreaterEqual;
    default:
      return KeyOperator::Equal;
  }
}

Result<void> refuse_unindexable(const Node& node) {
  switch (node.kind) {
    case NodeKind::Or:
      return invalid_operator("OR");
    case NodeKind::Not:
      return invalid_operator("NOT");
    case NodeKind::In:
      return invalid_operator("IN");
    case NodeKind::Between:
      if (node.args[0].kind == NodeKind::Path) return {};
      return invalid_condition("BETWEEN operator must have the key attribute as its first operand");
    case NodeKind::Compare:
      if (node.comparator == Comparator::NotEqual) return invalid_operator("<>");
      return {};
    case NodeKind::Function:
      break;
    default:
      return {};
  }
  if (node.function == Function::Size)
    return validation("KeyConditionExpressions cannot contain nested operations");
  if (node.function != Function::BeginsWith) return invalid_operator(node.name);
  if (node.args[0].kind == NodeKind::Path) return {};
  return invalid_condition("begins_with operator must have the key attribute as its first operand");
}

Result<void> collect(const BoundExpression& e, const Node& node, std::vector<KeyCondition>& into) {
  CLOCHE_TRY_VOID(refuse_unindexable(node));
  if (node.kind == NodeKind::And) {
    for (const Node& arg : node.args) CLOCHE_TRY_VOID(collect(e, arg, into));
    return {};
  }
  KeyCondition condition;
  bool exchanged = false;
  for (std::size_t i = 0; i < node.args.size(); ++i) {
    const Node& arg = node.args[i];
    if (arg.kind == NodeKind::Function)
      return validation("KeyConditionExpressions cannot contain nested operations");
    if (arg.kind == NodeKind::Value) {
      condition.values.push_back(e.value(arg));
      continue;
    }
    if (!condition.attribute.empty())
      return invalid_condition("Multiple attribute names used in one condition");
    if (arg.path.size() > 1)
      return validation("KeyConditionExpressions cannot have conditions on nested attributes");
    condition.attribute = e.name(arg.path[0]);
    exchanged = i > 0;
  }
  if (condition.attribute.empty()) return invalid_condition("No key attribute specified");
  if (std::ranges::find(into, condition.attribute, &KeyCondition::attribute) != into.end()) {
    return validation("KeyConditionExpressions must only contain one condition per key");
  }
  condition.op = node.kind == NodeKind::Between    ? KeyOperator::Between
                 : node.kind == NodeKind::Function ? KeyOperator::BeginsWith
                                                   : operator_of(node.comparator, exchanged);
  into.push_back(std::move(condition));
  return {};
}

const KeyCondition* find(const std::vector<KeyCondition>& conditions, std::string_view attribute) {
  const auto found = std::ranges::find(conditions, attribute, &KeyCondition::attribute);
  return found == conditions.end() ? nullptr : &*found;
}

Result<void> check_values(const KeyAttribute& key, const KeyCondition& condition) {
  if (condition.op == KeyOperator::NotIndexable)
    return validation("Attempted conditional constraint is not an indexable operation");
  for (const Value& value : condition.values) {
    if (type_of(value) != key.type)
      return invalid_value("Condition parameter type does not match schema type");
    const bool has_bytes = key.type != Type::N;
    if (has_bytes && condition.op == KeyOperator::Equal && content_of(value).text().empty()) {
      return validation(
          "One or more parameter values are not valid. The AttributeValue for a key attribute "
          "cannot contain an empty " +
          std::string(key.type == Type::S ? "string" : "binary") + " value. Key: " + key.name);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<KeyCondition>> key_conditions(const BoundExpression& expression) {
  std::vector<KeyCondition> conditions;
  CLOCHE_TRY_VOID(collect(expression, expression.tree->condition, conditions));
  if (conditions.size() > 2) return validation("Conditions can be of length 1 or 2 only");
  return conditions;
}

Result<KeyMatch> match_keys(const KeySchema& keys, const std::vector<KeyCondition>& conditions,
                            const Value& start_key) {
  CLOCHE_TRY_VOID(check_start_attribute(start_key, keys.partition));
  if (!keys.sort && conditions.size() > 1) return validation("Query key condition not supported");
  KeyMatch match{find(conditions, keys.partition.name), nullptr};
  if (match.partition == nullptr)
    return validation("Query condition missed key schema element: " + keys.partition.name);
  CLOCHE_TRY_VOID(check_values(keys.partition, *match.partition));
  if (match.partition->op != KeyOperator::Equal)
    return validation("Query key condition not supported");
  if (!keys.sort) return match;
  CLOCHE_TRY_VOID(check_start_attribute(start_key, *keys.sort));
  match.sort = find(conditions, keys.sort->name);
  if (match.sort == nullptr) {
    if (conditions.size() > 1)
      return validation("Query condition missed key schema element: " + keys.sort->name);
    return match;
  }
  CLOCHE_TRY_VOID(check_values(*keys.sort, *match.sort));
  return match;
}

bool fulfils(const KeyCondition& condition, const Value& attribute) {
  const auto order = [&](std::size_t at) {
    return compare(attribute, condition.values[at]).value_or(0);
  };
  switch (condition.op) {
    case KeyOperator::Equal:
      return order(0) == 0;
    case KeyOperator::Less:
      return order(0) < 0;
    case KeyOperator::LessEqual:
      return order(0) <= 0;
    case KeyOperator::Greater:
      return order(0) > 0;
    case KeyOperator::GreaterEqual:
      return order(0) >= 0;
    case KeyOperator::Between:
      return order(0) >= 0 && order(1) <= 0;
    case KeyOperator::BeginsWith:
      return key_bytes(attribute).starts_with(key_bytes(condition.values[0]));
    case KeyOperator::NotIndexable:
      break;
  }
  return false;
}

engine::KeyRange range_of(std::int64_t table_or_index_id, const KeyMatch& match) {
  const engine::KeyWriter partition =
      partition_prefix(table_or_index_id, key_bytes(match.partition->values[0]));
  const auto copy = [&] { return engine::KeyWriter(partition); };
  engine::KeyRange range{partition.bytes(), copy().after().take()};
  if (match.sort == nullptr) return range;
  const std::string bytes = key_bytes(match.sort->values[0]);
  const std::string at = copy().blob(bytes).take();
  const std::string past = copy().blob(bytes).after().take();
  switch (match.sort->op) {
    case KeyOperator::Equal:
      return {at, past};
    case KeyOperator::Less:
      return {range.from, at};
    case KeyOperator::LessEqual:
      return {range.from, past};
    case KeyOperator::Greater:
      return {past, range.to};
    case KeyOperator::GreaterEqual:
      return {at, range.to};
    case KeyOperator::Between:
      return {at, copy().blob(key_bytes(match.sort->values[1])).after().take()};
    case KeyOperator::NotIndexable:
      break;
    case KeyOperator::BeginsWith:
      return {copy().blob_prefix(bytes).take(), copy().blob_prefix(bytes).after().take()};
  }
  return range;
}

}  // namespace cloche::dynamodb
