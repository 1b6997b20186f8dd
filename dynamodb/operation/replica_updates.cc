// ReplicaUpdates of UpdateTable: replicas of a table that come and go.
#include "dynamodb/operation/replica_updates.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/tables.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/replicas.h"

namespace cloche::dynamodb {
namespace {

bool has_replica(const Table& table, std::string_view region) {
  return std::ranges::find(table.replicas, region, &Replica::region) != table.replicas.end();
}

// What the others say of their replicas, when one has come or gone.
template <typename F>
Result<void> change_others(Service& service, engine::WriteTxn& txn, const Table& table, F change) {
  for (const Replica& replica : table.replicas) {
    CLOCHE_TRY(const found, service.catalog.find(txn, {table.account, replica.region}, table.name));
    if (found == nullptr) continue;
    Table other = *found;
    change(other);
    CLOCHE_TRY_VOID(Catalog::store(txn, other));
  }
  return {};
}

// A replica: the same schema, settings and stream, and nothing of what is a region's own.
Result<void> create_replica(Service& service, engine::WriteTxn& txn, const Value& create,
                            Table& table) {
  const std::string region = create["RegionName"].str();
  CLOCHE_TRY(const existing, service.catalog.find(txn, {table.account, region}, table.name));
  if (existing != nullptr) {
    return validation("Failed to create a the new replica of table with name: '" + table.name +
                      "' because one or more replicas already existed as tables.");
  }
  const Replica added{region, create["KMSMasterKeyId"].str()};
  CLOCHE_TRY_VOID(
      change_others(service, txn, table, [&](Table& other) { other.replicas.push_back(added); }));

  Table replica = table;
  replica.region = region;
  replica.uuid = txn.ids().uuid();
  replica.created = txn.now();
  replica.kms_key = added.kms_key;
  replica.replicas.push_back({table.region, table.kms_key});
  replica.stream_label.clear();
  replica.stream_id = 0;
  replica.tags.clear();
  replica.policy = {};
  replica.stream_policy = {};
  replica.kinesis.clear();
  replica.recovery_since.reset();
  replica.contributor_insights = false;
  CLOCHE_TRY(const id, Catalog::next_id(txn));
  replica.id = id;
  for (Index& index : replica.indexes) {
    CLOCHE_TRY(const index_id, Catalog::next_id(txn));
    index.id = index_id;
    index.backfilling = false;
  }
  if (has_stream(replica)) CLOCHE_TRY_VOID(open_stream(txn, replica));
  if (!replica.ttl_attribute.empty()) CLOCHE_TRY_VOID(begin_expiry(txn, replica));
  CLOCHE_TRY_VOID(Catalog::store(txn, replica));

  table.replicas.push_back(added);
  CLOCHE_TRY_VOID(Catalog::store(txn, table));
  return fill_replicas_later(txn, table);
}

Result<void> delete_replica(Service& service, engine::WriteTxn& txn, const std::string& region,
                            Table& table) {
  if (!has_replica(table, region)) {
    return validation(
        "Update global table operation failed because one or more replicas were not part of the "
        "global table.");
  }
  CLOCHE_TRY(const replica, service.catalog.find(txn, {table.account, region}, table.name));
  std::erase_if(table.replicas, [&](const Replica& one) { return one.region == region; });
  CLOCHE_TRY_VOID(Catalog::store(txn, table));
  if (replica == nullptr) return {};
  CLOCHE_TRY_VOID(leave_replicas(service, txn, *replica));
  return drop_table(txn, *replica);
}

}  // namespace

Result<void> leave_replicas(Service& service, engine::WriteTxn& txn, const Table& table) {
  return change_others(service, txn, table, [&](Table& other) {
    std::erase_if(other.replicas, [&](const Replica& one) { return one.region == table.region; });
  });
}

Result<void> update_replicas(Service& service, engine::WriteTxn& txn, const Value& updates,
                             Table& table) {
  for (const Value& update : updates.items()) {
    const Value& create = update["Create"];
    const Value& remove = update["Delete"];
    const Value& change = update["Update"];
    const Value& one = create.present() ? create : remove.present() ? remove : change;
    const std::string region = one["RegionName"].str();
    if (region.empty())
      return validation("One of Create, Update or Delete must be given in a ReplicaUpdate");
    if (region == table.region) {
      return validation(
          "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, "
          "DeleteTable, or UpdateTable as required.");
    }
    if (create.present()) {
      CLOCHE_TRY_VOID(create_replica(service, txn, create, table));
    } else if (remove.present()) {
      CLOCHE_TRY_VOID(delete_replica(service, txn, region, table));
    }
  }
  return {};
}

}  // namespace cloche::dynamodb
