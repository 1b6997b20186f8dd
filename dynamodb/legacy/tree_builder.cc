#include "dynamodb/legacy/tree_builder.h"

#include <algorithm>

namespace cloche::dynamodb {

DocumentPath TreeBuilder::path(std::string_view attribute) {
  return {{PathStep::Kind::Name, std::string(attribute), 0}};
}

Node TreeBuilder::attribute(std::string_view name) {
  Node node;
  node.kind = NodeKind::Path;
  node.path = path(name);
  return node;
}

Node TreeBuilder::value(const Value& canonical) {
  Node node;
  node.kind = NodeKind::Value;
  node.value = static_cast<std::uint32_t>(values_.size());
  values_.push_back(canonical);
  return node;
}

Node TreeBuilder::function(Function function, std::vector<Node> args) {
  Node node;
  node.kind = NodeKind::Function;
  node.function = function;
  node.args = std::move(args);
  return node;
}

Node TreeBuilder::compare(Comparator comparator, Node left, Node right) {
  Node node;
  node.kind = NodeKind::Compare;
  node.comparator = comparator;
  node.args.push_back(std::move(left));
  node.args.push_back(std::move(right));
  return node;
}

Node TreeBuilder::negation(Node inner) {
  Node node;
  node.kind = NodeKind::Not;
  node.args.push_back(std::move(inner));
  return node;
}

BoundExpression TreeBuilder::finish(Arena& arena) {
  const auto values = arena.array<Value>(values_.size());
  std::uninitialized_copy(values_.begin(), values_.end(), values.begin());
  return {std::make_shared<const Expression>(std::move(tree_)), {}, values};
}

}  // namespace cloche::dynamodb
