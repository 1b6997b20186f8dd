#include "dynamodb/operation/key_paths.h"
#include "dynamodb/operation/projection.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

Result<void> get_item(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  Arena& arena = call->arena();
  CLOCHE_TRY(const table_name, table_name_of(input["TableName"].text()));
  CLOCHE_TRY_VOID(refuse_mixed(input, {ExpressionKind::Projection}, {"AttributesToGet"}));
  CLOCHE_TRY(const keys, check_item(input["Key"], arena));
  CLOCHE_TRY(const projection, plan_projection(service.expressions, input, arena));

  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const table, need_table(service, view, *call, table_name));
    CLOCHE_TRY(const key, key_of_key(*table, keys.value));
    if (projection.expression())
      CLOCHE_TRY_VOID(refuse_paths_into_keys(*table, *projection.expression()));
    if (service.throttle)
      CLOCHE_TRY_VOID(service.throttle->admit(*table, nullptr, Throttle::Kind::Read));
    CLOCHE_TRY(found, FoundItem::find(view, key));
    Value output = Value::map();
    if (found.exists()) {
      CLOCHE_TRY(const item, projection.of(found, arena));
      output.add(arena, "Item", item);
    }
    const auto detail = capacity_detail(input);
    if (detail != CapacityDetail::None || service.throttle) {
      const ConsumedHalves consumed{read_halves(found.bytes(), input["ConsistentRead"].as_bool()),
                                    {}};
      if (service.throttle) service.throttle->charge(*table, consumed, Throttle::Kind::Read);
      if (detail == CapacityDetail::None) return output;
      output.add(arena, "ConsumedCapacity",
                 consumed_capacity(*table, consumed, detail, UnitKind::Plain, arena));
    }
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
