#include "dynamodb/partiql/plan.h"

#include <algorithm>
#include <span>

#include "dynamodb/errors.h"
#include "dynamodb/expression/check.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

BoundExpression bind(const Statement& statement, Expression tree, Arena& arena) {
  const auto values = arena.array<Value>(statement.values.size());
  std::uninitialized_copy(statement.values.begin(), statement.values.end(), values.begin());
  return {std::make_shared<const Expression>(std::move(tree)), {}, values};
}

BoundExpression bind_condition(const Statement& statement, ExpressionKind kind,
                               const std::vector<const Node*>& parts, Arena& arena) {
  Expression tree;
  tree.kind = kind;
  if (parts.size() == 1) {
    tree.condition = *parts.front();
  } else {
    tree.condition.kind = NodeKind::And;
    for (const Node* part : parts) tree.condition.args.push_back(*part);
  }
  return bind(statement, std::move(tree), arena);
}

// The conditions that must all hold.
std::vector<const Node*> conjuncts(const Statement& statement) {
  std::vector<const Node*> parts;
  if (!statement.where) return parts;
  std::vector<const Node*> open{&*statement.where};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (node->kind != NodeKind::And) {
      parts.push_back(node);
      continue;
    }
    for (auto arg = node->args.rbegin(); arg != node->args.rend(); ++arg) open.push_back(&*arg);
  }
  return parts;
}

bool is_attribute(const Node& node, std::string_view name) {
  return node.kind == NodeKind::Path && node.path.size() == 1 && node.path[0].name == name;
}

Comparator mirrored(Comparator comparator) {
  switch (comparator) {
    case Comparator::Less:
      return Comparator::Greater;
    case Comparator::LessEqual:
      return Comparator::GreaterEqual;
    case Comparator::Greater:
      return Comparator::Less;
    case Comparator::GreaterEqual:
      return Comparator::LessEqual;
    default:
      return comparator;
  }
}

std::optional<KeyOperator> key_operator(Comparator comparator) {
  switch (comparator) {
    case Comparator::Equal:
      return KeyOperator::Equal;
    case Comparator::Less:
      return KeyOperator::Less;
    case Comparator::LessEqual:
      return KeyOperator::LessEqual;
    case Comparator::Greater:
      return KeyOperator::Greater;
    case Comparator::GreaterEqual:
      return KeyOperator::GreaterEqual;
    default:
      return std::nullopt;
  }
}

// A condition that holds one attribute against values, as a key condition.
std::optional<KeyCondition> key_condition(const Statement& statement, const Node& node,
                                          std::string_view attribute) {
  const auto is_value = [](const Node& arg) { return arg.kind == NodeKind::Value; };
  const auto value = [&](std::size_t at) { return statement.values[node.args[at].value]; };
  if (node.kind == NodeKind::Compare) {
    const bool turned = is_value(node.args[0]);
    if (!is_attribute(node.args[turned ? 1 : 0], attribute) || !is_value(node.args[turned ? 0 : 1]))
      return std::nullopt;
    const auto op = key_operator(turned ? mirrored(node.comparator) : node.comparator);
    if (!op) return std::nullopt;
    return KeyCondition{std::string(attribute), *op, {value(turned ? 0 : 1)}};
  }
  if (node.args.empty() || !is_attribute(node.args[0], attribute)) return std::nullopt;
  if (node.kind == NodeKind::Between && is_value(node.args[1]) && is_value(node.args[2]))
    return KeyCondition{std::string(attribute), KeyOperator::Between, {value(1), value(2)}};
  if (node.kind == NodeKind::Function && node.function == Function::BeginsWith &&
      is_value(node.args[1]))
    return KeyCondition{std::string(attribute), KeyOperator::BeginsWith, {value(1)}};
  return std::nullopt;
}

// The values that a condition allows an attribute to equal: "a = 1", "a IN [1, 2]",
// "a = 1 OR a = 2". Nothing if it says anything else.
std::optional<std::vector<Value>> listed_values(const Statement& statement, const Node& node,
                                                std::string_view attribute) {
  if (node.kind == NodeKind::Or) {
    std::vector<Value> all;
    for (const Node& arm : node.args) {
      const auto values = listed_values(statement, arm, attribute);
      if (!values) return std::nullopt;
      all.insert(all.end(), values->begin(), values->end());
    }
    return all;
  }
  if (node.kind == NodeKind::In && is_attribute(node.args[0], attribute)) {
    std::vector<Value> all;
    for (const Node& arg : std::span(node.args).subspan(1)) {
      if (arg.kind != NodeKind::Value) return std::nullopt;
      all.push_back(statement.values[arg.value]);
    }
    return all;
  }
  auto one = key_condition(statement, node, attribute);
  if (!one || one->op != KeyOperator::Equal) return std::nullopt;
  return std::move(one->values);
}

Result<void> check(const BoundExpression& expression) {
  const std::string refusal = refusal_of(expression);
  return refusal.empty() ? Result<void>() : validation(refusal);
}

// The order can only be that of the sort key within one partition.
Result<engine::Direction> direction_of(const Statement& statement, const KeySchema& keys,
                                       bool in_partition) {
  if (statement.order.empty()) return engine::Direction::Forward;
  if (!statement.where) {
    return validation("Must have WHERE clause in the statement when using ORDER BY clause.");
  }
  if (!in_partition) {
    return validation(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER "
        "BY clause.");
  }
  bool descending = false;
  for (const OrderBy& by : statement.order) {
    if (by.attribute == keys.partition.name) continue;
    if (!keys.sort || by.attribute != keys.sort->name) {
      return validation("Variable reference " + by.attribute +
                        " in ORDER BY clause must be part of the primary key");
    }
    descending = by.descending;
  }
  return descending ? engine::Direction::Backward : engine::Direction::Forward;
}

}  // namespace

std::optional<KeyedCondition> split_by_key(const Statement& statement, const Table& table,
                                           Arena& arena) {
  KeyedCondition out{Value::map(), std::nullopt};
  std::vector<const Node*> rest = conjuncts(statement);
  for (const KeyAttribute* key :
       {&table.keys.partition, table.keys.sort ? &*table.keys.sort : nullptr}) {
    if (key == nullptr) continue;
    const auto found = std::ranges::find_if(rest, [&](const Node* node) {
      const auto condition = key_condition(statement, *node, key->name);
      return condition && condition->op == KeyOperator::Equal;
    });
    if (found == rest.end()) return std::nullopt;
    out.key.add(arena, arena.copy(key->name),
                key_condition(statement, **found, key->name)->values[0]);
    rest.erase(found);
  }
  if (!rest.empty()) out.rest = bind_condition(statement, ExpressionKind::Condition, rest, arena);
  return out;
}

Result<WritePlan> plan_write(Service& service, const Statement& statement, const Table& table,
                             const Value& input, Arena& arena) {
  const std::string_view name = arena.copy(table.name);
  if (statement.kind == StatementKind::Insert) {
    Value put = Value::map();
    put.add(arena, "Item", statement.item);
    CLOCHE_TRY(plan, plan_put(service, put, arena));
    plan.table_name = name;
    plan.refuses_existing = true;
    return plan;
  }
  auto keyed = split_by_key(statement, table, arena);
  if (!keyed) {
    return validation("Where clause does not contain a mandatory equality on all key attributes");
  }
  WritePlan plan;
  plan.table_name = name;
  plan.keys = keyed->key;
  plan.return_values = statement.returning;
  plan.return_item_on_failure = input["ReturnValuesOnConditionCheckFailure"].text() == "ALL_OLD";
  if (keyed->rest) CLOCHE_TRY_VOID(check(*keyed->rest));
  plan.expressions.condition = std::move(keyed->rest);
  plan.kind = statement.kind == StatementKind::Update   ? WriteKind::Update
              : statement.kind == StatementKind::Delete ? WriteKind::Delete
                                                        : WriteKind::Check;
  plan.refuses_missing = statement.kind != StatementKind::Delete;
  if (statement.kind != StatementKind::Update) return plan;
  Expression tree;
  tree.kind = ExpressionKind::Update;
  tree.actions = statement.actions;
  BoundExpression update = bind(statement, std::move(tree), arena);
  CLOCHE_TRY_VOID(check(update));
  plan.expressions.update = std::move(update);
  return plan;
}

Result<Projection> plan_projection_of(const Statement& statement, Arena& arena) {
  if (statement.projection.empty()) return Projection();
  Expression tree;
  tree.kind = ExpressionKind::Projection;
  tree.paths = statement.projection;
  BoundExpression projection = bind(statement, std::move(tree), arena);
  CLOCHE_TRY_VOID(check(projection));
  return Projection::columns(std::move(projection));
}

Result<SelectPlan> plan_select(const Statement& statement, const KeySchema& keys, Arena& arena) {
  SelectPlan plan;
  std::vector<const Node*> rest = conjuncts(statement);
  // The alternatives for one attribute; what they come from is no more left to filter.
  const auto take = [&](std::string_view attribute, bool only_equal) {
    std::vector<KeyCondition> found;
    for (auto part = rest.begin(); part != rest.end() && found.empty(); ++part) {
      const auto listed = listed_values(statement, **part, attribute);
      auto range = only_equal ? std::nullopt : key_condition(statement, **part, attribute);
      if (listed) {
        for (const Value& value : *listed)
          found.push_back({std::string(attribute), KeyOperator::Equal, {value}});
      } else if (range) {
        found.push_back(*std::move(range));
      }
      if (!found.empty()) {
        rest.erase(part);
        break;
      }
    }
    return found;
  };
  const std::vector<KeyCondition> partitions = take(keys.partition.name, true);
  std::vector<KeyCondition> sorts;
  if (!partitions.empty() && keys.sort) sorts = take(keys.sort->name, false);
  if (partitions.size() * std::max<std::size_t>(1, sorts.size()) > kDecomposedReadsMax)
    return validation("Too many decomposed read operations for a given query.");
  for (const KeyCondition& partition : partitions) {
    if (sorts.empty()) plan.reads.push_back({partition});
    for (const KeyCondition& sort : sorts) plan.reads.push_back({partition, sort});
  }
  CLOCHE_TRY(const direction, direction_of(statement, keys, !partitions.empty()));
  plan.direction = direction;
  if (!rest.empty()) {
    plan.page.filter = bind_condition(statement, ExpressionKind::Filter, rest, arena);
    CLOCHE_TRY_VOID(check(*plan.page.filter));
  }
  CLOCHE_TRY(projection, plan_projection_of(statement, arena));
  plan.page.projection = std::move(projection);
  for (const DocumentPath& path : statement.projection)
    plan.page.asked.push_back(arena.copy(path[0].name));
  return plan;
}

}  // namespace cloche::dynamodb
