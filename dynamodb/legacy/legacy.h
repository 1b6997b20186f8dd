// The parameters from before expressions (Expected, AttributeUpdates, KeyConditions, QueryFilter,
// ScanFilter), translated into the same bound trees, so that everything behind them is one.
// Source:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dynamodb/expression/bind.h"
#include "dynamodb/operation/key_condition.h"

namespace cloche::dynamodb {

// Expected with ConditionalOperator; nothing if neither is given.
Result<std::optional<BoundExpression>> expected_condition(const Value& input, Arena& arena);

// QueryFilter or ScanFilter with ConditionalOperator.
Result<std::optional<BoundExpression>> filter_of(const Value& filter,
                                                 const Value& conditional_operator, Arena& arena);

// AttributeUpdates, whose values must be checked first: their faults come before those of Expected.
Result<std::optional<BoundExpression>> attribute_updates(const Value& input, Arena& arena);
// Whether it would make an item that is not there: taking attributes away does not.
bool creates_item(const Value& attribute_updates);

Result<std::vector<KeyCondition>> legacy_key_conditions(const Value& conditions, Arena& arena);

}  // namespace cloche::dynamodb
