// Makes a bound tree node by node.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "dynamodb/expression/bind.h"

namespace cloche::dynamodb {

class TreeBuilder {
 public:
  explicit TreeBuilder(ExpressionKind kind) { tree_.kind = kind; }

  static DocumentPath path(std::string_view attribute);
  static Node attribute(std::string_view name);
  Node value(const Value& canonical);
  static Node function(Function function, std::vector<Node> args);
  static Node compare(Comparator comparator, Node left, Node right);
  static Node negation(Node node);

  Expression& tree() { return tree_; }
  BoundExpression finish(Arena& arena);

 private:
  Expression tree_;
  std::vector<Value> values_;
};

}  // namespace cloche::dynamodb
