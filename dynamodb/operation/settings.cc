// Tags, time to live, limits, endpoints.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

// Changes a table's description in a transaction and answers with `output`.
Result<void> change_table(Service& service, const protocol::CallPtr& call, std::string_view name_or_arn,
                          std::move_only_function<Result<Value>(Table&, Arena&)> change) {
  CLOCHE_TRY(const name, table_name_of(name_or_arn));
  protocol::Call& request = *call;
  answer_write(service, call, name, [&service, &request, name, change = std::move(change)](engine::WriteTxn& txn) mutable -> Result<Value> {
    CLOCHE_TRY(const found, service.catalog.find(txn, place_of(request), name));
    if (found == nullptr) return table_not_found(name);
    Table table = *found;
    CLOCHE_TRY(const output, change(table, request.arena()));
    CLOCHE_TRY_VOID(Catalog::store(txn, table));
    return output;
  });
  return {};
}

Result<void> read_table(Service& service, const protocol::CallPtr& call, std::string_view name_or_arn,
                        const std::function<Value(const Table&, Arena&)>& answer) {
  CLOCHE_TRY(const name, table_name_of(name_or_arn));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, service.catalog.find(view, place_of(*call), name));
    if (table == nullptr) return table_not_found(name);
    return answer(*table, call->arena());
  });
  return {};
}

}  // namespace

Result<void> tag_resource(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  return change_table(service, call, input["ResourceArn"].text(), [&input](Table& table, Arena&) -> Result<Value> {
    for (const Value& tag : input["Tags"].items()) {
      const auto known = std::ranges::find(table.tags, tag["Key"].text(), &std::pair<std::string, std::string>::first);
      if (known == table.tags.end()) {
        table.tags.emplace_back(tag["Key"].str(), tag["Value"].str());
      } else {
        known->second = tag["Value"].str();
      }
    }
    return Value::map();
  });
}

Result<void> untag_resource(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  return change_table(service, call, input["ResourceArn"].text(), [&input](Table& table, Arena&) -> Result<Value> {
    for (const Value& key : input["TagKeys"].items()) {
      std::erase_if(table.tags, [&](const auto& tag) { return tag.first == key.text(); });
    }
    return Value::map();
  });
}

Result<void> list_tags(Service& service, const protocol::CallPtr& call) {
  return read_table(service, call, call->input()["ResourceArn"].text(), [](const Table& table, Arena& arena) {
    Value tags = Value::list();
    for (const auto& [key, value] : table.tags) {
      Value& tag = tags.push(arena, Value::map());
      tag.add(arena, "Key", Value::string(arena, key));
      tag.add(arena, "Value", Value::string(arena, value));
    }
    Value output = Value::map();
    output.add(arena, "Tags", tags);
    return output;
  });
}

Result<void> update_time_to_live(Service& service, const protocol::CallPtr& call) {
  const Value& specification = call->input()["TimeToLiveSpecification"];
  return change_table(service, call, call->input()["TableName"].text(), [&specification](Table& table, Arena& arena) -> Result<Value> {
    const bool enabled = specification["Enabled"].as_bool();
    const std::string_view attribute = specification["AttributeName"].text();
    if (attribute.empty()) return validation("TimeToLiveSpecification AttributeName must be non empty");
    if (enabled && !table.ttl_attribute.empty()) return validation("TimeToLive is already enabled");
    if (!enabled && table.ttl_attribute.empty()) return validation("TimeToLive is already disabled");
    if (!enabled && table.ttl_attribute != attribute) {
      return validation("TimeToLive is active on a different AttributeName: current AttributeName is " + table.ttl_attribute);
    }
    table.ttl_attribute = enabled ? std::string(attribute) : "";
    Value output = Value::map();
    output.add(arena, "TimeToLiveSpecification", specification);
    return output;
  });
}

Result<void> describe_time_to_live(Service& service, const protocol::CallPtr& call) {
  return read_table(service, call, call->input()["TableName"].text(), [](const Table& table, Arena& arena) {
    Value output = Value::map();
    Value& description = output.add(arena, "TimeToLiveDescription", Value::map());
    const bool enabled = !table.ttl_attribute.empty();
    description.add(arena, "TimeToLiveStatus", Value::string(enabled ? "ENABLED" : "DISABLED"));
    if (enabled) description.add(arena, "AttributeName", Value::string(arena, table.ttl_attribute));
    return output;
  });
}

// A new account's quotas in most regions.
Result<void> describe_limits(Service&, const protocol::CallPtr& call) {
  Arena& arena = call->arena();
  Value output = Value::map();
  output.add(arena, "AccountMaxReadCapacityUnits", Value::integer(80'000));
  output.add(arena, "AccountMaxWriteCapacityUnits", Value::integer(80'000));
  output.add(arena, "TableMaxReadCapacityUnits", Value::integer(40'000));
  output.add(arena, "TableMaxWriteCapacityUnits", Value::integer(40'000));
  call->reply(output);
  return {};
}

Result<void> describe_endpoints(Service&, const protocol::CallPtr& call) {
  Arena& arena = call->arena();
  Value output = Value::map();
  Value& endpoint = output.add(arena, "Endpoints", Value::list()).push(arena, Value::map());
  endpoint.add(arena, "Address", Value::string(arena, "dynamodb." + call->caller().region + ".amazonaws.com"));
  endpoint.add(arena, "CachePeriodInMinutes", Value::integer(1440));
  call->reply(output);
  return {};
}

}  // namespace cloche::dynamodb
