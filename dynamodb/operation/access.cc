// Requests held against the caller's identity policies. (Tables have no policies of their own here.)
//
// Source: "Actions, resources, and condition keys for Amazon DynamoDB", Service Authorization
// Reference; of the condition keys only the global ones are known.
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

// A table by its name, or by its ARN, which may stand for it in every request.
std::string arn_of_table(const protocol::Call& call, std::string_view name) {
  if (name.starts_with("arn:")) return std::string(name);
  return "arn:aws:dynamodb:" + call.caller().region + ":" + call.caller().account + ":table/" +
         std::string(name);
}

struct Judge {
  const Service& service;
  const protocol::Call& call;

  Result<void> operator()(std::string_view operation, std::string_view resource) const {
    return iam::judge_by_identity(service.guard, call, "dynamodb:" + std::string(operation),
                                  resource, service.store.clock().now());
  }
};

// Each part of a transaction is judged as the operation that it is.
Result<void> judge_transaction(const Judge& judge) {
  for (const Value& item : judge.call.input()["TransactItems"].items()) {
    for (const Member& part : item.members()) {
      const std::string_view operation = part.name == "Get"              ? "GetItem"
                                         : part.name == "Put"            ? "PutItem"
                                         : part.name == "Update"         ? "UpdateItem"
                                         : part.name == "Delete"         ? "DeleteItem"
                                         : part.name == "ConditionCheck" ? "ConditionCheckItem"
                                                                         : std::string_view();
      if (operation.empty()) continue;
      CLOCHE_TRY_VOID(judge(operation, arn_of_table(judge.call, part.value["TableName"].text())));
    }
  }
  return {};
}

}  // namespace

Result<void> judge(const Service& service, const protocol::Call& call) {
  const Judge judge{service, call};
  const Value& input = call.input();
  const std::string_view operation = call.operation();
  if (operation.starts_with("Transact")) return judge_transaction(judge);
  if (operation.starts_with("Batch")) {
    for (const Member& table : input["RequestItems"].members())
      CLOCHE_TRY_VOID(judge(operation, arn_of_table(call, table.name)));
    return {};
  }
  if (const Value& arn = input["ResourceArn"]) return judge(operation, arn.text());
  if (const Value& arn = input["StreamArn"]) return judge(operation, arn.text());
  const Value& table = input["TableName"];
  if (!table) return judge(operation, "*");
  std::string resource = arn_of_table(call, table.text());
  if (const Value& index = input["IndexName"]) resource += "/index/" + index.str();
  return judge(operation, resource);
}

}  // namespace cloche::dynamodb
