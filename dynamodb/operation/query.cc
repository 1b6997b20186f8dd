#include <algorithm>

#include "dynamodb/errors.h"
#include "dynamodb/legacy/legacy.h"
#include "dynamodb/operation/key_condition.h"
#include "dynamodb/operation/page.h"

namespace cloche::dynamodb {
namespace {

// A start that no earlier page of this query can have ended at.
Result<void> check_start(const PagePlan& plan, const KeyMatch& match) {
  if (!plan.start_key.present()) return {};
  const bool same_partition = std::ranges::all_of(match.partition, [&](const auto* condition) {
    return equal(plan.start_key.find(condition->attribute), condition->values[0]);
  });
  if (match.sort.empty()) {
    if (same_partition) return {};
    return validation(
        "The provided starting key is outside query boundaries based on provided conditions");
  }
  if (!std::ranges::all_of(match.sort, [&](const auto* condition) {
        return fulfils(*condition, plan.start_key.find(condition->attribute));
      })) {
    return validation("The provided starting key does not match the range key predicate");
  }
  if (same_partition) return {};
  return validation("The query can return at most one row and cannot be restarted");
}

}  // namespace

Result<void> query(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  Arena& arena = call->arena();
  CLOCHE_TRY(const table_name, table_name_of(input["TableName"].text()));
  const auto kinds = {ExpressionKind::Projection, ExpressionKind::Filter,
                      ExpressionKind::KeyCondition};
  CLOCHE_TRY_VOID(refuse_mixed(
      input, kinds, {"AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"}));
  CLOCHE_TRY(older_filter, filter_of(input["QueryFilter"], input["ConditionalOperator"], arena));
  CLOCHE_TRY_VOID(plan_attributes_to_get(input));
  CLOCHE_TRY(const start_key, plan_start_key(input, arena));
  if (!input["KeyConditions"].present() && !input["KeyConditionExpression"].present()) {
    return validation(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
        "request.");
  }
  CLOCHE_TRY(expressions, bind_expressions(service.expressions, input, kinds, arena));
  CLOCHE_TRY(const conditions, expressions.key_condition
                                   ? key_conditions(*expressions.key_condition)
                                   : legacy_key_conditions(input["KeyConditions"], arena));
  // An index may have more, which is seen when it is known.
  if (conditions.size() > 2 && !input["IndexName"].present())
    return validation("Conditions can be of length 1 or 2 only");
  if (older_filter) expressions.filter = std::move(older_filter);
  CLOCHE_TRY(plan, plan_page(input, expressions));
  plan.table_name = table_name;
  plan.start_key = start_key;
  const bool backward =
      input["ScanIndexForward"].is(Value::Kind::Bool) && !input["ScanIndexForward"].as_bool();

  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(source, find_source(service, view, *call, plan));
    CLOCHE_TRY_VOID(check_start_shape(plan, source, true));
    CLOCHE_TRY(const match, match_keys(source.keys(), conditions, plan.start_key));
    CLOCHE_TRY(const start, start_row(plan, source));
    CLOCHE_TRY_VOID(check_start(plan, match));
    CLOCHE_TRY_VOID(check_attributes(plan, source, true));
    return read_page(view, plan, source,
                     {range_of(source.id(), source.table->order, source.keys(), match)}, start,
                     backward ? engine::Direction::Backward : engine::Direction::Forward, arena);
  });
  return {};
}

}  // namespace cloche::dynamodb
