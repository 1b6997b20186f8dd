// The expression parameters of a request, or of one part of a batch or transaction.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "dynamodb/expression/bind.h"
#include "dynamodb/expression/cache.h"

namespace cloche::dynamodb {

struct Expressions {
  std::optional<BoundExpression> condition, filter, key_condition, update, projection;
  std::optional<BoundExpression>& of(ExpressionKind kind);
};

// Refuses expressions beside the older parameters, and names or values without any expression.
// `kinds` are those that the operation has, in the order in which the service lists them.
Result<void> refuse_mixed(const Value& input, std::initializer_list<ExpressionKind> kinds,
                          std::initializer_list<std::string_view> legacy);

// Parses (or finds parsed) and binds all of them, and refuses names and values that none uses.
Result<Expressions> bind_expressions(ExpressionCache& cache, const Value& input,
                                     std::initializer_list<ExpressionKind> kinds, Arena& arena);

}  // namespace cloche::dynamodb
