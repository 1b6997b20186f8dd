// Time to live: items go when the time in an attribute of theirs has passed.
//
//   dynamodb_expiries      (table, expires, partition key, sort key)  one per item that will expire
//   dynamodb_expiry_heads  (table)                                    when that work is next due
//
// An item is removed within a second of its time on the engine's clock, where AWS takes up to a few
// days; its record in the stream says that the service did it. A time more than five years ago is
// taken for a mistake, and removes nothing.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html and
// howitworks-ttl.html.
#pragma once

#include <cstdint>

#include "dynamodb/table/items.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

class Catalog;

inline constexpr engine::TableId kExpiries = 209;
inline constexpr engine::TableId kExpiryHeads = 210;

// Keeps the rows above in step with an item that is about to be written (`after` is null if it
// goes) in a table with a time to live.
Result<void> update_expiry(engine::WriteTxn& txn, const Table& table, const ItemKey& key,
                           FoundItem& before, const NewItem* after, Arena& arena);

// For a table whose time to live was just switched on: makes the rows for the items that are there,
// in steps.
Result<void> begin_expiry(engine::WriteTxn& txn, const Table& table);
// For one where it was switched off, or that goes.
Result<void> end_expiry(engine::WriteTxn& txn, const Table& table);

// Removes the items of a table that have expired by now; answers with how many, at most
// kStepRowsMax.
Result<std::int64_t> remove_expired(engine::WriteTxn& txn, const Table& table);

// Names the work. `catalog` must outlive the store's scheduler. Unless `remove`, expired items stay,
// and are looked for again every hour, in case the directory is opened with another setting.
void name_expiry_work(engine::Store& store, Catalog& catalog, bool remove);

}  // namespace cloche::dynamodb
