#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/write.h"

namespace cloche::dynamodb {
namespace {

struct BatchPlan {
  std::string_view asked_as;  // The table, as in the request and so in the answer.
  std::vector<WritePlan> writes;
  const Value* requests = nullptr;  // What they were made from.
};

Result<WritePlan> plan_request(Service& service, const Value& request, Arena& arena) {
  const Value& put = request["PutRequest"];
  const Value& remove = request["DeleteRequest"];
  if (put.present() == remove.present()) {
    return validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
        "supported datatypes");
  }
  return put.present() ? plan_put(service, put, arena) : plan_delete(service, remove, arena);
}

Result<BatchPlan> plan_table_part(Service& service, const Member& member, Arena& arena) {
  BatchPlan plan{member.name, {}, &member.value};
  CLOCHE_TRY(const name, table_name_of(member.name));
  for (const Value& request : member.value.items()) {
    CLOCHE_TRY(write, plan_request(service, request, arena));
    write.table_name = name;
    plan.writes.push_back(std::move(write));
  }
  return plan;
}

// In a batch the service says of an item without its key what it says of a key.
Error in_batch(Error error) {
  const auto says = [&](std::string_view words) {
    return error.message.find(words) != std::string::npos;
  };
  return says("Missing the key") || says("Type mismatch for key") ? key_schema_mismatch() : error;
}

struct TableOutcome {
  std::shared_ptr<const Table> table;
  ConsumedHalves consumed;
  Value metrics = Value::list();
  Value left = Value::list();  // For UnprocessedItems.
  std::size_t written = 0;
  std::optional<Error> refusal;
};

Result<void> admit(Service& service, const Table& table) {
  if (!service.throttle) return {};
  if (service.throttle->draws("BatchWriteItem")) return throughput_exceeded(table, nullptr, false);
  return admit_write(service.throttle.get(), table);
}

Result<TableOutcome> write_part(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                                const BatchPlan& plan, Arena& arena) {
  std::vector<Decision> decisions;
  std::vector<std::string_view> rows;
  decisions.reserve(plan.writes.size());
  for (const WritePlan& write : plan.writes) {
    auto located = locate(service, txn, call, write);
    if (!located) return in_batch(std::move(located).error());
    decisions.push_back(*std::move(located));
    rows.push_back(decisions.back().key.row);
  }
  std::ranges::sort(rows);
  if (std::ranges::adjacent_find(rows) != rows.end())
    return validation("Provided list of item keys contains duplicates");

  TableOutcome outcome;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    Decision& decision = decisions[i];
    outcome.table = decision.table;
    if (auto admitted = admit(service, *decision.table); !admitted) {
      outcome.refusal = std::move(admitted).error();
      outcome.left.push(arena, plan.requests->items()[i]);
      continue;
    }
    ++outcome.written;
    CLOCHE_TRY_VOID(decide(plan.writes[i], txn, decision, arena));
    CLOCHE_TRY(const consumed, apply(txn, decision, arena));
    outcome.consumed.table += consumed.table;
    for (std::size_t at = 0; at < consumed.indexes.size(); ++at) {
      outcome.consumed.add_index(at, consumed.indexes[at], *decision.table);
    }
    const Value metrics =
        collection_metrics(call.input(), *decision.table, plan.writes[i].keys, arena);
    if (metrics.present()) outcome.metrics.push(arena, metrics);
  }
  return outcome;
}

}  // namespace

Result<void> batch_write_item(Service& service, const protocol::CallPtr& call) {
  std::vector<BatchPlan> plans;
  std::size_t count = 0;
  for (const Member& member : call->input()["RequestItems"].members()) {
    CLOCHE_TRY(plan, plan_table_part(service, member, call->arena()));
    count += plan.writes.size();
    plans.push_back(std::move(plan));
  }
  if (count > kBatchWriteRequestsMax)
    return validation("Too many items requested for the BatchWriteItem call");

  protocol::Call& request = *call;
  const std::string_view name = plans.empty() ? std::string_view() : plans.front().asked_as;
  answer_write(
      service, call, name,
      [&service, &request, plans = std::move(plans)](engine::WriteTxn& txn) -> Result<Value> {
        Arena& arena = request.arena();
        const auto detail = capacity_detail(request.input());
        Value output = Value::map();
        Value capacities = Value::list();
        Value metrics = Value::map();
        Value left = Value::map();
        std::size_t written = 0;
        std::optional<Error> refusal;
        for (const BatchPlan& plan : plans) {
          CLOCHE_TRY(const outcome, write_part(service, txn, request, plan, arena));
          if (detail != CapacityDetail::None) {
            capacities.push(arena, consumed_capacity(*outcome.table, outcome.consumed, detail,
                                                     UnitKind::Plain, arena));
          }
          written += outcome.written;
          if (outcome.refusal) refusal = outcome.refusal;
          if (!outcome.left.empty()) left.add(arena, plan.asked_as, outcome.left);
          if (!outcome.metrics.empty()) metrics.add(arena, plan.asked_as, outcome.metrics);
        }
        // A batch of which nothing could be written is refused.
        if (written == 0 && refusal) return *refusal;
        output.add(arena, "UnprocessedItems", left);
        if (detail != CapacityDetail::None) output.add(arena, "ConsumedCapacity", capacities);
        if (!metrics.empty()) output.add(arena, "ItemCollectionMetrics", metrics);
        return output;
      });
  return {};
}

}  // namespace cloche::dynamodb
