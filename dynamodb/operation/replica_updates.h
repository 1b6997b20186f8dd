// Replicas of a table, as operations on tables change them.
#pragma once

#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// Carries out the ReplicaUpdates of an UpdateTable on its table, and keeps the other replicas' rows in
// step. Stores `table` if it changes.
Result<void> update_replicas(Service& service, engine::WriteTxn& txn, const Value& input,
                             Table& table);

// GlobalTableVersion, Replicas and GlobalTableSettingsReplicationMode of a table that has replicas of
// version 2019.11.21. A setting of theirs is told where it is another than the table's.
void add_replicas(Service& service, const engine::ReadView& view, const Table& table, Value& out,
                  Arena& arena);

// Changes the other tables of the same global table, those that are there. `change` takes a Table& and answers with Result<void>.
template <typename F>
Result<void> change_others(Service& service, engine::WriteTxn& txn, const Table& table, F change) {
  for (const Replica& replica : table.replicas) {
    CLOCHE_TRY(const found, service.catalog.find(txn, {table.account, replica.region}, table.name));
    if (found == nullptr) continue;
    Table other = *found;
    CLOCHE_TRY_VOID(change(other));
    CLOCHE_TRY_VOID(Catalog::store(txn, other));
  }
  return {};
}

// Takes a table that goes out of the lists of the others.
Result<void> leave_replicas(Service& service, engine::WriteTxn& txn, const Table& table);

}  // namespace cloche::dynamodb
