// RestoreTableFromBackup, RestoreTableToPointInTime, and the setting that the latter needs.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/operation/backups.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/table/plan_table.h"

namespace cloche::dynamodb {
namespace {

constexpr int kRecoveryDays = 35;  // AWS: the most, and what there is unless one asks for less.

Error refusal(std::string_view code, std::string message) {
  Error error = table_not_found();
  error.code = code;
  error.message = std::move(message);
  return error;
}

Result<Value> describe_continuous(const engine::Store& store, const Table& table, Instant now,
                                  Arena& arena) {
  Value output = Value::map();
  Value& backups = output.add(arena, "ContinuousBackupsDescription", Value::map());
  backups.add(arena, "ContinuousBackupsStatus", Value::string("ENABLED"));
  Value& recovery = backups.add(arena, "PointInTimeRecoveryDescription", Value::map());
  const bool enabled = table.recovery_since.has_value();
  recovery.add(arena, "PointInTimeRecoveryStatus", Value::string(enabled ? "ENABLED" : "DISABLED"));
  if (!enabled) return output;
  CLOCHE_TRY(const window, recovery_window(store, table, now));
  recovery.add(arena, "RecoveryPeriodInDays",
               Value::integer(table.recovery_days ? table.recovery_days : kRecoveryDays));
  recovery.add(arena, "EarliestRestorableDateTime", Value::timestamp(window.earliest));
  recovery.add(arena, "LatestRestorableDateTime", Value::timestamp(window.latest));
  return output;
}

// An override names those of the indexes that are to be restored.
Result<void> keep_indexes(Table& table, const Value& override, bool global) {
  if (!override.present()) return {};
  const auto is_kept = [&](const Index& index) {
    return std::ranges::any_of(override.items(), [&](const Value& kept) {
      return kept["IndexName"].text() == index.name;
    });
  };
  for (const Value& kept : override.items()) {
    const Index* index = table.find_index(kept["IndexName"].text());
    if (index == nullptr || index->global != global)
      return validation("Index override must be a subset of the indexes of the source: " +
                        kept["IndexName"].str());
  }
  std::erase_if(table.indexes,
                [&](const Index& index) { return index.global == global && !is_kept(index); });
  return {};
}

// The new table: the old one's schema and units. Streams, time to live, tags, deletion protection
// and recovery are not taken over, as on AWS.
Result<Table> plan_restored(engine::WriteTxn& txn, const Table& source, const Value& input,
                            const Place& place) {
  Table table = source;
  table.account = place.account;
  table.region = place.region;
  table.name = input["TargetTableName"].str();
  table.uuid = txn.ids().uuid();
  table.created = txn.now();
  table.stream_view_type.clear();
  table.stream_label.clear();
  table.stream_id = 0;
  table.ttl_attribute.clear();
  table.tags.clear();
  table.policy = {};
  table.stream_policy = {};
  table.kinesis.clear();
  table.replicas.clear();
  table.deletion_protection = false;
  table.recovery_since.reset();
  table.recovery_days = 0;
  table.contributor_insights = false;
  table.restoring = true;
  CLOCHE_TRY_VOID(keep_indexes(table, input["GlobalSecondaryIndexOverride"], true));
  CLOCHE_TRY_VOID(keep_indexes(table, input["LocalSecondaryIndexOverride"], false));
  if (const std::string_view mode = input["BillingModeOverride"].text(); !mode.empty()) {
    table.on_demand = mode == "PAY_PER_REQUEST";
    if (table.on_demand) table.throughput = {};
    if (table.on_demand) table.on_demand_since = txn.now();
  }
  if (const Value& units = input["ProvisionedThroughputOverride"]; units.present()) {
    CLOCHE_TRY(const planned, plan_throughput(units));
    table.throughput = planned;
  }
  table.counts_collections = table.has_local_index();
  CLOCHE_TRY(const id, Catalog::next_id(txn));
  table.id = id;
  for (Index& index : table.indexes) {
    CLOCHE_TRY(const index_id, Catalog::next_id(txn));
    index.id = index_id;
    index.backfilling = false;
    index.contributor_insights = false;
  }
  return table;
}

Result<Value> begin_restore(Service& service, engine::WriteTxn& txn, protocol::Call& call,
                            const Table& source, std::int64_t storage, std::optional<Instant> at,
                            const std::string& source_arn, Instant restored_to) {
  const Place place = place_of(call);
  const Value& input = call.input();
  CLOCHE_TRY(const name, table_name_of(input["TargetTableName"].text()));
  CLOCHE_TRY(const existing, service.catalog.find(txn, place, name));
  if (existing != nullptr)
    return refusal("TableAlreadyExistsException", "Table already exists: " + std::string(name));
  CLOCHE_TRY(table, plan_restored(txn, source, input, place));
  table.restored_from = source_arn;
  table.restored_to = restored_to;
  CLOCHE_TRY_VOID(Catalog::store(txn, table));
  Copy copy;
  copy.source = storage;
  copy.target = table.id;
  copy.at = at;
  copy.target_key = Catalog::row_key(table);
  copy.into_table = true;
  CLOCHE_TRY_VOID(begin_copy(txn, copy));
  Value output = Value::map();
  output.add(call.arena(), "TableDescription",
             describe_table(table, "CREATING", {}, {}, call.arena()));
  return output;
}

}  // namespace

Result<RecoveryWindow> recovery_window(const engine::Store& store, const Table& table,
                                       Instant now) {
  CLOCHE_TRY(const begins, store.history_begins());
  RecoveryWindow window;
  window.latest = now;
  window.earliest =
      std::max(*table.recovery_since,
               now - std::chrono::days(table.recovery_days ? table.recovery_days : kRecoveryDays));
  window.earliest = std::max(window.earliest, begins.value_or(now));
  return window;
}

Error recovery_unavailable(std::string_view name) {
  return refusal("PointInTimeRecoveryUnavailableException",
                 "Point in time recovery is not enabled for table '" + std::string(name) + "'");
}

Error table_in_use(std::string_view name) {
  return refusal("TableInUseException", "Table is being created: " + std::string(name));
}

Result<void> restore_from_backup(Service& service, const protocol::CallPtr& call) {
  protocol::Call& request = *call;
  answer_write(service, call, "", [&service, &request](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(const backup,
               need_backup(txn, place_of(request), request.input()["BackupArn"].text()));
    if (!backup.available)
      return refusal("BackupInUseException", "Backup is being created: " + backup.arn());
    return begin_restore(service, txn, request, backup.table, backup.storage, std::nullopt,
                         backup.arn(), backup.created);
  });
  return {};
}

Result<void> restore_to_point_in_time(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  const Value& source =
      input["SourceTableArn"].present() ? input["SourceTableArn"] : input["SourceTableName"];
  CLOCHE_TRY(const name, table_name_of(source.text()));
  const bool latest = input["UseLatestRestorableTime"].as_bool();
  const auto asked = input["RestoreDateTime"].as_timestamp();
  if (latest == asked.has_value()) {
    return validation("Exactly one of RestoreDateTime and UseLatestRestorableTime must be given");
  }
  protocol::Call& request = *call;
  answer_write(
      service, call, name,
      [&service, &request, name, asked](engine::WriteTxn& txn) -> Result<Value> {
        CLOCHE_TRY(const table, service.catalog.find(txn, place_of(request), name));
        if (table == nullptr) return backed_table_not_found(name);
        if (!table->recovery_since) return recovery_unavailable(table->name);
        CLOCHE_TRY(const window, recovery_window(service.store, *table, txn.now()));
        // A second holds all that was written in it.
        const Instant to = asked ? *asked : window.latest;
        if (to > window.latest || to < std::chrono::floor<std::chrono::seconds>(window.earliest)) {
          return refusal("InvalidRestoreTimeException",
                         "RestoreDateTime is not between EarliestRestorableDateTime and "
                         "LatestRestorableDateTime");
        }
        return begin_restore(service, txn, request, *table, table->id, to, table->arn(), to);
      });
  return {};
}

Result<void> describe_continuous_backups(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  const Instant now = service.store.clock().now();
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, service.catalog.find(view, place_of(*call), name));
    if (table == nullptr) return backed_table_not_found(name);
    return describe_continuous(service.store, *table, now, call->arena());
  });
  return {};
}

Result<void> update_continuous_backups(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  const Value& asked = call->input()["PointInTimeRecoverySpecification"];
  const std::int64_t days = asked["RecoveryPeriodInDays"].as_integer(0);
  if (asked["RecoveryPeriodInDays"].present() && (days < 1 || days > kRecoveryDays))
    return validation("RecoveryPeriodInDays must be between 1 and 35");
  protocol::Call& request = *call;
  answer_write(
      service, call, name,
      [&service, &request, name, days, enable = asked["PointInTimeRecoveryEnabled"].as_bool()](
          engine::WriteTxn& txn) -> Result<Value> {
        CLOCHE_TRY(const found, service.catalog.find(txn, place_of(request), name));
        if (found == nullptr) return backed_table_not_found(name);
        Table table = *found;
        if (!enable) table.recovery_since.reset();
        if (enable && !table.recovery_since) table.recovery_since = txn.now();
        if (days != 0) table.recovery_days = days;
        CLOCHE_TRY_VOID(Catalog::store(txn, table));
        return describe_continuous(service.store, table, txn.now(), request.arena());
      });
  return {};
}

}  // namespace cloche::dynamodb
