// Tags, time to live, limits, endpoints.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/replica_settings.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/table/expiry.h"

namespace cloche::dynamodb {
namespace {

std::string_view account_of(std::string_view arn) {
  for (int colons = 0; colons < 4; ++colons)
    arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  return arn.substr(0, arn.find(':'));
}

Error not_authorized(const protocol::Call& call, std::string_view resource) {
  return access_denied("User: " + iam::principal_of(call.caller()).arn() +
                       " is not authorized to perform: dynamodb:" + std::string(call.operation()) +
                       " on resource: " + std::string(resource));
}

// A tagged resource is named by its ARN alone. That of another account the caller may not look at.
// (Source of the texts: architect/dynalite, test/tagResource.js.)
Result<std::string_view> table_of_arn(const protocol::Call& call) {
  const Value& given = call.input()["ResourceArn"];
  if (!given.present()) return validation("Invalid TableArn");
  const std::string_view arn = given.text();
  if (arn.starts_with("arn:aws:dynamodb:") && account_of(arn) != call.caller().account)
    return not_authorized(call, arn);
  const auto name =
      arn.starts_with("arn:") ? table_name_of(arn) : Result<std::string_view>(validation(""));
  if (name) return *name;
  return validation("Invalid TableArn: Invalid ResourceArn provided as input " + std::string(arn));
}

Error resource_not_found(std::string_view arn) {
  Error error = table_not_found();
  error.message = "Requested resource not found: ResourcArn: " + std::string(arn) + " not found";
  return error;
}

// Changes a table's description in a transaction and answers with `output`.
Result<void> change_table(
    Service& service, const protocol::CallPtr& call, std::string_view name, Error missing,
    std::move_only_function<Result<Value>(engine::WriteTxn&, Table&, Arena&)> change) {
  protocol::Call& request = *call;
  answer_write(service, call, name,
               [&service, &request, name, missing,
                change = std::move(change)](engine::WriteTxn& txn) mutable -> Result<Value> {
                 CLOCHE_TRY(const found, service.catalog.find(txn, place_of(request), name));
                 if (found == nullptr) return missing;
                 Table table = *found;
                 CLOCHE_TRY(const output, change(txn, table, request.arena()));
                 CLOCHE_TRY_VOID(Catalog::store(txn, table));
                 return output;
               });
  return {};
}

Result<void> read_table(Service& service, const protocol::CallPtr& call, std::string_view name,
                        const Error& missing,
                        const std::function<Value(const Table&, Arena&)>& answer) {
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, service.catalog.find(view, place_of(*call), name));
    if (table == nullptr) return missing;
    return answer(*table, call->arena());
  });
  return {};
}

}  // namespace

Result<void> tag_resource(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  CLOCHE_TRY(const name, table_of_arn(*call));
  if (input["Tags"].empty()) return validation("Atleast one Tag needs to be provided as Input.");
  const Error missing = resource_not_found(input["ResourceArn"].text());
  return change_table(service, call, name, missing,
                      [&input](engine::WriteTxn&, Table& table, Arena&) -> Result<Value> {
                        for (const Value& tag : input["Tags"].items()) {
                          const auto known =
                              std::ranges::find(table.tags, tag["Key"].text(),
                                                &std::pair<std::string, std::string>::first);
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
  CLOCHE_TRY(const name, table_of_arn(*call));
  if (input["TagKeys"].empty())
    return validation("Atleast one Tag Key needs to be provided as Input.");
  return change_table(service, call, name, table_not_found(),
                      [&input](engine::WriteTxn&, Table& table, Arena&) -> Result<Value> {
                        for (const Value& key : input["TagKeys"].items()) {
                          std::erase_if(table.tags,
                                        [&](const auto& tag) { return tag.first == key.text(); });
                        }
                        return Value::map();
                      });
}

Result<void> list_tags(Service& service, const protocol::CallPtr& call) {
  const std::string_view arn = call->input()["ResourceArn"].text();
  CLOCHE_TRY(const name, table_of_arn(*call));
  return read_table(service, call, name, resource_not_found(arn),
                    [](const Table& table, Arena& arena) {
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
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  return change_table(
      service, call, name, table_not_found(name),
      [&service, &specification](engine::WriteTxn& txn, Table& table,
                                 Arena& arena) -> Result<Value> {
        const bool enabled = specification["Enabled"].as_bool();
        const std::string_view attribute = specification["AttributeName"].text();
        if (attribute.empty())
          return validation("TimeToLiveSpecification AttributeName must be non empty");
        if (enabled && !table.ttl_attribute.empty())
          return validation("TimeToLive is already enabled");
        if (!enabled && table.ttl_attribute.empty())
          return validation("TimeToLive is already disabled");
        if (!enabled && table.ttl_attribute != attribute) {
          return validation(
              "TimeToLive is active on a different AttributeName: current AttributeName is " +
              table.ttl_attribute);
        }
        table.ttl_attribute = enabled ? std::string(attribute) : "";
        CLOCHE_TRY_VOID(enabled ? begin_expiry(txn, table) : end_expiry(txn, table));
        CLOCHE_TRY_VOID(share_expiry(service, txn, table));
        Value output = Value::map();
        output.add(arena, "TimeToLiveSpecification", specification);
        return output;
      });
}

Result<void> describe_time_to_live(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const name, table_name_of(call->input()["TableName"].text()));
  return read_table(
      service, call, name, table_not_found(name), [](const Table& table, Arena& arena) {
        Value output = Value::map();
        Value& description = output.add(arena, "TimeToLiveDescription", Value::map());
        const bool enabled = !table.ttl_attribute.empty();
        description.add(arena, "TimeToLiveStatus", Value::string(enabled ? "ENABLED" : "DISABLED"));
        if (enabled)
          description.add(arena, "AttributeName", Value::string(arena, table.ttl_attribute));
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
  endpoint.add(arena, "Address",
               Value::string(arena, "dynamodb." + call->caller().region + ".amazonaws.com"));
  endpoint.add(arena, "CachePeriodInMinutes", Value::integer(1440));
  call->reply(output);
  return {};
}

}  // namespace cloche::dynamodb
