#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/transact.h"
#include "dynamodb/operation/write.h"

namespace cloche::dynamodb {
namespace {

Result<WritePlan> plan_item(Service& service, const Value& item, Arena& arena) {
  using Plan = Result<WritePlan> (*)(Service&, const Value&, Arena&);
  constexpr std::pair<std::string_view, Plan> kPlans[] = {{"ConditionCheck", plan_check},
                                                          {"Put", plan_put},
                                                          {"Delete", plan_delete},
                                                          {"Update", plan_update}};
  const Value* input = nullptr;
  Plan make_plan = nullptr;
  for (const auto& [name, plan] : kPlans) {
    if (!item[name].present()) continue;
    if (input != nullptr)
      return validation("TransactItems can only contain one of Check, Put, Update or Delete");
    input = &item[name];
    make_plan = plan;
  }
  if (input == nullptr)
    return validation(
        "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
  CLOCHE_TRY(const name, table_name_of((*input)["TableName"].text()));
  CLOCHE_TRY(plan, make_plan(service, *input, arena));
  plan.table_name = name;
  return plan;
}

}  // namespace

Result<void> transact_write_items(Service& service, const protocol::CallPtr& call) {
  std::vector<WritePlan> plans;
  std::size_t bytes = 0;
  for (const Value& item : call->input()["TransactItems"].items()) {
    CLOCHE_TRY(plan, plan_item(service, item, call->arena()));
    // What a request brings counts: the items of its puts, and the keys of the rest.
    bytes += plan.kind == WriteKind::Put ? plan.item.bytes : item_bytes(plan.keys);
    if (bytes > kTransactionBytesMax) return transaction_too_large();
    plans.push_back(std::move(plan));
  }
  protocol::Call& request = *call;
  const std::string_view name = plans.empty() ? std::string_view() : plans.front().table_name;
  answer_write(
      service, call, name,
      [&service, &request, plans = std::move(plans),
       token = RequestToken(*call, "TransactItems")](engine::WriteTxn& txn) -> Result<Value> {
        CLOCHE_TRY(const known, token.known(txn));
        if (known) return Value::map();
        CLOCHE_TRY(const output, transact(service, txn, request, plans, request.arena()));
        CLOCHE_TRY_VOID(token.remember(txn));
        return output;
      });
  return {};
}

}  // namespace cloche::dynamodb
