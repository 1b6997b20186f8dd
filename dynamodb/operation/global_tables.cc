// CreateGlobalTable, UpdateGlobalTable, DescribeGlobalTable, ListGlobalTables.
#include "dynamodb/operation/global_tables.h"

#include <algorithm>

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

Error already_there(std::string_view name) {
  return global_table_error("GlobalTableAlreadyExistsException",
                            "Global table with name: '" + std::string(name) + "' already exists.");
}

Value description(std::string_view name, const GlobalTable& tables, std::string_view status,
                  Arena& arena) {
  Value out = Value::map();
  Value& told = out.add(arena, "GlobalTableDescription", Value::map());
  Value& group = told.add(arena, "ReplicationGroup", Value::list());
  for (const auto& [region, table] : tables) {
    Value& replica = group.push(arena, Value::map());
    replica.add(arena, "RegionName", Value::string(arena, region));
    replica.add(arena, "ReplicaStatus", Value::string("ACTIVE"));
  }
  // Nothing is left of one that has lost its last replica.
  if (tables.empty()) return out;
  const Table& first = tables.begin()->second;
  told.add(arena, "GlobalTableArn",
           Value::string(
               arena, "arn:aws:dynamodb::" + first.account + ":global-table/" + std::string(name)));
  told.add(arena, "CreationDateTime", Value::timestamp(*first.legacy_global_since));
  told.add(arena, "GlobalTableStatus", Value::string(status));
  told.add(arena, "GlobalTableName", Value::string(arena, name));
  return out;
}

bool same_keys(const KeySchema& a, const KeySchema& b) {
  std::vector<std::pair<std::string, Type>> keys_a, keys_b;
  a.each([&](const KeyAttribute& key) { keys_a.emplace_back(key.name, key.type); });
  b.each([&](const KeyAttribute& key) { keys_b.emplace_back(key.name, key.type); });
  return keys_a == keys_b && a.sort.has_value() == b.sort.has_value();
}

bool same_indexes(const Table& a, const Table& b) {
  const auto are_in = [](const Table& one, const Table& other) {
    return std::ranges::all_of(one.indexes, [&](const Index& index) {
      const Index* same = other.find_index(index.name);
      return same != nullptr && same->global == index.global && same_keys(same->keys, index.keys);
    });
  };
  return are_in(a, b) && are_in(b, a);
}

bool has_items(const engine::ReadView& view, const Table& table) {
  return view.scan(kItems, engine::KeyRange::of(engine::KeyWriter().integer(table.id)))->valid();
}

// What a table has to be to join the others ("Requirements for adding a new replica table").
Result<void> check_replica(const engine::ReadView& view, const Table& table,
                           const GlobalTable& others) {
  const auto refuse = [&](std::string_view why) {
    return validation("Failed to create a the new replica of table with name: '" + table.name +
                      "' in region '" + table.region + "' because " + std::string(why));
  };
  if (table.stream_view_type != "NEW_AND_OLD_IMAGES")
    return refuse("its stream is not enabled with the view type NEW_AND_OLD_IMAGES.");
  if (has_items(view, table)) return refuse("it contains data.");
  for (const auto& [region, other] : others) {
    if (!same_keys(table.keys, other.keys))
      return refuse("its key schema is another than that of the other replicas.");
    if (!same_indexes(table, other))
      return refuse("its secondary indexes are others than those of the other replicas.");
    if (has_items(view, other)) return refuse("a replica of the global table contains data.");
  }
  return {};
}

Result<Table> need_member(Service& service, const engine::ReadView& view, const Place& place,
                          std::string_view name) {
  CLOCHE_TRY(const table, service.catalog.find(view, place, name));
  if (table == nullptr || table->restoring) {
    return global_table_error("TableNotFoundException", "Table not found: " + std::string(name) +
                                                            " in region " + place.region);
  }
  return *table;
}

// Lets each table know of all others, and stores them.
Result<void> store_all(engine::WriteTxn& txn, GlobalTable& tables) {
  for (auto& [region, table] : tables) {
    table.replicas.clear();
    for (const auto& [other_region, other] : tables) {
      if (other_region != region) table.replicas.push_back({other_region, other.kms_key});
    }
    CLOCHE_TRY_VOID(Catalog::store(txn, table));
  }
  return {};
}

Result<Value> create(Service& service, engine::WriteTxn& txn, protocol::Call& call,
                     std::string_view name) {
  const Place place = place_of(call);
  GlobalTable tables;
  for (const Value& member : call.input()["ReplicationGroup"].items()) {
    const std::string region = member["RegionName"].str();
    CLOCHE_TRY(table, need_member(service, txn, {place.account, region}, name));
    if (table.legacy_global_since || !table.replicas.empty()) return already_there(name);
    CLOCHE_TRY_VOID(check_replica(txn, table, tables));
    table.legacy_global_since = txn.now();
    tables.emplace(region, std::move(table));
  }
  if (tables.empty()) return invalid_value("ReplicationGroup must name at least one region");
  CLOCHE_TRY_VOID(store_all(txn, tables));
  return description(name, tables, "CREATING", call.arena());
}

Result<void> add_member(Service& service, engine::WriteTxn& txn, const Place& place,
                        std::string_view name, GlobalTable& tables) {
  if (tables.contains(place.region)) {
    return global_table_error("ReplicaAlreadyExistsException",
                              "Replica in region: '" + place.region +
                                  "' is already part of the global table with name: '" +
                                  std::string(name) + "'.");
  }
  CLOCHE_TRY(table, need_member(service, txn, place, name));
  if (table.legacy_global_since || !table.replicas.empty()) return already_there(name);
  CLOCHE_TRY_VOID(check_replica(txn, table, tables));
  table.legacy_global_since = tables.begin()->second.legacy_global_since;
  tables.emplace(place.region, std::move(table));
  return {};
}

// "The table is completely disassociated from the global table", and stays.
Result<void> drop_member(engine::WriteTxn& txn, const std::string& region, std::string_view name,
                         GlobalTable& tables) {
  const auto found = tables.find(region);
  if (found == tables.end()) {
    return global_table_error("ReplicaNotFoundException",
                              "Replica in region: '" + region +
                                  "' is not part of the global table with name: '" +
                                  std::string(name) + "'.");
  }
  Table table = std::move(found->second);
  tables.erase(found);
  table.replicas.clear();
  table.legacy_global_since.reset();
  return Catalog::store(txn, table);
}

Result<Value> update(Service& service, engine::WriteTxn& txn, protocol::Call& call,
                     std::string_view name) {
  const Place place = place_of(call);
  const Value& updates = call.input()["ReplicaUpdates"];
  CLOCHE_TRY(tables, find_global_table(service, txn, place, name));
  if (updates.empty()) return validation("One or more parameter values were invalid");
  for (const Value& one : updates.items()) {
    if (const Value& added = one["Create"]; added.present()) {
      CLOCHE_TRY_VOID(
          add_member(service, txn, {place.account, added["RegionName"].str()}, name, tables));
    } else {
      CLOCHE_TRY_VOID(drop_member(txn, one["Delete"]["RegionName"].str(), name, tables));
    }
  }
  CLOCHE_TRY_VOID(store_all(txn, tables));
  return description(name, tables, "UPDATING", call.arena());
}

}  // namespace

Error global_table_error(std::string_view code, std::string message) {
  Error error = validation(std::move(message));
  error.code = code;
  return error;
}

Result<GlobalTable> find_global_table(Service& service, const engine::ReadView& view,
                                      const Place& place, std::string_view name) {
  CLOCHE_TRY(const here, service.catalog.find(view, place, name));
  GlobalTable tables;
  if (here != nullptr && here->legacy_global_since) {
    tables.emplace(here->region, *here);
    for (const Replica& replica : here->replicas) {
      CLOCHE_TRY(const other, service.catalog.find(view, {place.account, replica.region}, name));
      if (other != nullptr) tables.emplace(replica.region, *other);
    }
  }
  if (!tables.empty()) return tables;
  return global_table_error("GlobalTableNotFoundException",
                            "Global table with name: '" + std::string(name) + "' does not exist.");
}

Result<void> create_global_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["GlobalTableName"].text()));
  protocol::Call& request = *call;
  answer_write(service, call, name, [&service, &request, name](engine::WriteTxn& txn) {
    return create(service, txn, request, name);
  });
  return {};
}

Result<void> update_global_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["GlobalTableName"].text()));
  protocol::Call& request = *call;
  answer_write(service, call, name, [&service, &request, name](engine::WriteTxn& txn) {
    return update(service, txn, request, name);
  });
  return {};
}

Result<void> describe_global_table(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["GlobalTableName"].text()));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    auto tables = find_global_table(service, view, place_of(*call), name);
    if (!tables) {
      Error error = std::move(tables).error();
      if (error.code == "GlobalTableNotFoundException")
        error.message = "Global table not found: " + error.message;
      return error;
    }
    return description(name, *tables, "ACTIVE", call->arena());
  });
  return {};
}

Result<void> list_global_tables(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  const auto limit = static_cast<std::size_t>(input["Limit"].as_integer(100));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    Arena& arena = call->arena();
    const std::string region =
        input["RegionName"].present() ? input["RegionName"].str() : call->caller().region;
    engine::KeyWriter all;
    all.text(call->caller().account).text(region);
    engine::KeyRange range = engine::KeyRange::of(all);
    if (const Value& start = input["ExclusiveStartGlobalTableName"]; start.present())
      range.from = engine::KeyWriter(all).text(start.text()).after().take();
    Value list = Value::list();
    std::string last;
    bool more = false;
    const auto cursor = view.scan(kTables, range);
    for (; cursor->valid() && !more; cursor->next()) {
      CLOCHE_TRY(const table, decode_table(cursor->value()));
      if (!table.legacy_global_since) continue;
      more = list.size() == limit;
      if (more) break;
      last = table.name;
      Value& told = list.push(arena, Value::map());
      told.add(arena, "GlobalTableName", Value::string(arena, table.name));
      std::vector<std::string> regions{table.region};
      for (const Replica& replica : table.replicas) regions.push_back(replica.region);
      std::ranges::sort(regions);
      Value& group = told.add(arena, "ReplicationGroup", Value::list());
      for (const std::string& one : regions) {
        group.push(arena, Value::map()).add(arena, "RegionName", Value::string(arena, one));
      }
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    output.add(arena, "GlobalTables", list);
    if (more) output.add(arena, "LastEvaluatedGlobalTableName", Value::string(arena, last));
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
