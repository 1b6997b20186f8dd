// One random request (or the pages of one): what it asks, what it must answer by the model, and
// what it changes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/local/dynamodb.h"
#include "tests/model/items.h"
#include "tests/model/random.h"

namespace cloche::model {

inline constexpr std::int64_t kPartitions = 20;
inline constexpr std::int64_t kSortKeys = 40;

// The table that all requests speak of, with its indexes: by_g (global; g, n; keys only), by_h
// (global; h; all), by_h_here (local; p, h; with n).
extern const char* const kTableDefinition;

struct Step {
  std::vector<Change> changes;  // If it succeeds by the model; none for reads and refusals.
  bool atomic = true;           // All changes or none, also at a kill.
  // Asks, compares; "" if the answer is right. What was said is in `said`.
  std::function<std::string(local::DynamoDb&, std::string& said)> run;
};

// The same for the same random numbers and table.
Step make_step(Random& random, const Table& table);

// Reads everything, by segments: the table must be what the model has.
std::string compare_all(local::DynamoDb& service, const Table& table, std::string& said);

// writes.cc, reads.cc
Step make_write(Random& random, const Table& table);
Step make_transaction(Random& random, const Table& table);
Step make_batch(Random& random, const Table& table);
Step make_statement(Random& random, const Table& table);
Step make_get(Random& random, const Table& table);
Step make_query(Random& random, const Table& table);
Step make_index_query(Random& random, const Table& table);
Step make_scan(Random& random, const Table& table);

Key random_key(Random& random);
Item random_item(Random& random, const Key& key);
const Item* find(const Table& table, const Key& key);

// A condition as text with its values, and whether it holds for an item (or none).
struct Condition {
  std::string text;    // Empty: none.
  std::string values;  // Members of ExpressionAttributeValues.
  bool holds = true;
};
Condition random_condition(Random& random, const Item* item);

// An update as text with its values, and the item after it; nothing where it must be refused.
struct Update {
  std::string text, values;
  std::optional<Item> after;
};
Update random_update(Random& random, const Key& key, const Item* item);

// "..., "ConditionExpression": ..., "ExpressionAttributeValues": {...}" of what is not empty.
std::string expressions(const Condition& condition, const Update* update);

}  // namespace cloche::model
