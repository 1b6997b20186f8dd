#include "dynamodb/operation/projection.h"

#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/expression/evaluate.h"

namespace cloche::dynamodb {
namespace {

const Value kNothing{};

}  // namespace

Projection::Projection(BoundExpression expression)
    : expression_(std::move(expression)), paths_(paths_of(*expression_->tree)) {}

Projection Projection::columns(BoundExpression expression) {
  Projection projection(std::move(expression));
  projection.columns_ = true;
  return projection;
}

Result<Value> Projection::of(FoundItem& item, Arena& arena) const {
  if (all()) return Value::raw(arena.copy(item.json()));
  CLOCHE_TRY(const tree, item.tree(arena));
  // The tree refers into the row's text, which is the view's.
  std::string json;
  append_json(json, of(tree, arena));
  return Value::raw(arena.copy(json));
}

Value Projection::of(const Value& tree, Arena& arena) const {
  if (columns_) return columns_of(tree, arena);
  if (expression_) return project(*expression_, paths_, tree, arena);
  if (attributes_.empty()) return tree;
  Value out = Value::map();
  for (const std::string_view name : attributes_) {
    const Value& value = tree.find(name);
    if (value.present()) out.add(arena, name, value);
  }
  return out;
}

Value Projection::columns_of(const Value& tree, Arena& arena) const {
  Value out = Value::map();
  for (const DocumentPath* path : paths_) {
    std::string column(expression_->name(path->front()));
    const Value* at = &tree.find(column);
    for (std::size_t i = 1; i < path->size() && at->present(); ++i) {
      const PathStep& step = (*path)[i];
      const Value& content = content_of(*at);
      const bool index = step.kind == PathStep::Kind::Index;
      const Type wanted = index ? Type::L : Type::M;
      if (type_of(*at) != wanted || (index && step.index >= content.size())) {
        at = &kNothing;
      } else if (index) {
        at = &content.items()[step.index];
      } else {
        at = &content.find(expression_->name(step));
      }
      if (index) {
        column += "[" + std::to_string(step.index) + "]";
      } else {
        column = expression_->name(step);
      }
    }
    if (at->present()) out.set(arena, arena.copy(column), *at);
  }
  return out;
}

Result<Projection> plan_projection(ExpressionCache& cache, const Value& input, Arena& arena) {
  CLOCHE_TRY(attributes, plan_attributes_to_get(input));
  CLOCHE_TRY(expressions, bind_expressions(cache, input, {ExpressionKind::Projection}, arena));
  if (expressions.projection) return Projection(*std::move(expressions.projection));
  return attributes;
}

Result<Projection> plan_attributes_to_get(const Value& input) {
  std::vector<std::string_view> names;
  for (const Value& name : input["AttributesToGet"].items()) {
    if (std::ranges::find(names, name.text()) != names.end()) {
      return invalid_value("Duplicate value in attribute name: " + name.str());
    }
    names.push_back(name.text());
  }
  return Projection(std::move(names));
}

}  // namespace cloche::dynamodb
