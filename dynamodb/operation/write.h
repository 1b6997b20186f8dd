// Writing one item: what PutItem, UpdateItem, DeleteItem, BatchWriteItem and TransactWriteItems
// have in common. A plan is made from the request alone, a decision from plan and item, and then it
// is applied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/operation/capacity.h"
#include "dynamodb/operation/expressions.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

enum class WriteKind : std::uint8_t { Put, Update, Delete, Check };
enum class ReturnValues : std::uint8_t { None, AllOld, UpdatedOld, AllNew, UpdatedNew };

struct WritePlan {
  WriteKind kind = WriteKind::Put;
  std::string_view table_name;
  Value keys;    // The item of a put, the key of everything else; canonical.
  NewItem item;  // Of a put: ready to be stored.
  Expressions expressions;
  bool legacy_update = false;  // It came as AttributeUpdates.
  bool creates_item = true;  // An update that only takes attributes away makes no item, if it came
                             // as AttributeUpdates.
  ReturnValues return_values = ReturnValues::None;
  bool refuses_existing = false;        // PartiQL's INSERT.
  bool refuses_missing = false;         // PartiQL's UPDATE.
  bool return_item_on_failure = false;  // ReturnValuesOnConditionCheckFailure
};

// `input` is the request, or the part of a batch or transaction that looks like one. The table's
// name is checked by the caller.
Result<WritePlan> plan_put(Service& service, const Value& input, Arena& arena);
Result<WritePlan> plan_update(Service& service, const Value& input, Arena& arena);
Result<WritePlan> plan_delete(Service& service, const Value& input, Arena& arena);
Result<WritePlan> plan_check(Service& service, const Value& input, Arena& arena);

// A plan in a transaction: its table, its key, the item as it is, and what is to become of it.
struct Decision {
  std::shared_ptr<const Table> table;
  ItemKey key;
  FoundItem before;
  std::optional<NewItem> after;  // Nothing if the item goes, or was never there.
  bool writes = false;           // False for a check, and for a delete of nothing.
  std::int64_t collection_bytes_max = 0;
  Throttle* throttle = nullptr;  // Charged with what is consumed; null: nobody counts.
  Value attributes;              // What ReturnValues asks for; Absent if nothing.
};

// Finds table and key. Refusals that need the table's schema come here.
Result<Decision> locate(Service& service, const engine::ReadView& view, const protocol::Call& call,
                        const WritePlan& plan);
// Looks at the item, refuses when the condition does not hold, and computes what comes of it. Pure,
// but for reading.
Result<void> decide(const WritePlan& plan, const engine::ReadView& view, Decision& decision,
                    Arena& arena);
// Writes. Answers with the units consumed.
Result<ConsumedHalves> apply(engine::WriteTxn& txn, Decision& decision, Arena& arena);

// ItemCollectionMetrics of one write; Absent unless asked for and the table has local indexes.
Value collection_metrics(const Value& input, const Table& table, const Value& keys, Arena& arena);

}  // namespace cloche::dynamodb
