// Replicas: a table of the same name in other regions, of either version of global tables.
//
//   dynamodb_replica_clocks  (table, hash, partition key, sort key)  when and where an item of a table with
//                                                                    replicas was last written, also if it is gone
//
// Whoever writes an item writes its clock, and queues work that brings the item to the other
// regions. There it is written if its clock is later than the one it meets: the last writer wins,
// and of two at the same moment the region that comes later in the alphabet. So replicas end up
// equal, in whatever order work is done. A write that came from another region has its record in
// the stream of the region that it came to, and is sent no further.
//
// An item of a global table of version 2017.11.29 also gets the attributes aws:rep:deleting,
// aws:rep:updatetime and aws:rep:updateregion, in a write of its own soon after the client's.
// Source: "Global tables: multi-active, multi-Region replication", Developer Guide.
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/table/items.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

class Catalog;

inline constexpr engine::TableId kReplicaClocks = 213;

// Notes the write of an item of a table with replicas, and queues what brings it to them.
Result<void> note_replicated_write(engine::WriteTxn& txn, const Table& table, const ItemKey& key);

// Brings all items of a table to its replicas, in steps: for a replica that is new.
Result<void> fill_replicas_later(engine::WriteTxn& txn, const Table& table);

// Names the work. `catalog` must outlive the store's scheduler.
void name_replica_work(engine::Store& store, Catalog& catalog);

}  // namespace cloche::dynamodb
