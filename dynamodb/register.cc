#include <span>

#include "dynamodb/errors.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/describe_rows.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/replicas.h"

namespace cloche::dynamodb {
namespace {

struct Named {
  std::string_view name;
  Operation operation;
};

// An operation that is missing here answers NotImplemented by its name.
constexpr Named kOperations[] = {
    {"CreateTable", create_table},
    {"DescribeTable", describe_table},
    {"ListTables", list_tables},
    {"UpdateTable", update_table},
    {"DeleteTable", delete_table},
    {"PutItem", put_item},
    {"GetItem", get_item},
    {"UpdateItem", update_item},
    {"DeleteItem", delete_item},
    {"Query", query},
    {"Scan", scan},
    {"BatchGetItem", batch_get_item},
    {"BatchWriteItem", batch_write_item},
    {"TransactGetItems", transact_get_items},
    {"TransactWriteItems", transact_write_items},
    {"DescribeLimits", describe_limits},
    {"DescribeEndpoints", describe_endpoints},
    {"TagResource", tag_resource},
    {"UntagResource", untag_resource},
    {"ListTagsOfResource", list_tags},
    {"CreateBackup", create_backup},
    {"DescribeBackup", describe_backup},
    {"ListBackups", list_backups},
    {"DeleteBackup", delete_backup},
    {"RestoreTableFromBackup", restore_from_backup},
    {"RestoreTableToPointInTime", restore_to_point_in_time},
    {"DescribeContinuousBackups", describe_continuous_backups},
    {"UpdateContinuousBackups", update_continuous_backups},
    {"DescribeTableReplicaAutoScaling", describe_replica_scaling},
    {"UpdateTableReplicaAutoScaling", update_replica_scaling},
    {"CreateGlobalTable", create_global_table},
    {"UpdateGlobalTable", update_global_table},
    {"DescribeGlobalTable", describe_global_table},
    {"ListGlobalTables", list_global_tables},
    {"DescribeGlobalTableSettings", describe_global_settings},
    {"UpdateGlobalTableSettings", update_global_settings},
    {"ExportTableToPointInTime", export_table},
    {"DescribeExport", describe_export},
    {"ListExports", list_exports},
    {"ImportTable", import_table},
    {"DescribeImport", describe_import},
    {"ListImports", list_imports},
    {"ExecuteStatement", execute_statement},
    {"BatchExecuteStatement", batch_execute_statement},
    {"ExecuteTransaction", execute_transaction},
    {"DescribeContributorInsights", describe_contributor_insights},
    {"UpdateContributorInsights", update_contributor_insights},
    {"ListContributorInsights", list_contributor_insights},
    {"PutResourcePolicy", put_resource_policy},
    {"GetResourcePolicy", get_resource_policy},
    {"DeleteResourcePolicy", delete_resource_policy},
    {"EnableKinesisStreamingDestination", enable_kinesis},
    {"DisableKinesisStreamingDestination", disable_kinesis},
    {"UpdateKinesisStreamingDestination", update_kinesis},
    {"DescribeKinesisStreamingDestination", describe_kinesis},
    {"UpdateTimeToLive", update_time_to_live},
    {"DescribeTimeToLive", describe_time_to_live},
};

constexpr Named kStreamOperations[] = {
    {"ListStreams", list_streams},
    {"DescribeStream", describe_stream},
    {"GetShardIterator", get_shard_iterator},
    {"GetRecords", get_records},
};

// Batches are refused item by item, where they are carried out.
bool chance_refuses(Service& service, protocol::Call& call) {
  if (call.operation().starts_with("Batch") || !service.throttle->draws(call.operation()))
    return false;
  Table unknown;
  Error error = throughput_exceeded(unknown, nullptr, true);
  error.details.clear();
  call.fail(std::move(error));
  return true;
}

// Pages of any origin may use the service, as on AWS; which origins may use this server is the
// server's to say.
protocol::OriginVerdict judge_origin(const protocol::HttpRequest& request, bool trusted) {
  using Kind = protocol::OriginVerdict::Kind;
  if (!trusted || !request.has_header("Origin")) return {.kind = Kind::Usual};
  protocol::OriginVerdict verdict{.kind = Kind::Decided};
  verdict.headers.emplace_back("Access-Control-Allow-Origin", "*");
  if (request.method() != "OPTIONS") return verdict;
  for (const auto& [asked, allowed] :
       {std::pair("Access-Control-Request-Headers", "Access-Control-Allow-Headers"),
        std::pair("Access-Control-Request-Method", "Access-Control-Allow-Methods")}) {
    if (request.has_header(asked)) verdict.headers.emplace_back(allowed, request.header(asked));
  }
  verdict.headers.emplace_back("Access-Control-Max-Age", "172800");
  return verdict;
}

void serve(protocol::Service& wire, std::span<const Named> operations, Service& service) {
  for (const Named& named : operations) {
    wire.on(named.name, [&service, operation = named.operation](const protocol::CallPtr& call) {
      if (service.guard.is_on()) {
        if (auto judged = judge(service, *call); !judged)
          return call->fail(std::move(judged).error());
      }
      if (service.throttle && chance_refuses(service, *call)) return;
      if (auto begun = operation(service, call); !begun) call->fail(std::move(begun).error());
    });
  }
}

}  // namespace

std::vector<engine::TableSpec> tables() {
  using enum engine::ColumnType;
  std::vector<engine::TableSpec> all = {
      {kTables, "dynamodb_tables", {{"account", Text}, {"region", Text}, {"name", Text}}},
      {kItems,
       "dynamodb_items",
       {{"table_id", Integer}, {"hash", Integer}, {"partition_key", Blob}, {"sort_key", Blob}}},
      {kIndexEntries,
       "dynamodb_index_entries",
       {{"index_id", Integer},
        {"hash", Integer},
        {"index_partition_key", Blob},
        {"index_sort_key", Blob},
        {"partition_key", Blob},
        {"sort_key", Blob}}},
      {kCounters, "dynamodb_counters", {{"name", Text}}},
      {kTokens, "dynamodb_tokens", {{"account", Text}, {"region", Text}, {"token", Text}}},
      {kStreams,
       "dynamodb_streams",
       {{"account", Text}, {"region", Text}, {"table_name", Text}, {"label", Text}}},
      {kStreamHeads, "dynamodb_stream_heads", {{"stream_id", Integer}}},
      {kStreamShards, "dynamodb_stream_shards", {{"stream_id", Integer}, {"number", Integer}}},
      {kStreamRecords, "dynamodb_stream_records", {{"stream_id", Integer}, {"sequence", Integer}}},
      {kExpiries,
       "dynamodb_expiries",
       {{"table_id", Integer}, {"expires", Integer}, {"partition_key", Blob}, {"sort_key", Blob}}},
      {kExpiryHeads, "dynamodb_expiry_heads", {{"table_id", Integer}}},
      {kReplicaClocks,
       "dynamodb_replica_clocks",
       {{"table_id", Integer}, {"hash", Integer}, {"partition_key", Blob}, {"sort_key", Blob}}},
      {kCopies, "dynamodb_copies", {{"target_id", Integer}}},
      {kBackups,
       "dynamodb_backups",
       {{"account", Text}, {"region", Text}, {"table_name", Text}, {"backup_id", Text}}},
      {kCollections,
       "dynamodb_collections",
       {{"table_id", Integer}, {"hash", Integer}, {"partition_key", Blob}}},
      {kExports,
       "dynamodb_exports",
       {{"account", Text}, {"region", Text}, {"table_name", Text}, {"export_id", Text}}},
      {kImports,
       "dynamodb_imports",
       {{"account", Text}, {"region", Text}, {"table_name", Text}, {"import_id", Text}}},
  };
  for (engine::TableSpec& table : all) table.description = description_of(table.id);
  return all;
}

DynamoDb::DynamoDb(engine::Store& store, const iam::Guard& guard, DynamoDbOptions options)
    : impl_(std::make_unique<Impl>(store, guard, std::move(options))) {
  name_work(*impl_);
  impl_->copier.resume();
  impl_->exporter.resume();
  impl_->importer.resume();
}
DynamoDb::~DynamoDb() = default;

Result<std::int64_t> DynamoDb::remove_expired() {
  Impl& service = *impl_;
  std::vector<Table> tables;
  {
    const auto view = service.store.view();
    const auto cursor = view->scan(kTables, {});
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(table, decode_table(cursor->value()));
      if (!table.ttl_attribute.empty()) tables.push_back(std::move(table));
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  std::int64_t all = 0;
  for (const Table& listed : tables) {
    const Place place{listed.account, listed.region};
    for (std::int64_t removed = 1; removed > 0; all += removed) {
      CLOCHE_TRY_VOID(service.store.write(
          "dynamodb.RemoveExpired " + listed.name, [&](engine::WriteTxn& txn) -> Result<void> {
            removed = 0;
            CLOCHE_TRY(const table, service.catalog.find(txn, place, listed.name));
            if (table == nullptr || table->id != listed.id || table->ttl_attribute.empty())
              return {};
            CLOCHE_TRY(const count, cloche::dynamodb::remove_expired(txn, *table));
            removed = count;
            return {};
          }));
    }
  }
  return all;
}

void register_dynamodb(protocol::Registry& registry, DynamoDb& dynamodb) {
  protocol::Service& wire = registry.add("dynamodb");
  wire.leave_raw("AttributeValue");
  wire.judge_origins([](const protocol::HttpRequest& request, std::string_view, bool trusted) {
    return judge_origin(request, trusted);
  });
  serve(wire, kOperations, dynamodb.impl());
  serve(registry.add("dynamodbstreams"), kStreamOperations, dynamodb.impl());
}

}  // namespace cloche::dynamodb
