// Key conditions: from an expression's tree to a range of rows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/expression/bind.h"
#include "dynamodb/table/table.h"
#include "engine/key.h"

namespace cloche::dynamodb {

enum class KeyOperator : std::uint8_t {
  Equal,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Between,
  BeginsWith,
  NotIndexable
};

struct KeyCondition {
  std::string attribute;
  KeyOperator op = KeyOperator::Equal;
  std::vector<Value> values;  // Two for Between.
};

// Conditions on different attributes, no more than any key has. Refuses what can't be answered from keys, in the
// service's words.
Result<std::vector<KeyCondition>> key_conditions(const BoundExpression& expression);

// The conditions put to a table's or index's keys.
struct KeyMatch {
  std::vector<const KeyCondition*> partition;  // One for each attribute, all equalities.
  // Of the first attributes of the sort key: equalities, and whatever the last one is.
  std::vector<const KeyCondition*> sort;
};
// `start_key` (may be Absent) is checked along with them, attribute by attribute.
Result<KeyMatch> match_keys(const KeySchema& keys, const std::vector<KeyCondition>& conditions,
                            const Value& start_key);

bool fulfils(const KeyCondition& condition, const Value& attribute);

// The rows of a table or index, by its id, that fulfil all.
engine::KeyRange range_of(std::int64_t table_or_index_id, PartitionOrder order,
                          const KeySchema& keys, const KeyMatch& match);

}  // namespace cloche::dynamodb
