#include "dynamodb/operation/replica_settings.h"

#include <algorithm>

#include "dynamodb/operation/replica_updates.h"
#include "dynamodb/table/expiry.h"

namespace cloche::dynamodb {
namespace {

// Units of reading are followed as long as they are the same.
void follow(const Throughput& before, const Throughput& now, Throughput& replica) {
  const bool followed = replica.read_units == before.read_units;
  replica.write_units = now.write_units;
  // Where the billing has changed there was none, or is none any more.
  if (followed || now.read_units == 0) replica.read_units = now.read_units;
}

void follow(const OnDemandLimits& before, const OnDemandLimits& now, OnDemandLimits& replica) {
  if (replica.read == before.read) replica.read = now.read;
  replica.write = now.write;
}

Index* find_global(Table& table, const std::string& name) {
  const auto found = std::ranges::find(table.indexes, name, &Index::name);
  return found != table.indexes.end() && found->global ? &*found : nullptr;
}

Result<void> add_index(engine::WriteTxn& txn, const Index& index, Table& replica) {
  Index added = index;
  CLOCHE_TRY(const id, Catalog::next_id(txn));
  added.id = id;
  added.backfilling = true;
  added.contributor_insights = false;
  replica.indexes.push_back(std::move(added));
  return backfill_later(txn, replica, id, "");
}

Result<void> follow_indexes(engine::WriteTxn& txn, const Table& before, const Table& table,
                            Table& replica) {
  for (auto index = replica.indexes.begin(); index != replica.indexes.end();) {
    if (!index->global || table.find_index(index->name) != nullptr) {
      ++index;
      continue;
    }
    CLOCHE_TRY_VOID(clear_rows_later(txn, kIndexEntries, index->id));
    index = replica.indexes.erase(index);
  }
  for (const Index& index : table.indexes) {
    if (!index.global) continue;
    Index* there = find_global(replica, index.name);
    if (there == nullptr) {
      CLOCHE_TRY_VOID(add_index(txn, index, replica));
      continue;
    }
    const Index* was = before.find_index(index.name);
    follow(was != nullptr ? was->throughput : Throughput(), index.throughput, there->throughput);
    follow(was != nullptr ? was->limits : OnDemandLimits(), index.limits, there->limits);
    there->warm = index.warm;
  }
  return {};
}

Result<void> follow(engine::WriteTxn& txn, const Table& before, const Table& table,
                    Table& replica) {
  if (replica.on_demand != table.on_demand) {
    replica.on_demand = table.on_demand;
    replica.on_demand_since = table.on_demand_since;
  }
  follow(before.throughput, table.throughput, replica.throughput);
  follow(before.limits, table.limits, replica.limits);
  replica.warm = table.warm;
  replica.attributes = table.attributes;
  return follow_indexes(txn, before, table, replica);
}

}  // namespace

// Tables of version 2017.11.29 are left alone: their settings go by operations of their own.
Result<void> share_settings(Service& service, engine::WriteTxn& txn, const Table& before,
                            const Table& table) {
  if (table.legacy_global_since) return {};
  return change_others(service, txn, table,
                       [&](Table& replica) { return follow(txn, before, table, replica); });
}

Result<void> share_expiry(Service& service, engine::WriteTxn& txn, const Table& table) {
  if (table.legacy_global_since) return {};
  return change_others(service, txn, table, [&](Table& replica) -> Result<void> {
    if (replica.ttl_attribute == table.ttl_attribute) return {};
    if (!replica.ttl_attribute.empty()) CLOCHE_TRY_VOID(end_expiry(txn, replica));
    replica.ttl_attribute = table.ttl_attribute;
    return replica.ttl_attribute.empty() ? Result<void>() : begin_expiry(txn, replica);
  });
}

}  // namespace cloche::dynamodb
