// CreateBackup, DescribeBackup, ListBackups, DeleteBackup.
#include "dynamodb/operation/backups.h"

#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/table/table_work.h"
#include "dynamodb/transfer/export.h"

namespace cloche::dynamodb {
namespace {

Value details(const Backup& backup, std::string_view status, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "BackupArn", Value::string(arena, backup.arn()));
  out.add(arena, "BackupName", Value::string(arena, backup.name));
  if (backup.available) out.add(arena, "BackupSizeBytes", Value::integer(backup.bytes));
  out.add(arena, "BackupStatus", Value::string(status));
  out.add(arena, "BackupType", Value::string(backup.expires ? "SYSTEM" : "USER"));
  out.add(arena, "BackupCreationDateTime", Value::timestamp(backup.created));
  if (backup.expires) out.add(arena, "BackupExpiryDateTime", Value::timestamp(*backup.expires));
  return out;
}

std::string_view status_of(const Backup& backup) {
  return backup.available ? "AVAILABLE" : "CREATING";
}

// What DescribeTable told of the table when the backup was made, as far as backups tell it.
Value described(const Backup& backup, std::string_view status, Arena& arena) {
  const Value table =
      describe_table(backup.table, "ACTIVE", {backup.items, backup.bytes}, {}, arena);
  Value out = Value::map();
  out.add(arena, "BackupDetails", details(backup, status, arena));
  Value& source = out.add(arena, "SourceTableDetails", Value::map());
  for (const char* name : {"TableName", "TableId", "TableArn", "TableSizeBytes", "KeySchema"})
    source.add(arena, name, table[name]);
  source.add(arena, "TableCreationDateTime", table["CreationDateTime"]);
  Value& units = source.add(arena, "ProvisionedThroughput", Value::map());
  units.add(arena, "ReadCapacityUnits", Value::integer(backup.table.throughput.read_units));
  units.add(arena, "WriteCapacityUnits", Value::integer(backup.table.throughput.write_units));
  source.add(arena, "ItemCount", Value::integer(backup.items));
  source.add(arena, "BillingMode",
             Value::string(backup.table.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED"));
  Value& features = out.add(arena, "SourceTableFeatureDetails", Value::map());
  for (const char* list : {"LocalSecondaryIndexes", "GlobalSecondaryIndexes"}) {
    if (!table[list].present()) continue;
    Value& indexes = features.add(arena, list, Value::list());
    for (const Value& index : table[list].items()) {
      Value& told = indexes.push(arena, Value::map());
      for (const char* name : {"IndexName", "KeySchema", "Projection", "ProvisionedThroughput"}) {
        if (index[name].present()) told.add(arena, name, index[name]);
      }
    }
  }
  if (table["StreamSpecification"].present())
    features.add(arena, "StreamDescription", table["StreamSpecification"]);
  if (table["SSEDescription"].present())
    features.add(arena, "SSEDescription", table["SSEDescription"]);
  if (!backup.table.ttl_attribute.empty()) {
    Value& ttl = features.add(arena, "TimeToLiveDescription", Value::map());
    ttl.add(arena, "TimeToLiveStatus", Value::string("ENABLED"));
    ttl.add(arena, "AttributeName", Value::string(arena, backup.table.ttl_attribute));
  }
  return out;
}

Value summary(const Backup& backup, Arena& arena) {
  Value out = details(backup, status_of(backup), arena);
  out.add(arena, "TableName", Value::string(arena, backup.table_name));
  out.add(arena, "TableId", Value::string(arena, backup.table.uuid));
  out.add(arena, "TableArn", Value::string(arena, backup.table.arn()));
  return out;
}

// Which backups a ListBackups asks for.
bool is_listed(const Backup& backup, const Value& input) {
  const std::string_view type = input["BackupType"].text();
  if (type != "ALL" && (type == "SYSTEM") != backup.expires.has_value()) return false;
  const auto from = input["TimeRangeLowerBound"].as_timestamp();
  const auto to = input["TimeRangeUpperBound"].as_timestamp();
  return (!from || backup.created >= *from) && (!to || backup.created < *to);
}

Result<void> expire_backup(engine::WriteTxn& txn, const std::string& key) {
  CLOCHE_TRY(const row, txn.get(kBackups, key));
  if (!row) return {};  // A user was before us.
  CLOCHE_TRY(const backup, decode_backup(key, *row));
  CLOCHE_TRY_VOID(txn.erase(kBackups, key));
  return clear_rows_later(txn, kItems, backup.storage);
}

}  // namespace

// AWS: a table with point-in-time recovery leaves a backup for 35 days when it is deleted
// ("Deleting a table with point-in-time recovery enabled", Developer Guide). Its items stay where
// they are, and are the backup's from now on.
Result<void> keep_deleted(engine::WriteTxn& txn, const Table& table, const TableCounts& counts) {
  Backup backup;
  backup.account = table.account;
  backup.region = table.region;
  backup.table_name = table.name;
  backup.id = new_transfer_id(txn);
  backup.name = table.name + "$DeletedTableBackup";
  backup.created = txn.now();
  backup.expires = txn.now() + std::chrono::days(35);
  backup.available = true;
  backup.items = counts.items;
  backup.bytes = counts.bytes;
  backup.storage = table.id;
  backup.table = table;
  CLOCHE_TRY_VOID(store_backup(txn, backup));
  auto queued = txn.later({std::string(kExpireBackupWork), backup.key(), *backup.expires});
  return queued ? Result<void>() : std::move(queued).error();
}

void name_backup_work(engine::Store& store) {
  store.on_work(std::string(kExpireBackupWork), expire_backup);
}

Error backup_not_found(std::string_view arn) {
  Error error = table_not_found();
  error.code = "BackupNotFoundException";
  error.message = "Backup not found: " + std::string(arn);
  return error;
}

Error backed_table_not_found(std::string_view name) {
  Error error = table_not_found();
  error.code = "TableNotFoundException";
  error.message = "Table not found: " + std::string(name);
  return error;
}

Result<Backup> need_backup(const engine::ReadView& view, const Place& place, std::string_view arn) {
  CLOCHE_TRY(backup, find_backup(view, arn));
  if (!backup || backup->account != place.account || backup->region != place.region)
    return backup_not_found(arn);
  return *std::move(backup);
}

Result<void> create_backup(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  protocol::Call& request = *call;
  answer_write(
      service, call, name, [&service, &request, name](engine::WriteTxn& txn) -> Result<Value> {
        const Place place = place_of(request);
        CLOCHE_TRY(const table, service.catalog.find(txn, place, name));
        if (table == nullptr) return backed_table_not_found(name);
        if (table->restoring) return table_in_use(name);
        Backup backup;
        backup.account = place.account;
        backup.region = place.region;
        backup.table_name = name;
        backup.id = new_transfer_id(txn);
        backup.name = request.input()["BackupName"].str();
        backup.created = txn.now();
        backup.table = *table;
        CLOCHE_TRY(const storage, Catalog::next_id(txn));
        backup.storage = storage;
        CLOCHE_TRY_VOID(store_backup(txn, backup));
        Copy copy;
        copy.source = table->id;
        copy.target = storage;
        copy.at = txn.now();
        copy.target_key = backup.key();
        CLOCHE_TRY_VOID(begin_copy(txn, copy));
        Value output = Value::map();
        output.add(request.arena(), "BackupDetails", details(backup, "CREATING", request.arena()));
        return output;
      });
  return {};
}

Result<void> describe_backup(Service& service, const protocol::CallPtr& call) {
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const backup, need_backup(view, place_of(*call), call->input()["BackupArn"].text()));
    Value output = Value::map();
    output.add(call->arena(), "BackupDescription",
               described(backup, status_of(backup), call->arena()));
    return output;
  });
  return {};
}

Result<void> list_backups(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  std::string_view name;  // Empty: of all tables.
  if (input["TableName"].present()) {
    CLOCHE_TRY(const given, table_name_of(input["TableName"].text()));
    name = given;
  }
  const auto limit = static_cast<std::size_t>(input["Limit"].as_integer(100));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    const Place place = place_of(*call);
    Arena& arena = call->arena();
    engine::KeyWriter prefix;
    prefix.text(place.account).text(place.region);
    if (!name.empty()) prefix.text(name);
    engine::KeyRange range = engine::KeyRange::of(prefix);
    if (const Value& start = input["ExclusiveStartBackupArn"]; start.present()) {
      CLOCHE_TRY(const after, need_backup(view, place, start.text()));
      range.from = std::max(range.from, after_row(after.key()));
    }
    Value list = Value::list();
    std::string last;
    bool more = false;
    const auto cursor = view.scan(kBackups, range);
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(const backup, decode_backup(cursor->key(), cursor->value()));
      if (!is_listed(backup, input)) continue;
      more = list.size() == limit;
      if (more) break;
      list.push(arena, summary(backup, arena));
      last = backup.arn();
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    output.add(arena, "BackupSummaries", list);
    if (more) output.add(arena, "LastEvaluatedBackupArn", Value::string(arena, last));
    return output;
  });
  return {};
}

Result<void> delete_backup(Service& service, const protocol::CallPtr& call) {
  protocol::Call& request = *call;
  answer_write(service, call, "", [&request](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(const backup,
               need_backup(txn, place_of(request), request.input()["BackupArn"].text()));
    if (!backup.available) {
      Error error = backup_not_found("");
      error.code = "BackupInUseException";
      error.message = "Backup is being created or deleted: " + backup.arn();
      return error;
    }
    CLOCHE_TRY_VOID(txn.erase(kBackups, backup.key()));
    CLOCHE_TRY_VOID(clear_rows_later(txn, kItems, backup.storage));
    Value output = Value::map();
    output.add(request.arena(), "BackupDescription", described(backup, "DELETED", request.arena()));
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
