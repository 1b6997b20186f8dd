// Replicas of a table, as operations on tables change them.
#pragma once

#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// Carries out ReplicaUpdates on a table that is being updated, and keeps the other replicas' rows in
// step. Stores `table` if it changes. Throughput overrides of a replica are taken and not kept.
Result<void> update_replicas(Service& service, engine::WriteTxn& txn, const Value& updates,
                             Table& table);

// Takes a table that goes out of the lists of the others.
Result<void> leave_replicas(Service& service, engine::WriteTxn& txn, const Table& table);

}  // namespace cloche::dynamodb
