#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/legacy/legacy.h"
#include "dynamodb/legacy/tree_builder.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

// How many values an operator takes, and of which types.
struct Operator {
  std::string_view name;
  std::size_t least, most;
  std::string_view types;  // Each followed by a blank; empty: takes no values.
};
constexpr std::string_view kScalars = "S N B ";
constexpr Operator kOperators[] = {
    {"NULL", 0, 0, ""},
    {"NOT_NULL", 0, 0, ""},
    {"EQ", 1, 1, ""},  // Any type.
    {"NE", 1, 1, ""},
    {"LE", 1, 1, kScalars},
    {"LT", 1, 1, kScalars},
    {"GE", 1, 1, kScalars},
    {"GT", 1, 1, kScalars},
    {"CONTAINS", 1, 1, kScalars},
    {"NOT_CONTAINS", 1, 1, kScalars},
    {"BEGINS_WITH", 1, 1, "S B "},
    {"IN", 1, 1'000'000, kScalars},
    {"BETWEEN", 2, 2, kScalars},
};

Result<std::vector<Value>> checked_values(const Value& list, Arena& arena) {
  std::vector<Value> values;
  for (const Value& value : list.items()) {
    CLOCHE_TRY(const checked, check_attribute(value, arena));
    values.push_back(checked.value);
  }
  return values;
}

Result<void> check_operands(std::string_view name, const std::vector<Value>& values) {
  const Operator& op = *std::ranges::find(kOperators, name, &Operator::name);
  if (values.size() < op.least || values.size() > op.most) {
    return invalid_value("Invalid number of argument(s) for the " + std::string(name) +
                         " ComparisonOperator");
  }
  if (values.empty()) return {};
  const Type type = type_of(values.front());
  if (std::ranges::any_of(values, [&](const Value& value) { return type_of(value) != type; })) {
    return invalid_value("AttributeValues inside AttributeValueList must be of same type");
  }
  if (!op.types.empty() &&
      op.types.find(std::string(name_of(type)) + " ") == std::string_view::npos) {
    return invalid_value("ComparisonOperator " + std::string(name) + " is not valid for " +
                         std::string(name_of(type)) + " AttributeValue type");
  }
  if (name == "BETWEEN" && compare(values[0], values[1]).value_or(0) > 0) {
    return validation(
        "The BETWEEN condition was provided a range where the lower bound is greater than the "
        "upper bound");
  }
  return {};
}

// One attribute's condition as a node.
Node condition_node(TreeBuilder& builder, std::string_view attribute, std::string_view op,
                    const std::vector<Value>& values) {
  std::vector<Node> args;
  args.push_back(TreeBuilder::attribute(attribute));
  for (const Value& value : values) args.push_back(builder.value(value));
  const auto comparison = [&](Comparator comparator) {
    return TreeBuilder::compare(comparator, std::move(args[0]), std::move(args[1]));
  };
  const auto function = [&](Function kind) { return TreeBuilder::function(kind, std::move(args)); };
  if (op == "EQ") return comparison(Comparator::Equal);
  if (op == "NE") return comparison(Comparator::NotEqual);
  if (op == "LE") return comparison(Comparator::LessEqual);
  if (op == "LT") return comparison(Comparator::Less);
  if (op == "GE") return comparison(Comparator::GreaterEqual);
  if (op == "GT") return comparison(Comparator::Greater);
  if (op == "NOT_NULL") return function(Function::AttributeExists);
  if (op == "NULL") return function(Function::AttributeNotExists);
  if (op == "CONTAINS") return function(Function::Contains);
  if (op == "NOT_CONTAINS") return TreeBuilder::negation(function(Function::Contains));
  if (op == "BEGINS_WITH") return function(Function::BeginsWith);
  Node node;
  node.kind = op == "IN" ? NodeKind::In : NodeKind::Between;
  node.args = std::move(args);
  return node;
}

BoundExpression joined(TreeBuilder& builder, std::vector<Node> nodes,
                       const Value& conditional_operator, Arena& arena) {
  Node& root = builder.tree().condition;
  root.kind = conditional_operator.text() == "OR" ? NodeKind::Or : NodeKind::And;
  root.args = std::move(nodes);
  return builder.finish(arena);
}

// What Expected says of one attribute: an operator with values, or a value that must be there, or
// that there must be none.
Result<Node> expected_node(TreeBuilder& builder, const Member& member, Arena& arena) {
  const std::string for_attribute = " for Attribute: " + std::string(member.name);
  const Value& list = member.value["AttributeValueList"];
  const Value& value = member.value["Value"];
  const Value& exists = member.value["Exists"];
  const std::string op = member.value["ComparisonOperator"].str();
  if (list.present() && value.present())
    return invalid_value("Value and AttributeValueList cannot be used together" + for_attribute);
  std::vector<Value> values;
  if (value.present()) {
    CLOCHE_TRY(const checked, check_attribute(value, arena));
    values.push_back(checked.value);
  }
  if (!op.empty()) {
    if (exists.present())
      return invalid_value("Exists and ComparisonOperator cannot be used together" + for_attribute);
    if (op != "NULL" && op != "NOT_NULL" && !list.present() && !value.present()) {
      return invalid_value("Value or AttributeValueList must be used with ComparisonOperator: " +
                           op + for_attribute);
    }
    if (list.present()) {
      CLOCHE_TRY(checked, checked_values(list, arena));
      values = std::move(checked);
    }
    CLOCHE_TRY_VOID(check_operands(op, values));
    return condition_node(builder, member.name, op, values);
  }
  if (list.present())
    return invalid_value("AttributeValueList can only be used with a ComparisonOperator" +
                         for_attribute);
  const bool must_exist = !exists.present() || exists.as_bool();
  if (must_exist && !value.present()) {
    return invalid_value("Value must be provided when Exists is " +
                         std::string(exists.present() ? "true" : "null") + for_attribute);
  }
  if (!must_exist && value.present())
    return invalid_value("Value cannot be used when Exists is false" + for_attribute);
  return condition_node(builder, member.name, must_exist ? "EQ" : "NULL", values);
}

KeyOperator key_operator(std::string_view op) {
  if (op == "EQ") return KeyOperator::Equal;
  if (op == "LT") return KeyOperator::Less;
  if (op == "LE") return KeyOperator::LessEqual;
  if (op == "GT") return KeyOperator::Greater;
  if (op == "GE") return KeyOperator::GreaterEqual;
  if (op == "BETWEEN") return KeyOperator::Between;
  return op == "BEGINS_WITH" ? KeyOperator::BeginsWith : KeyOperator::NotIndexable;
}

}  // namespace

Result<std::optional<BoundExpression>> expected_condition(const Value& input, Arena& arena) {
  const Value& expected = input["Expected"];
  if (expected.empty()) return std::optional<BoundExpression>();
  TreeBuilder builder(ExpressionKind::Condition);
  std::vector<Node> nodes;
  for (const Member& member : expected.members()) {
    CLOCHE_TRY(node, expected_node(builder, member, arena));
    nodes.push_back(std::move(node));
  }
  return std::optional(joined(builder, std::move(nodes), input["ConditionalOperator"], arena));
}

Result<std::optional<BoundExpression>> filter_of(const Value& filter,
                                                 const Value& conditional_operator, Arena& arena) {
  if (filter.empty()) return std::optional<BoundExpression>();
  TreeBuilder builder(ExpressionKind::Filter);
  std::vector<Node> nodes;
  for (const Member& member : filter.members()) {
    const std::string_view op = member.value["ComparisonOperator"].text();
    CLOCHE_TRY(const values, checked_values(member.value["AttributeValueList"], arena));
    CLOCHE_TRY_VOID(check_operands(op, values));
    nodes.push_back(condition_node(builder, member.name, op, values));
  }
  return std::optional(joined(builder, std::move(nodes), conditional_operator, arena));
}

Result<std::vector<KeyCondition>> legacy_key_conditions(const Value& conditions, Arena& arena) {
  std::vector<KeyCondition> out;
  for (const Member& member : conditions.members()) {
    const std::string_view op = member.value["ComparisonOperator"].text();
    CLOCHE_TRY(values, checked_values(member.value["AttributeValueList"], arena));
    CLOCHE_TRY_VOID(check_operands(op, values));
    out.push_back({std::string(member.name), key_operator(op), std::move(values)});
  }
  if (out.empty() || out.size() > 2 * kKeyPartsMax)
    return validation("Conditions can be of length 1 or 2 only");
  return out;
}

}  // namespace cloche::dynamodb
