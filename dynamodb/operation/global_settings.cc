// DescribeGlobalTableSettings, UpdateGlobalTableSettings.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/auto_scaling.h"
#include "dynamodb/operation/global_tables.h"

namespace cloche::dynamodb {
namespace {

Value settings(std::string_view name, const GlobalTable& tables, std::string_view status,
               Arena& arena) {
  Value out = Value::map();
  out.add(arena, "GlobalTableName", Value::string(arena, name));
  Value& list = out.add(arena, "ReplicaSettings", Value::list());
  for (const auto& [region, table] : tables) {
    Value& told = list.push(arena, Value::map());
    told.add(arena, "RegionName", Value::string(arena, region));
    told.add(arena, "ReplicaStatus", Value::string(status));
    Value& billing = told.add(arena, "ReplicaBillingModeSummary", Value::map());
    billing.add(arena, "BillingMode",
                Value::string(table.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED"));
    if (table.on_demand && table.on_demand_since) {
      billing.add(arena, "LastUpdateToPayPerRequestDateTime",
                  Value::timestamp(*table.on_demand_since));
    }
    told.add(arena, "ReplicaProvisionedReadCapacityUnits",
             Value::integer(table.throughput.read_units));
    told.add(arena, "ReplicaProvisionedReadCapacityAutoScalingSettings",
             scaling_description(table.scaling.read, arena));
    told.add(arena, "ReplicaProvisionedWriteCapacityUnits",
             Value::integer(table.throughput.write_units));
    told.add(arena, "ReplicaProvisionedWriteCapacityAutoScalingSettings",
             scaling_description(table.scaling.write, arena));
    Value indexes = Value::list();
    for (const Index& index : table.indexes) {
      if (!index.global) continue;
      Value& entry = indexes.push(arena, Value::map());
      entry.add(arena, "IndexName", Value::string(arena, index.name));
      entry.add(arena, "IndexStatus", Value::string(index.backfilling ? "CREATING" : "ACTIVE"));
      entry.add(arena, "ProvisionedReadCapacityUnits", Value::integer(index.throughput.read_units));
      entry.add(arena, "ProvisionedReadCapacityAutoScalingSettings",
                scaling_description(index.scaling.read, arena));
      entry.add(arena, "ProvisionedWriteCapacityUnits",
                Value::integer(index.throughput.write_units));
      entry.add(arena, "ProvisionedWriteCapacityAutoScalingSettings",
                scaling_description(index.scaling.write, arena));
    }
    if (!indexes.empty()) told.add(arena, "ReplicaGlobalSecondaryIndexSettings", indexes);
    if (!table.table_class.empty()) {
      told.add(arena, "ReplicaTableClassSummary", Value::map())
          .add(arena, "TableClass", Value::string(arena, table.table_class));
    }
  }
  return out;
}

// What one request sets in each of the tables. Refuses before it has changed anything of them that is
// stored.
class Update {
 public:
  Update(engine::WriteTxn& txn, const Value& input, std::string_view name)
      : txn_(txn), input_(input), name_(name) {}

  Result<void> apply(GlobalTable& tables) const {
    for (const Value& replica : input_["ReplicaSettingsUpdate"].items()) {
      if (tables.contains(replica["RegionName"].str())) continue;
      return global_table_error("ReplicaNotFoundException",
                                "Replica in region: '" + replica["RegionName"].str() +
                                    "' is not part of the global table with name: '" +
                                    std::string(name_) + "'.");
    }
    for (auto& [region, table] : tables) {
      CLOCHE_TRY_VOID(apply_everywhere(table));
      for (const Value& replica : input_["ReplicaSettingsUpdate"].items()) {
        if (replica["RegionName"].text() == region) CLOCHE_TRY_VOID(apply_here(replica, table));
      }
    }
    return {};
  }

 private:
  // Writes are the same in all regions.
  Result<void> apply_everywhere(Table& table) const {
    if (const std::string_view mode = input_["GlobalTableBillingMode"].text(); !mode.empty()) {
      const bool on_demand = mode == "PAY_PER_REQUEST";
      if (on_demand && !table.on_demand) {
        table.on_demand_since = txn_.now();
        table.throughput = {};
        for (Index& index : table.indexes) index.throughput = {};
      }
      table.on_demand = on_demand;
    }
    CLOCHE_TRY_VOID(set(input_["GlobalTableProvisionedWriteCapacityUnits"],
                        input_["GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate"],
                        false, table, nullptr));
    for (const Value& asked : input_["GlobalTableGlobalSecondaryIndexSettingsUpdate"].items()) {
      CLOCHE_TRY(const index, need_index(asked, table));
      CLOCHE_TRY_VOID(set(asked["ProvisionedWriteCapacityUnits"],
                          asked["ProvisionedWriteCapacityAutoScalingSettingsUpdate"], false, table,
                          index));
    }
    return {};
  }

  // Reads are a region's own.
  Result<void> apply_here(const Value& replica, Table& table) const {
    CLOCHE_TRY_VOID(set(replica["ReplicaProvisionedReadCapacityUnits"],
                        replica["ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate"], true,
                        table, nullptr));
    for (const Value& asked : replica["ReplicaGlobalSecondaryIndexSettingsUpdate"].items()) {
      CLOCHE_TRY(const index, need_index(asked, table));
      CLOCHE_TRY_VOID(set(asked["ProvisionedReadCapacityUnits"],
                          asked["ProvisionedReadCapacityAutoScalingSettingsUpdate"], true, table,
                          index));
    }
    if (replica["ReplicaTableClass"].present())
      table.table_class = replica["ReplicaTableClass"].str();
    return {};
  }

  Result<Index*> need_index(const Value& asked, Table& table) const {
    const auto index = std::ranges::find(table.indexes, asked["IndexName"].text(), &Index::name);
    if (index != table.indexes.end() && index->global) return &*index;
    return global_table_error("IndexNotFoundException",
                              "Index not found: " + asked["IndexName"].str());
  }

  Result<void> set(const Value& wanted, const Value& scaling, bool reads, Table& table,
                   Index* index) const {
    if (table.on_demand && (wanted.present() || wants_scaling(scaling))) {
      return invalid_value(
          "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
          "PAY_PER_REQUEST");
    }
    Throughput& throughput = index ? index->throughput : table.throughput;
    std::int64_t& units = reads ? throughput.read_units : throughput.write_units;
    if (wanted.present()) {
      const std::int64_t asked = wanted.as_integer(0);
      if (asked > units) throughput.increased = txn_.now();
      if (asked < units) throughput.decreased = txn_.now();
      units = asked;
    }
    const std::string resource =
        "table/" + table.name + (index ? "/index/" + index->name : std::string());
    const ScalingOf of{name_, table.account, resource, reads};
    CLOCHE_TRY_VOID(check_scaling(scaling, of, txn_.ids()));
    AutoScaling& kept = index ? index->scaling : table.scaling;
    set_scaling(scaling, of, txn_.now(), reads ? kept.read : kept.write, throughput);
    return {};
  }

  engine::WriteTxn& txn_;
  const Value& input_;
  const std::string_view name_;
};

}  // namespace

Result<void> describe_global_settings(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["GlobalTableName"].text()));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const tables, find_global_table(service, view, place_of(*call), name));
    return settings(name, tables, "ACTIVE", call->arena());
  });
  return {};
}

Result<void> update_global_settings(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["GlobalTableName"].text()));
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name](engine::WriteTxn& txn) -> Result<Value> {
                 CLOCHE_TRY(tables, find_global_table(service, txn, place_of(request), name));
                 CLOCHE_TRY_VOID(Update(txn, request.input(), name).apply(tables));
                 for (const auto& [region, table] : tables)
                   CLOCHE_TRY_VOID(Catalog::store(txn, table));
                 return settings(name, tables, "UPDATING", request.arena());
               });
  return {};
}

}  // namespace cloche::dynamodb
