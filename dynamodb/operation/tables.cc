// CreateTable, DescribeTable, ListTables, DeleteTable.
#include "dynamodb/operation/tables.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/backups.h"
#include "dynamodb/operation/replica_updates.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/plan_table.h"
#include "dynamodb/table/replicas.h"

namespace cloche::dynamodb {
namespace {

// Counts rows of a table or index, up to kCountedRowsMax. Partitions lie in the order of a hash, so
// that what share of its range was counted tells about how many there are in all.
TableCounts count_rows(const engine::ReadView& view, engine::TableId rows, std::int64_t id) {
  engine::KeyWriter whole;
  whole.integer(id);
  const auto cursor = view.scan(rows, engine::KeyRange::of(whole));
  TableCounts counts;
  for (; cursor->valid(); cursor->next()) {
    ++counts.items;
    counts.bytes += static_cast<std::int64_t>(StoredItem(cursor->value()).bytes());
    if (counts.items < static_cast<std::int64_t>(kCountedRowsMax)) continue;
    engine::KeyReader key(cursor->key());
    static_cast<void>(key.integer());
    const double share = (static_cast<double>(key.integer()) + 0x1p63) / 0x1p64;
    if (share <= 0) break;
    counts.items = static_cast<std::int64_t>(static_cast<double>(counts.items) / share);
    counts.bytes = static_cast<std::int64_t>(static_cast<double>(counts.bytes) / share);
    break;
  }
  return counts;
}

}  // namespace

Value described(Service& service, const engine::ReadView& view, const Table& table,
                std::string_view status, Instant now, Arena& arena) {
  std::vector<TableCounts> index_counts;
  for (const Index& index : table.indexes) {
    index_counts.push_back(count_rows(view, kIndexEntries, index.id));
    index_counts.back().now = now;
  }
  TableCounts counts = count_rows(view, kItems, table.id);
  counts.now = now;
  Value out = describe_table(table, status, counts, index_counts, arena);
  if (status != "DELETING") add_replicas(service, view, table, out, arena);
  return out;
}

std::string asked_key(const Value& encryption, const Place& place) {
  if (!encryption["Enabled"].as_bool()) return {};
  const std::string key = encryption["KMSMasterKeyId"].str();
  if (key.starts_with("arn:")) return key;
  return "arn:aws:kms:" + place.region + ":" + place.account + ":key/" + key;
}

Result<void> make_table(engine::WriteTxn& txn, const Place& place, std::string_view name,
                        Table& table) {
  table.name = name;
  table.account = place.account;
  table.region = place.region;
  table.created = txn.now();
  table.uuid = txn.ids().uuid();
  if (table.on_demand) table.on_demand_since = table.created;
  if (table.kms_key.ends_with(":key/")) table.kms_key += txn.ids().uuid();
  table.counts_collections = table.has_local_index();
  CLOCHE_TRY(const id, Catalog::next_id(txn));
  table.id = id;
  for (Index& index : table.indexes) {
    CLOCHE_TRY(const index_id, Catalog::next_id(txn));
    index.id = index_id;
  }
  if (!table.stream_view_type.empty()) CLOCHE_TRY_VOID(open_stream(txn, table));
  return Catalog::store(txn, table);
}

Result<void> create_table(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  CLOCHE_TRY(const name, table_name_of(input["TableName"].text()));
  CLOCHE_TRY(planned, plan_table(input));
  planned.kms_key = asked_key(input["SSESpecification"], place_of(*call));
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name,
                table = std::move(planned)](engine::WriteTxn& txn) mutable -> Result<Value> {
                 const Place place = place_of(request);
                 CLOCHE_TRY(const existing, service.catalog.find(txn, place, name));
                 if (existing != nullptr)
                   return resource_in_use("Table already exists: " + std::string(name));
                 CLOCHE_TRY_VOID(make_table(txn, place, name, table));
                 Arena& arena = request.arena();
                 Value output = Value::map();
                 output.add(arena, "TableDescription",
                            describe_table(table, "CREATING", {}, {}, arena));
                 return output;
               });
  return {};
}

Result<void> describe_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, service.catalog.find(view, place_of(*call), name));
    if (table == nullptr) return table_not_found(name);
    Value output = Value::map();
    output.add(call->arena(), "Table",
               described(service, view, *table, table->restoring ? "CREATING" : "ACTIVE",
                         service.store.clock().now(), call->arena()));
    return output;
  });
  return {};
}

Result<void> list_tables(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  const auto limit =
      static_cast<std::size_t>(std::clamp<std::int64_t>(input["Limit"].as_integer(100), 1, 100));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    Arena& arena = call->arena();
    const Place place = place_of(*call);
    engine::KeyWriter all;
    all.text(place.account).text(place.region);
    engine::KeyRange range = engine::KeyRange::of(all);
    if (const Value& start = input["ExclusiveStartTableName"]; start.present()) {
      range.from = engine::KeyWriter(all).text(start.text()).after().take();
    }
    Value names = Value::list();
    const auto cursor = view.scan(kTables, range);
    for (; cursor->valid() && names.size() < limit; cursor->next()) {
      engine::KeyReader key(cursor->key());
      static_cast<void>(key.text());
      static_cast<void>(key.text());
      names.push(arena, Value::string(arena, key.text()));
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    output.add(arena, "TableNames", names);
    if (cursor->valid()) output.add(arena, "LastEvaluatedTableName", names.items().back());
    return output;
  });
  return {};
}

Result<void> drop_table(engine::WriteTxn& txn, const Table& table) {
  // The name is free at once; what was in the table goes step by step.
  CLOCHE_TRY_VOID(Catalog::erase(txn, table));
  if (table.recovery_since) {
    CLOCHE_TRY_VOID(keep_deleted(txn, table, count_rows(txn, kItems, table.id)));
  } else {
    CLOCHE_TRY_VOID(clear_rows_later(txn, kItems, table.id));
  }
  if (table.counts_collections) CLOCHE_TRY_VOID(clear_rows_later(txn, kCollections, table.id));
  for (const Index& index : table.indexes)
    CLOCHE_TRY_VOID(clear_rows_later(txn, kIndexEntries, index.id));
  if (!table.ttl_attribute.empty()) CLOCHE_TRY_VOID(end_expiry(txn, table));
  if (has_stream(table)) {
    Table ending = table;
    CLOCHE_TRY_VOID(close_stream(txn, ending));
  }
  return clear_rows_later(txn, kReplicaClocks, table.id);
}

Result<void> delete_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  protocol::Call& request = *call;
  answer_write(
      service, call, name, [&service, &request, name](engine::WriteTxn& txn) -> Result<Value> {
        CLOCHE_TRY(const table, service.catalog.find(txn, place_of(request), name));
        if (table == nullptr) return table_not_found(name);
        if (table->restoring) {
          return resource_in_use(
              "Attempt to change a resource which is still in use: Table is being "
              "created: " +
              table->name);
        }
        if (table->deletion_protection) {
          return validation(
              "Resource cannot be deleted as it is currently protected against deletion. Disable "
              "deletion protection first.");
        }
        CLOCHE_TRY_VOID(leave_replicas(service, txn, *table));
        CLOCHE_TRY_VOID(drop_table(txn, *table));
        Arena& arena = request.arena();
        Value output = Value::map();
        output.add(arena, "TableDescription", describe_table(*table, "DELETING", {}, {}, arena));
        return output;
      });
  return {};
}

}  // namespace cloche::dynamodb
