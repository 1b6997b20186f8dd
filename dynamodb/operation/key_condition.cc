#include "dynamodb/operation/key_condition.h"

#include <algorithm>
#include <array>

#include "dynamodb/errors.h"
#include "dynamodb/item/key_bytes.h"
#include "dynamodb/limits.h"
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

// A key of several attributes: all of the partition key by equality, those of the sort key from the
// left without a gap, and a range only on the last. Source: "Multi-attribute keys pattern",
// Developer Guide; the text as recorded in October 2026 (paritysuite/dynamodb-conformance).
Result<KeyMatch> match_parts(const KeySchema& keys, const std::vector<KeyCondition>& conditions,
                             const Value& start_key) {
  KeyMatch match;
  Result<void> outcome;
  const auto keep = [&](Result<void> checked) {
    if (outcome && !checked) outcome = std::move(checked);
    return outcome.has_value();
  };
  keys.each_partition([&](const KeyAttribute& key) {
    if (!keep(check_start_attribute(start_key, key))) return;
    const KeyCondition* condition = find(conditions, key.name);
    if (condition == nullptr) {
      keep(validation("Query condition missed key schema element: " + key.name));
    } else if (keep(check_values(key, *condition))) {
      if (condition->op != KeyOperator::Equal)
        keep(validation("Query key condition not supported"));
      match.partition.push_back(condition);
    }
  });
  // The first attribute that is not held equal, if there is one.
  const KeyAttribute* open = nullptr;
  keys.each_sort([&](const KeyAttribute& key) {
    if (!keep(check_start_attribute(start_key, key))) return;
    const KeyCondition* condition = find(conditions, key.name);
    if (condition != nullptr && open != nullptr) {
      keep(validation("RANGE key attributes " + open->name +
                      " must have equality conditions specified in the query because a condition "
                      "is present on key attribute " +
                      key.name));
      return;
    }
    if (condition != nullptr && keep(check_values(key, *condition)))
      match.sort.push_back(condition);
    if (condition == nullptr || condition->op != KeyOperator::Equal)
      open = open == nullptr ? &key : open;
  });
  CLOCHE_TRY_VOID(outcome);
  if (match.partition.size() + match.sort.size() < conditions.size())
    return validation("Query key condition not supported");
  return match;
}

// The rows whose sort key begins with the attributes held equal, and goes on as the last condition
// says.
engine::KeyRange range_of_parts(const engine::KeyWriter& partition, const KeyMatch& match) {
  std::string prefix;
  const KeyCondition* last = nullptr;
  for (const KeyCondition* condition : match.sort) {
    if (condition->op != KeyOperator::Equal) {
      last = condition;
      break;
    }
    append_key_part(prefix, key_bytes(condition->values[0]));
    end_key_part(prefix);
  }
  const auto at = [&](const std::string& part) {
    return engine::KeyWriter(partition).blob_prefix(part).take();
  };
  const auto past = [&](const std::string& part) {
    return engine::KeyWriter(partition).blob_prefix(part).after().take();
  };
  const engine::KeyRange all{at(prefix), past(prefix)};
  if (last == nullptr) return all;
  const auto with = [&](const Value& value, bool whole) {
    std::string part = prefix;
    append_key_part(part, key_bytes(value));
    if (whole) end_key_part(part);
    return part;
  };
  const std::string whole = with(last->values[0], true);
  switch (last->op) {
    case KeyOperator::Less:
      return {all.from, at(whole)};
    case KeyOperator::LessEqual:
      return {all.from, past(whole)};
    case KeyOperator::Greater:
      return {past(whole), all.to};
    case KeyOperator::GreaterEqual:
      return {at(whole), all.to};
    case KeyOperator::Between:
      return {at(whole), past(with(last->values[1], true))};
    case KeyOperator::BeginsWith: {
      const std::string begin = with(last->values[0], false);
      return {at(begin), past(begin)};
    }
    case KeyOperator::Equal:
    case KeyOperator::NotIndexable:
      break;
  }
  return all;
}

}  // namespace

Result<std::vector<KeyCondition>> key_conditions(const BoundExpression& expression) {
  std::vector<KeyCondition> conditions;
  CLOCHE_TRY_VOID(collect(expression, expression.tree->condition, conditions));
  if (conditions.size() > 2 * kKeyPartsMax)
    return validation("Conditions can be of length 1 or 2 only");
  return conditions;
}

Result<KeyMatch> match_keys(const KeySchema& keys, const std::vector<KeyCondition>& conditions,
                            const Value& start_key) {
  if (!keys.is_plain()) return match_parts(keys, conditions, start_key);
  if (conditions.size() > 2) return validation("Conditions can be of length 1 or 2 only");
  CLOCHE_TRY_VOID(check_start_attribute(start_key, keys.partition));
  if (!keys.sort && conditions.size() > 1) return validation("Query key condition not supported");
  const KeyCondition* partition = find(conditions, keys.partition.name);
  if (partition == nullptr)
    return validation("Query condition missed key schema element: " + keys.partition.name);
  CLOCHE_TRY_VOID(check_values(keys.partition, *partition));
  if (partition->op != KeyOperator::Equal) return validation("Query key condition not supported");
  KeyMatch match;
  match.partition.push_back(partition);
  if (!keys.sort) return match;
  CLOCHE_TRY_VOID(check_start_attribute(start_key, *keys.sort));
  const KeyCondition* sort = find(conditions, keys.sort->name);
  if (sort == nullptr) {
    if (conditions.size() > 1)
      return validation("Query condition missed key schema element: " + keys.sort->name);
    return match;
  }
  CLOCHE_TRY_VOID(check_values(*keys.sort, *sort));
  match.sort.push_back(sort);
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

engine::KeyRange range_of(std::int64_t table_or_index_id, PartitionOrder order,
                          const KeySchema& keys, const KeyMatch& match) {
  std::array<std::string, kKeyPartsMax> bytes;
  std::array<HashedPart, kKeyPartsMax> parts;
  std::size_t count = 0;
  keys.each_partition([&](const KeyAttribute& key) {
    bytes[count] = key_bytes(match.partition[count]->values[0]);
    parts[count] = {key.type, bytes[count]};
    ++count;
  });
  const engine::KeyWriter partition =
      partition_prefix(table_or_index_id, order, std::span(parts.data(), count));
  if (!keys.more_sort.empty()) return range_of_parts(partition, match);
  const auto copy = [&] { return engine::KeyWriter(partition); };
  engine::KeyRange range{partition.bytes(), copy().after().take()};
  if (match.sort.empty()) return range;
  const KeyCondition& sort = *match.sort[0];
  const std::string value = key_bytes(sort.values[0]);
  const std::string at = copy().blob(value).take();
  const std::string past = copy().blob(value).after().take();
  switch (sort.op) {
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
      return {at, copy().blob(key_bytes(sort.values[1])).after().take()};
    case KeyOperator::NotIndexable:
      break;
    case KeyOperator::BeginsWith:
      return {copy().blob_prefix(value).take(), copy().blob_prefix(value).after().take()};
  }
  return range;
}

}  // namespace cloche::dynamodb
