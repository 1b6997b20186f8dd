// DescribeTableReplicaAutoScaling, UpdateTableReplicaAutoScaling.
#include <algorithm>
#include <map>

#include "dynamodb/errors.h"
#include "dynamodb/operation/auto_scaling.h"

namespace cloche::dynamodb {
namespace {

Error not_found(std::string message) {
  Error error = table_not_found();
  error.message = std::move(message);
  return error;
}

// The tables of a global table of version 2019.11.21, by region.
using Replicas = std::map<std::string, Table>;

Result<Replicas> replicas_of(Service& service, const engine::ReadView& view, const Place& place,
                             std::string_view name) {
  CLOCHE_TRY(const table, service.catalog.find(view, place, name));
  if (table == nullptr || table->replicas.empty() || table->legacy_global_since)
    return not_found("Global table with name: '" + std::string(name) + "' does not exist.");
  Replicas replicas;
  replicas.emplace(table->region, *table);
  for (const Replica& replica : table->replicas) {
    CLOCHE_TRY(const other, service.catalog.find(view, {place.account, replica.region}, name));
    if (other != nullptr) replicas.emplace(replica.region, *other);
  }
  return replicas;
}

Value description(std::string_view name, const Replicas& replicas, Arena& arena) {
  Value out = Value::map();
  Value& table = out.add(arena, "TableAutoScalingDescription", Value::map());
  table.add(arena, "TableName", Value::string(arena, name));
  table.add(arena, "TableStatus", Value::string("ACTIVE"));
  Value& list = table.add(arena, "Replicas", Value::list());
  for (const auto& [region, replica] : replicas) {
    Value& told = list.push(arena, Value::map());
    told.add(arena, "RegionName", Value::string(arena, region));
    Value& indexes = told.add(arena, "GlobalSecondaryIndexes", Value::list());
    for (const Index& index : replica.indexes) {
      if (!index.global) continue;
      Value& entry = indexes.push(arena, Value::map());
      entry.add(arena, "IndexName", Value::string(arena, index.name));
      entry.add(arena, "IndexStatus", Value::string(index.backfilling ? "CREATING" : "ACTIVE"));
      entry.add(arena, "ProvisionedReadCapacityAutoScalingSettings",
                scaling_description(index.scaling.read, arena));
      entry.add(arena, "ProvisionedWriteCapacityAutoScalingSettings",
                scaling_description(index.scaling.write, arena));
    }
    told.add(arena, "ReplicaProvisionedReadCapacityAutoScalingSettings",
             scaling_description(replica.scaling.read, arena));
    told.add(arena, "ReplicaProvisionedWriteCapacityAutoScalingSettings",
             scaling_description(replica.scaling.write, arena));
    told.add(arena, "ReplicaStatus", Value::string("ACTIVE"));
  }
  return out;
}

// One setting that a request asks for.
struct Wish {
  std::string region;  // Empty: all regions, which is about writes; else about reads there.
  std::string index;   // Empty: the table.
  const Value* update;
};

Result<std::vector<Wish>> wishes_of(const Value& input, std::string_view name) {
  std::vector<Wish> wishes;
  const auto add = [&](std::string region, std::string index, const Value& update) {
    if (update.present()) wishes.push_back({std::move(region), std::move(index), &update});
  };
  add("", "", input["ProvisionedWriteCapacityAutoScalingUpdate"]);
  for (const Value& index : input["GlobalSecondaryIndexUpdates"].items())
    add("", index["IndexName"].str(), index["ProvisionedWriteCapacityAutoScalingUpdate"]);
  for (const Value& replica : input["ReplicaUpdates"].items()) {
    const std::string region = replica["RegionName"].str();
    const std::size_t before = wishes.size();
    add(region, "", replica["ReplicaProvisionedReadCapacityAutoScalingUpdate"]);
    for (const Value& index : replica["ReplicaGlobalSecondaryIndexUpdates"].items())
      add(region, index["IndexName"].str(), index["ProvisionedReadCapacityAutoScalingUpdate"]);
    if (wishes.size() > before) continue;
    return validation(
        "Failed to update settings for global table with name: ‘" + std::string(name) +
        "’ because at least one update parameter must be specified for region: ‘" + region + "’.");
  }
  return wishes;
}

Result<void> check_billing(const Wish& wish, const Replicas& replicas, std::string_view name) {
  std::string on_demand;
  for (const auto& [region, replica] : replicas) {
    if (!replica.on_demand) continue;
    std::string upper = region;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    on_demand.append(on_demand.empty() ? "'" : ", '").append(upper).append("'");
  }
  if (on_demand.empty() || !wants_scaling(*wish.update)) return {};
  return validation(
      "Failed to update global table with name ‘" + std::string(name) + "‘. Replicas " + on_demand +
      " BillingMode is PayPerRequest. You must convert table's BillingMode to PROVISIONED to set "
      "parameters: '" +
      (wish.region.empty() ? "GlobalTableProvisionedWriteCapacityAutoScalingSettingsUpdate"
                           : "ReplicaProvisionedReadCapacityAutoScalingSettingsUpdate") +
      "'.");
}

ScalingOf about(const Wish& wish, std::string_view name, std::string_view account,
                const std::string& resource) {
  return {name, account, resource, !wish.region.empty()};
}

Result<void> check(const Wish& wish, const Replicas& replicas, std::string_view name,
                   engine::Ids& ids) {
  const std::string failed =
      "Failed to update settings for global table with name: ‘" + std::string(name) + "’ because ";
  if (!wish.region.empty() && !replicas.contains(wish.region)) {
    return not_found(failed + "a replica does not exist in regions: ‘[" + wish.region + "]’.");
  }
  for (const auto& [region, replica] : replicas) {
    const Index* index = wish.index.empty() ? nullptr : replica.find_index(wish.index);
    if (wish.index.empty() || (index != nullptr && index->global)) continue;
    return not_found(failed + "the global secondary indexes with names: ‘[" + wish.index +
                     "]’ do not exist.");
  }
  CLOCHE_TRY_VOID(check_billing(wish, replicas, name));
  return check_scaling(*wish.update, about(wish, name, "", ""), ids);
}

void apply(const Wish& wish, Instant now, Table& replica) {
  if (!wish.region.empty() && wish.region != replica.region) return;
  AutoScaling* scaling = &replica.scaling;
  Throughput* units = &replica.throughput;
  std::string resource = "table/" + replica.name;
  if (!wish.index.empty()) {
    const auto index = std::ranges::find(replica.indexes, wish.index, &Index::name);
    scaling = &index->scaling;
    units = &index->throughput;
    resource += "/index/" + wish.index;
  }
  const ScalingOf of = about(wish, replica.name, replica.account, resource);
  set_scaling(*wish.update, of, now, of.reads ? scaling->read : scaling->write, *units);
}

}  // namespace

Result<void> describe_replica_scaling(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const replicas, replicas_of(service, view, place_of(*call), name));
    return description(name, replicas, call->arena());
  });
  return {};
}

Result<void> update_replica_scaling(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name](engine::WriteTxn& txn) -> Result<Value> {
                 CLOCHE_TRY(replicas, replicas_of(service, txn, place_of(request), name));
                 CLOCHE_TRY(const wishes, wishes_of(request.input(), name));
                 for (const Wish& wish : wishes)
                   CLOCHE_TRY_VOID(check(wish, replicas, name, txn.ids()));
                 // The answer tells what was before: DescribeTableReplicaAutoScaling tells more
                 // (measured on AWS in 2026).
                 const Value before = description(name, replicas, request.arena());
                 for (auto& [region, replica] : replicas) {
                   for (const Wish& wish : wishes) apply(wish, txn.now(), replica);
                   CLOCHE_TRY_VOID(Catalog::store(txn, replica));
                 }
                 return before;
               });
  return {};
}

}  // namespace cloche::dynamodb
