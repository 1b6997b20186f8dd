// What of an item goes out: all of it as it is stored, or the parts that ProjectionExpression or
// AttributesToGet name.
#pragma once

#include <string_view>
#include <vector>

#include "dynamodb/operation/capacity.h"
#include "dynamodb/operation/expressions.h"
#include "dynamodb/table/items.h"

namespace cloche::dynamodb {

class Projection {
 public:
  Projection() = default;
  explicit Projection(BoundExpression expression);
  // PartiQL's: every path is a column, under its last name and the indexes behind it ("k[0]").
  static Projection columns(BoundExpression expression);
  explicit Projection(std::vector<std::string_view> attributes)
      : attributes_(std::move(attributes)) {}

  const std::optional<BoundExpression>& expression() const { return expression_; }
  bool all() const { return !expression_ && attributes_.empty(); }
  // For an output document. The text of a whole item is copied into the arena: the view it is from
  // may be gone before the answer is.
  Result<Value> of(FoundItem& item, Arena& arena) const;
  Value of(const Value& tree, Arena& arena) const;

 private:
  Value columns_of(const Value& tree, Arena& arena) const;

  bool columns_ = false;
  std::optional<BoundExpression> expression_;
  std::vector<const DocumentPath*> paths_;
  std::vector<std::string_view> attributes_;
};

// From a request that has no other expressions.
Result<Projection> plan_projection(ExpressionCache& cache, const Value& input, Arena& arena);
// AttributesToGet; an empty projection if there is none.
Result<Projection> plan_attributes_to_get(const Value& input);

}  // namespace cloche::dynamodb
