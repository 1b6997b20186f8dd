#include "dynamodb/table/table.h"

namespace cloche::dynamodb {
namespace {

Value key_schema(const KeySchema& keys, Arena& arena) {
  Value out = Value::list();
  const auto add = [&](const KeyAttribute& key, std::string_view type) {
    Value& element = out.push(arena, Value::map());
    element.add(arena, "AttributeName", Value::string(arena, key.name));
    element.add(arena, "KeyType", Value::string(type));
  };
  keys.each_partition([&](const KeyAttribute& key) { add(key, "HASH"); });
  keys.each_sort([&](const KeyAttribute& key) { add(key, "RANGE"); });
  return out;
}

Value throughput(const Throughput& units, Instant now, Arena& arena) {
  Value out = Value::map();
  if (units.increased) out.add(arena, "LastIncreaseDateTime", Value::timestamp(*units.increased));
  if (units.decreased) out.add(arena, "LastDecreaseDateTime", Value::timestamp(*units.decreased));
  out.add(arena, "NumberOfDecreasesToday", Value::integer(units.decreases_on_day_of(now)));
  out.add(arena, "ReadCapacityUnits", Value::integer(units.read_units));
  out.add(arena, "WriteCapacityUnits", Value::integer(units.write_units));
  return out;
}

// What has no limit is told as -1.
void add_limits(Value& out, const OnDemandLimits& limits, Arena& arena) {
  if (limits.read == 0 && limits.write == 0) return;
  Value& told = out.add(arena, "OnDemandThroughput", Value::map());
  told.add(arena, "MaxReadRequestUnits", Value::integer(limits.read ? limits.read : -1));
  told.add(arena, "MaxWriteRequestUnits", Value::integer(limits.write ? limits.write : -1));
}

Value index_description(const Table& table, const Index& index, std::string_view table_status,
                        const TableCounts& counts, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "IndexName", Value::string(arena, index.name));
  out.add(arena, "KeySchema", key_schema(index.keys, arena));
  Value projection = Value::map();
  constexpr std::string_view kTypes[] = {"ALL", "KEYS_ONLY", "INCLUDE"};
  projection.add(arena, "ProjectionType",
                 Value::string(kTypes[static_cast<int>(index.projection)]));
  if (!index.included.empty()) {
    Value names = Value::list();
    for (const std::string& name : index.included) names.push(arena, Value::string(arena, name));
    projection.add(arena, "NonKeyAttributes", names);
  }
  out.add(arena, "Projection", projection);
  if (index.global) {
    const bool creating = index.backfilling || table_status == "CREATING";
    out.add(arena, "IndexStatus", Value::string(creating ? "CREATING" : "ACTIVE"));
    if (index.backfilling) out.add(arena, "Backfilling", Value::boolean(true));
    out.add(arena, "ProvisionedThroughput", throughput(index.throughput, counts.now, arena));
    add_limits(out, index.limits, arena);
    add_warm_throughput(out, index.warm, index.throughput, table.on_demand, table_status, arena);
  }
  out.add(arena, "IndexSizeBytes", Value::integer(counts.bytes));
  out.add(arena, "ItemCount", Value::integer(counts.items));
  out.add(arena, "IndexArn", Value::string(arena, table.arn() + "/index/" + index.name));
  return out;
}

}  // namespace

void add_warm_throughput(Value& out, const WarmUnits& warm, const Throughput& units, bool on_demand,
                         std::string_view table_status, Arena& arena) {
  const bool settled = table_status != "CREATING" && table_status != "DELETING";
  const bool asked = warm.read != 0 || warm.write != 0;
  if (!settled && !(asked && table_status == "CREATING")) return;
  Value& told = out.add(arena, "WarmThroughput", Value::map());
  const std::int64_t least_read = on_demand ? 12'000 : units.read_units;
  const std::int64_t least_write = on_demand ? 4'000 : units.write_units;
  told.add(arena, "ReadUnitsPerSecond", Value::integer(std::max(warm.read, least_read)));
  told.add(arena, "WriteUnitsPerSecond", Value::integer(std::max(warm.write, least_write)));
  told.add(arena, "Status", Value::string(settled ? "ACTIVE" : "UPDATING"));
}

Value describe_table(const Table& table, std::string_view status, const TableCounts& counts,
                     const std::vector<TableCounts>& index_counts, Arena& arena) {
  Value out = Value::map();
  // A table that goes is told without what only a living one has.
  const bool going = status == "DELETING";
  Value attributes = Value::list();
  for (const auto& [name, type] : table.attributes) {
    Value& element = attributes.push(arena, Value::map());
    element.add(arena, "AttributeName", Value::string(arena, name));
    element.add(arena, "AttributeType", Value::string(name_of(type)));
  }
  if (!going) out.add(arena, "AttributeDefinitions", attributes);
  out.add(arena, "TableName", Value::string(arena, table.name));
  if (!going) out.add(arena, "KeySchema", key_schema(table.keys, arena));
  out.add(arena, "TableStatus", Value::string(status));
  if (!going) out.add(arena, "CreationDateTime", Value::timestamp(table.created));
  out.add(arena, "ProvisionedThroughput", throughput(table.throughput, counts.now, arena));
  out.add(arena, "TableSizeBytes", Value::integer(counts.bytes));
  out.add(arena, "ItemCount", Value::integer(counts.items));
  out.add(arena, "TableArn", Value::string(arena, table.arn()));
  out.add(arena, "TableId", Value::string(arena, table.uuid));
  if (table.on_demand || table.on_demand_since) {
    Value& billing = out.add(arena, "BillingModeSummary", Value::map());
    billing.add(arena, "BillingMode",
                Value::string(table.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED"));
    if (table.on_demand_since && status != "CREATING") {
      billing.add(arena, "LastUpdateToPayPerRequestDateTime",
                  Value::timestamp(*table.on_demand_since));
    }
  }
  Value local = Value::list();
  Value global = Value::list();
  for (std::size_t i = 0; i < table.indexes.size(); ++i) {
    const Index& index = table.indexes[i];
    const TableCounts index_count = i < index_counts.size() ? index_counts[i] : TableCounts();
    (index.global ? global : local)
        .push(arena, index_description(table, index, status, index_count, arena));
  }
  if (!local.empty()) out.add(arena, "LocalSecondaryIndexes", local);
  if (!global.empty()) out.add(arena, "GlobalSecondaryIndexes", global);
  if (!table.stream_view_type.empty()) {
    Value& stream = out.add(arena, "StreamSpecification", Value::map());
    stream.add(arena, "StreamEnabled", Value::boolean(true));
    stream.add(arena, "StreamViewType", Value::string(arena, table.stream_view_type));
  }
  if (!table.stream_label.empty()) {
    out.add(arena, "LatestStreamLabel", Value::string(arena, table.stream_label));
    out.add(arena, "LatestStreamArn", Value::string(arena, table.stream_arn()));
  }
  if (!table.restored_from.empty()) {
    Value& restore = out.add(arena, "RestoreSummary", Value::map());
    const bool from_backup = table.restored_from.find("/backup/") != std::string::npos;
    restore.add(arena, from_backup ? "SourceBackupArn" : "SourceTableArn",
                Value::string(arena, table.restored_from));
    restore.add(arena, "RestoreDateTime", Value::timestamp(table.restored_to));
    restore.add(arena, "RestoreInProgress", Value::boolean(table.restoring));
  }
  if (!table.kms_key.empty()) {
    Value& encryption = out.add(arena, "SSEDescription", Value::map());
    encryption.add(arena, "Status", Value::string("ENABLED"));
    encryption.add(arena, "SSEType", Value::string("KMS"));
    encryption.add(arena, "KMSMasterKeyArn", Value::string(arena, table.kms_key));
  }
  if (!table.table_class.empty()) {
    out.add(arena, "TableClassSummary", Value::map())
        .add(arena, "TableClass", Value::string(arena, table.table_class));
  }
  out.add(arena, "DeletionProtectionEnabled", Value::boolean(table.deletion_protection));
  add_limits(out, table.limits, arena);
  add_warm_throughput(out, table.warm, table.throughput, table.on_demand, status, arena);
  return out;
}

}  // namespace cloche::dynamodb
