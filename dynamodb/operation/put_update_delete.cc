// PutItem, UpdateItem, DeleteItem: one plan, one transaction.
#include "dynamodb/operation/write.h"

namespace cloche::dynamodb {
namespace {

using Plan = Result<WritePlan> (*)(Service& service, const Value& input, Arena& arena);

Result<void> write_one(Service& service, const protocol::CallPtr& call, Plan make_plan) {
  const Value& input = call->input();
  CLOCHE_TRY(const table_name, table_name_of(input["TableName"].text()));
  CLOCHE_TRY(plan, make_plan(service, input, call->arena()));
  plan.table_name = table_name;

  protocol::Call& request = *call;
  answer_write(
      service, call, table_name,
      [&service, &request, plan = std::move(plan)](engine::WriteTxn& txn) -> Result<Value> {
        Arena& arena = request.arena();
        CLOCHE_TRY(decision, locate(service, txn, request, plan));
        CLOCHE_TRY_VOID(admit_write(decision.throttle, *decision.table));
        CLOCHE_TRY_VOID(decide(plan, txn, decision, arena));
        CLOCHE_TRY(const consumed, apply(txn, decision, arena));

        Value output = Value::map();
        if (decision.attributes.present()) output.add(arena, "Attributes", decision.attributes);
        if (const auto detail = capacity_detail(request.input()); detail != CapacityDetail::None) {
          output.add(arena, "ConsumedCapacity",
                     consumed_capacity(*decision.table, consumed, detail, UnitKind::Plain, arena));
        }
        const Value metrics =
            collection_metrics(request.input(), *decision.table, plan.keys, arena);
        if (metrics.present()) output.add(arena, "ItemCollectionMetrics", metrics);
        return output;
      });
  return {};
}

}  // namespace

Result<void> put_item(Service& service, const protocol::CallPtr& call) {
  return write_one(service, call, plan_put);
}
Result<void> update_item(Service& service, const protocol::CallPtr& call) {
  return write_one(service, call, plan_update);
}
Result<void> delete_item(Service& service, const protocol::CallPtr& call) {
  return write_one(service, call, plan_delete);
}

}  // namespace cloche::dynamodb
