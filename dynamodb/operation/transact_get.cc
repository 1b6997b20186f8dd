#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/projection.h"
#include "dynamodb/operation/transact.h"

namespace cloche::dynamodb {
namespace {

struct GetPlan {
  std::string_view table_name;
  Value keys;
  Projection projection;
};

Result<GetPlan> plan_get(Service& service, const Value& get, Arena& arena) {
  GetPlan plan;
  CLOCHE_TRY(const name, table_name_of(get["TableName"].text()));
  plan.table_name = name;
  CLOCHE_TRY_VOID(refuse_mixed(get, {ExpressionKind::Projection}, {}));
  CLOCHE_TRY(const keys, check_item(get["Key"], arena));
  plan.keys = keys.value;
  CLOCHE_TRY(projection, plan_projection(service.expressions, get, arena));
  plan.projection = std::move(projection);
  return plan;
}

}  // namespace

Result<void> transact_get_items(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  Arena& arena = call->arena();
  std::vector<GetPlan> plans;
  for (const Value& item : input["TransactItems"].items()) {
    CLOCHE_TRY(plan, plan_get(service, item["Get"], arena));
    plans.push_back(std::move(plan));
  }
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CancellationReasons reasons(plans.size());
    CapacityByTable capacities;
    Value responses = Value::list();
    std::vector<std::string> rows;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < plans.size(); ++i) {
      CLOCHE_TRY(const table, need_table(service, view, *call, plans[i].table_name));
      const auto key = key_of_key(*table, plans[i].keys);
      if (!key) {
        reasons.take(i, key.error());
        continue;
      }
      rows.push_back((*key).row);
      if (service.throttle) {
        const auto admitted = service.throttle->admit(*table, nullptr, Throttle::Kind::Read);
        if (!admitted) {
          reasons.take(i, admitted.error());
          continue;
        }
      }
      CLOCHE_TRY(found, FoundItem::find(view, *key));
      bytes += found.bytes();
      if (bytes > kTransactionBytesMax) return transaction_too_large();
      Value& response = responses.push(arena, Value::map());
      if (found.exists()) {
        CLOCHE_TRY(const tree, plans[i].projection.of(found, arena));
        response.add(arena, "Item", tree);
      }
      // Twice what a consistent read costs.
      const ConsumedHalves consumed{2 * read_halves(found.bytes(), true), {}};
      if (service.throttle) service.throttle->charge(*table, consumed, Throttle::Kind::Read);
      capacities.add(table, consumed);
    }
    std::ranges::sort(rows);
    if (std::ranges::adjacent_find(rows) != rows.end())
      return validation("Transaction request cannot include multiple operations on one item");
    if (!reasons.empty()) return reasons.error();
    Value output = Value::map();
    output.add(arena, "Responses", responses);
    if (const auto detail = capacity_detail(input); detail != CapacityDetail::None) {
      output.add(arena, "ConsumedCapacity", capacities.list(detail, UnitKind::Read, arena));
    }
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
