// From a statement and the table that it names to what the other operations do: a plan of a write,
// or of a page.
#pragma once

#include <optional>
#include <vector>

#include "dynamodb/operation/key_condition.h"
#include "dynamodb/operation/page.h"
#include "dynamodb/operation/write.h"
#include "dynamodb/partiql/statement.h"

namespace cloche::dynamodb {

// The key that the condition names attribute by attribute, and the rest of it.
struct KeyedCondition {
  Value key;  // A map of all of the table's key attributes.
  std::optional<BoundExpression> rest;
};
// Nothing if the condition does not hold every key attribute of the table equal to a value.
std::optional<KeyedCondition> split_by_key(const Statement& statement, const Table& table,
                                           Arena& arena);

// Of an INSERT, UPDATE, DELETE or EXISTS. `input` may hold ReturnValuesOnConditionCheckFailure.
Result<WritePlan> plan_write(Service& service, const Statement& statement, const Table& table,
                             const Value& input, Arena& arena);

// What of a SELECT is found by key, and what is left to filter.
struct SelectPlan {
  PagePlan page;
  // What is read by key: several where the condition lists values (IN, OR). Empty: all items are
  // looked at.
  std::vector<std::vector<KeyCondition>> reads;
  engine::Direction direction = engine::Direction::Forward;
};
// `keys` are those of what is read: the table or the index.
Result<SelectPlan> plan_select(const Statement& statement, const KeySchema& keys, Arena& arena);

Result<Projection> plan_projection_of(const Statement& statement, Arena& arena);

}  // namespace cloche::dynamodb
