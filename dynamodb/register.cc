#include "dynamodb/operation/service.h"

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
    {"UpdateTimeToLive", update_time_to_live},
    {"DescribeTimeToLive", describe_time_to_live},
};

}  // namespace

std::vector<engine::TableSpec> tables() {
  using enum engine::ColumnType;
  return {
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
  };
}

DynamoDb::DynamoDb(engine::Store& store, const iam::Guard& guard)
    : impl_(std::make_unique<Impl>(store, guard)) {
  name_work(*impl_);
}
DynamoDb::~DynamoDb() = default;

void DynamoDb::set_change_listener(ChangeListener* listener) { impl_->listener = listener; }

void register_dynamodb(protocol::Registry& registry, DynamoDb& dynamodb) {
  protocol::Service& wire = registry.add("dynamodb");
  wire.leave_raw("AttributeValue");
  Service& service = dynamodb.impl();
  for (const Named& named : kOperations) {
    wire.on(named.name, [&service, operation = named.operation](const protocol::CallPtr& call) {
      if (service.guard.is_on()) {
        if (auto judged = judge(service, *call); !judged)
          return call->fail(std::move(judged).error());
      }
      if (auto begun = operation(service, call); !begun) call->fail(std::move(begun).error());
    });
  }
}

}  // namespace cloche::dynamodb
