// PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: who else may use a table or its stream.
// What they say is judged in access.cc.
//
// Source: "Resource-based policies for DynamoDB" (Developer Guide) and the API reference of the
// three.
#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

constexpr std::string_view kNoPolicy = "NO_POLICY";  // An ExpectedRevisionId.

Error policy_not_found(std::string_view arn) {
  Error error = table_not_found();
  error.code = "PolicyNotFoundException";
  error.message =
      "Resource-based policy not found for the provided ResourceArn: " + std::string(arn);
  return error;
}

// A table's ARN, or its stream's.
struct Resource {
  std::string_view arn, table;
  bool stream = false;
};

Result<Resource> resource_of(const protocol::Call& call) {
  Resource resource{call.input()["ResourceArn"].text(), {}, false};
  if (!resource.arn.starts_with("arn:"))
    return validation("Invalid ResourceArn: " + std::string(resource.arn));
  CLOCHE_TRY(const name, table_name_of(resource.arn));
  resource.table = name;
  resource.stream = resource.arn.find("/stream/") != std::string_view::npos;
  return resource;
}

Result<Table> need(Service& service, const engine::ReadView& view, const protocol::Call& call,
                   const Resource& resource) {
  CLOCHE_TRY(const table, service.catalog.find(view, place_of(call), resource.table));
  if (table == nullptr || (resource.stream && table->stream_arn() != resource.arn)) {
    Error error = table_not_found();
    error.message =
        "Requested resource not found: ResourcArn: " + std::string(resource.arn) + " not found";
    return error;
  }
  return *table;
}

ResourcePolicy& policy_of(Table& table, const Resource& resource) {
  return resource.stream ? table.stream_policy : table.policy;
}

// Of whom writes a policy AWS may be asked to see to it that it is the one he knows.
Result<void> check_revision(const ResourcePolicy& policy, const Value& expected,
                            std::string_view arn) {
  if (!expected.present()) return {};
  const bool none = expected.text() == kNoPolicy;
  if (none ? policy.text.empty() : policy.revision == expected.text() && !policy.text.empty())
    return {};
  return policy_not_found(arn);
}

Result<void> check_policy(const std::string& text) {
  if (text.size() > kPolicyBytesMax) {
    return validation("Resource-based policy size exceeds the limit of " +
                      std::to_string(kPolicyBytesMax) + " bytes");
  }
  auto parsed = iam::Policy::parse(text, iam::Policy::Kind::Resource);
  if (parsed) return {};
  return validation("Invalid policy document: " + parsed.error().message);
}

}  // namespace

Result<void> put_resource_policy(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const resource, resource_of(*call));
  const std::string text = call->input()["Policy"].str();
  CLOCHE_TRY_VOID(check_policy(text));
  protocol::Call& request = *call;
  answer_write(service, call, resource.table,
               [&service, &request, resource, text](engine::WriteTxn& txn) -> Result<Value> {
                 CLOCHE_TRY(table, need(service, txn, request, resource));
                 ResourcePolicy& policy = policy_of(table, resource);
                 CLOCHE_TRY_VOID(
                     check_revision(policy, request.input()["ExpectedRevisionId"], resource.arn));
                 // The same policy again keeps its revision.
                 if (policy.text != text)
                   policy = {text, std::to_string(txn.now().time_since_epoch().count())};
                 CLOCHE_TRY_VOID(Catalog::store(txn, table));
                 Arena& arena = request.arena();
                 Value output = Value::map();
                 output.add(arena, "RevisionId", Value::string(arena, policy.revision));
                 return output;
               });
  return {};
}

Result<void> get_resource_policy(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const resource, resource_of(*call));
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(table, need(service, view, *call, resource));
    const ResourcePolicy& policy = policy_of(table, resource);
    if (policy.text.empty()) return policy_not_found(resource.arn);
    Arena& arena = call->arena();
    Value output = Value::map();
    output.add(arena, "Policy", Value::string(arena, policy.text));
    output.add(arena, "RevisionId", Value::string(arena, policy.revision));
    return output;
  });
  return {};
}

Result<void> delete_resource_policy(Service& service, const protocol::CallPtr& call) {
  CLOCHE_TRY(const resource, resource_of(*call));
  protocol::Call& request = *call;
  answer_write(service, call, resource.table,
               [&service, &request, resource](engine::WriteTxn& txn) -> Result<Value> {
                 CLOCHE_TRY(table, need(service, txn, request, resource));
                 ResourcePolicy& policy = policy_of(table, resource);
                 CLOCHE_TRY_VOID(
                     check_revision(policy, request.input()["ExpectedRevisionId"], resource.arn));
                 Arena& arena = request.arena();
                 Value output = Value::map();
                 // To delete what is not there succeeds, and tells of no revision.
                 if (policy.text.empty()) return output;
                 output.add(arena, "RevisionId", Value::string(arena, policy.revision));
                 policy = {};
                 CLOCHE_TRY_VOID(Catalog::store(txn, table));
                 return output;
               });
  return {};
}

}  // namespace cloche::dynamodb
