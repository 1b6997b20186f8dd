// ReplicaUpdates of UpdateTable: replicas of a table that come and go.
#include "dynamodb/operation/replica_updates.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/tables.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/plan_table.h"
#include "dynamodb/table/replicas.h"

namespace cloche::dynamodb {
namespace {

bool has_replica(const Table& table, std::string_view region) {
  return std::ranges::find(table.replicas, region, &Replica::region) != table.replicas.end();
}

Error not_a_replica(const std::string& region) {
  return validation(
      "Update global table operation failed because one or more replicas were not part of the "
      "global "
      "table. Please retry the request without these replicas: [" +
      region + "].");
}

// The settings that a replica may have for itself: units of reading, limits on reading, the class.
Result<void> set_overrides(const Value& action, Table& replica) {
  const auto set = [&](const Value& asked, Throughput& units,
                       OnDemandLimits& limits) -> Result<void> {
    const Value& read = asked["ProvisionedThroughputOverride"]["ReadCapacityUnits"];
    // A table that is billed by request takes it, and nothing comes of it (measured on AWS in 2026).
    if (read.present() && !replica.on_demand) units.read_units = read.as_integer(0);
    CLOCHE_TRY(const planned,
               plan_limits(asked["OnDemandThroughputOverride"], replica.on_demand, limits));
    limits = planned;
    return {};
  };
  CLOCHE_TRY_VOID(set(action, replica.throughput, replica.limits));
  for (const Value& asked : action["GlobalSecondaryIndexes"].items()) {
    for (Index& index : replica.indexes) {
      if (!index.global || index.name != asked["IndexName"].text()) continue;
      CLOCHE_TRY_VOID(set(asked, index.throughput, index.limits));
    }
  }
  if (action["TableClassOverride"].present())
    replica.table_class = action["TableClassOverride"].str();
  return {};
}

Result<void> update_replica(Service& service, engine::WriteTxn& txn, const Value& action,
                            const Table& table) {
  const std::string region = action["RegionName"].str();
  // Said of whatever key is given (measured on AWS in 2026).
  if (action["KMSMasterKeyId"].present())
    return invalid_value("KMSMasterKeyId must be specified for each replica.");
  if (action.size() == 1)
    return validation("Update replica operation failed because no actions specified for replica: " +
                      region);
  if (!has_replica(table, region)) return not_a_replica(region);
  CLOCHE_TRY(const found, service.catalog.find(txn, {table.account, region}, table.name));
  if (found == nullptr) return not_a_replica(region);
  Table replica = *found;
  CLOCHE_TRY_VOID(set_overrides(action, replica));
  return Catalog::store(txn, replica);
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
  // Where there is no stream the service opens one, which stays.
  if (table.stream_view_type.empty()) {
    table.stream_view_type = "NEW_AND_OLD_IMAGES";
    CLOCHE_TRY_VOID(open_stream(txn, table));
  }
  const Replica added{region, create["KMSMasterKeyId"].str()};
  CLOCHE_TRY_VOID(change_others(service, txn, table, [&](Table& other) -> Result<void> {
    other.replicas.push_back(added);
    return {};
  }));

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
  CLOCHE_TRY_VOID(set_overrides(create, replica));
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
  if (!has_replica(table, region)) return not_a_replica(region);
  CLOCHE_TRY(const replica, service.catalog.find(txn, {table.account, region}, table.name));
  std::erase_if(table.replicas, [&](const Replica& one) { return one.region == region; });
  CLOCHE_TRY_VOID(Catalog::store(txn, table));
  if (replica == nullptr) return {};
  CLOCHE_TRY_VOID(leave_replicas(service, txn, *replica));
  return drop_table(txn, *replica);
}

// A setting of a replica that is another than here.
void add_overrides(Value& out, const Throughput& here, const Throughput& there,
                   const OnDemandLimits& limits_here, const OnDemandLimits& limits_there,
                   Arena& arena) {
  if (there.read_units != here.read_units) {
    out.add(arena, "ProvisionedThroughputOverride", Value::map())
        .add(arena, "ReadCapacityUnits", Value::integer(there.read_units));
  }
  if (limits_there.read != limits_here.read) {
    out.add(arena, "OnDemandThroughputOverride", Value::map())
        .add(arena, "MaxReadRequestUnits",
             Value::integer(limits_there.read ? limits_there.read : -1));
  }
}

void add_settings(Value& out, const Table& table, const Table& replica, Arena& arena) {
  add_overrides(out, table.throughput, replica.throughput, table.limits, replica.limits, arena);
  add_warm_throughput(out, replica.warm, replica.throughput, replica.on_demand, "ACTIVE", arena);
  Value indexes = Value::list();
  for (const Index& index : replica.indexes) {
    if (!index.global) continue;
    Value& told = indexes.push(arena, Value::map());
    told.add(arena, "IndexName", Value::string(arena, index.name));
    if (const Index* here = table.find_index(index.name))
      add_overrides(told, here->throughput, index.throughput, here->limits, index.limits, arena);
    add_warm_throughput(told, index.warm, index.throughput, replica.on_demand, "ACTIVE", arena);
  }
  if (!indexes.empty()) out.add(arena, "GlobalSecondaryIndexes", indexes);
  if (!replica.table_class.empty()) {
    out.add(arena, "ReplicaTableClassSummary", Value::map())
        .add(arena, "TableClass", Value::string(arena, replica.table_class));
  }
}

// One action, of one kind.
Result<const Value*> action_of(const Value& update) {
  const Value* action = nullptr;
  for (const char* kind : {"Create", "Delete", "Update"}) {
    if (!update[kind].present()) continue;
    if (action != nullptr) {
      return validation(
          "Update table operation with more than one type of replica actions not allowed");
    }
    action = &update[kind];
  }
  if (action == nullptr || (*action)["RegionName"].text().empty())
    return validation("One of Create, Update or Delete must be given in a ReplicaUpdate");
  return action;
}

// What a request may ask of replicas at once.
Result<void> check_updates(const Value& input, const Table& table) {
  for (const Member& member : input.members()) {
    if (member.value.present() && member.name != "TableName" && member.name != "ReplicaUpdates")
      return invalid_value("Replica modification must be the only operation in the request");
  }
  std::string come_or_gone;
  for (const Value& update : input["ReplicaUpdates"].items()) {
    CLOCHE_TRY(const action, action_of(update));
    const std::string region = (*action)["RegionName"].str();
    if (region == table.region) {
      return validation(
          "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, "
          "DeleteTable, or UpdateTable as required.");
    }
    if (update["Update"].present()) continue;
    if (!come_or_gone.empty() && come_or_gone != region) {
      return validation(
          "Update table operation with more than one create or delete replica actions not allowed");
    }
    come_or_gone = region;
  }
  return {};
}

}  // namespace

Result<void> leave_replicas(Service& service, engine::WriteTxn& txn, const Table& table) {
  return change_others(service, txn, table, [&](Table& other) -> Result<void> {
    std::erase_if(other.replicas, [&](const Replica& one) { return one.region == table.region; });
    if (other.replicas.empty()) other.legacy_global_since.reset();
    return {};
  });
}

// Source of the rules and texts: "ReplicaUpdates" in the API Reference, and what AWS was measured to
// answer in October 2026.
Result<void> update_replicas(Service& service, engine::WriteTxn& txn, const Value& input,
                             Table& table) {
  CLOCHE_TRY_VOID(check_updates(input, table));
  if (table.legacy_global_since) {
    return validation("The table is a replica of a global table of version 2017.11.29: " +
                      table.name);
  }
  std::string created;
  for (const Value& update : input["ReplicaUpdates"].items()) {
    if (const Value& create = update["Create"]; create.present()) {
      // Two that are the same are one.
      if (create["RegionName"].text() == created) continue;
      created = create["RegionName"].str();
      CLOCHE_TRY_VOID(create_replica(service, txn, create, table));
    } else if (const Value& remove = update["Delete"]; remove.present()) {
      CLOCHE_TRY_VOID(delete_replica(service, txn, remove["RegionName"].str(), table));
    } else {
      CLOCHE_TRY_VOID(update_replica(service, txn, update["Update"], table));
    }
  }
  return {};
}

void add_replicas(Service& service, const engine::ReadView& view, const Table& table, Value& out,
                  Arena& arena) {
  if (table.replicas.empty() || table.legacy_global_since) return;
  out.add(arena, "GlobalTableVersion", Value::string("2019.11.21"));
  out.add(arena, "GlobalTableSettingsReplicationMode", Value::string("ENABLED_WITH_OVERRIDES"));
  Value replicas = Value::list();
  for (const Replica& replica : table.replicas) {
    Value& told = replicas.push(arena, Value::map());
    told.add(arena, "RegionName", Value::string(arena, replica.region));
    told.add(arena, "ReplicaStatus", Value::string("ACTIVE"));
    if (!replica.kms_key.empty())
      told.add(arena, "KMSMasterKeyId", Value::string(arena, replica.kms_key));
    const auto found = service.catalog.find(view, {table.account, replica.region}, table.name);
    if (found && *found != nullptr) add_settings(told, table, **found, arena);
    told.add(arena, "GlobalTableSettingsReplicationMode", Value::string("ENABLED_WITH_OVERRIDES"));
  }
  out.add(arena, "Replicas", replicas);
}

}  // namespace cloche::dynamodb
