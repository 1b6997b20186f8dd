#include "dynamodb/operation/write.h"

#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/legacy/legacy.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/key_paths.h"

namespace cloche::dynamodb {
namespace {

bool returns_item_on_failure(const Value& input) {
  return input["ReturnValuesOnConditionCheckFailure"].text() == "ALL_OLD";
}

ReturnValues return_values_of(const Value& input) {
  const std::string_view text = input["ReturnValues"].text();
  if (text == "ALL_OLD") return ReturnValues::AllOld;
  if (text == "UPDATED_OLD") return ReturnValues::UpdatedOld;
  if (text == "ALL_NEW") return ReturnValues::AllNew;
  if (text == "UPDATED_NEW") return ReturnValues::UpdatedNew;
  return ReturnValues::None;
}

// The type of a right side if it is plain from the expression alone.
std::optional<Type> result_type(const BoundExpression& update, const Node& node) {
  if (node.kind == NodeKind::Value) return type_of(update.value(node));
  if (node.kind == NodeKind::Plus || node.kind == NodeKind::Minus) return Type::N;
  if (node.function == Function::ListAppend) return Type::L;
  if (node.function == Function::IfNotExists) return result_type(update, node.args[1]);
  return std::nullopt;
}

// What an update expression must not touch, whatever the item: the item's own key, and parts of an
// index key, which is a scalar.
Result<void> refuse_keys(const Table& table, const BoundExpression& update) {
  for (const UpdateAction& action : update.tree->actions) {
    const std::string_view name = update.name(action.path[0]);
    if (table.keys.has(name)) {
      return invalid_value("Cannot update attribute " + std::string(name) +
                           ". This attribute is part of the key");
    }
  }
  std::optional<Error> mismatch;
  for (const Index& index : table.indexes) {
    index.keys.each([&](const KeyAttribute& key) {
      for (const UpdateAction& action : update.tree->actions) {
        if (mismatch || update.name(action.path[0]) != key.name) continue;
        if (action.path.size() > 1 || action.clause == Clause::Remove) continue;
        const auto type = result_type(update, action.value);
        if (type && *type != key.type) {
          mismatch = invalid_value("Type mismatch for Index Key " + key.name +
                                   " Expected: " + std::string(name_of(key.type)) + " Actual: " +
                                   std::string(name_of(*type)) + " IndexName: " + index.name);
        }
      }
    });
  }
  if (mismatch) return *std::move(mismatch);
  return refuse_paths_into_keys(table, update);
}

Error in_legacy_words(const Error& error) {
  if (error.message != "An operand in the update expression has an incorrect data type")
    return error;
  return validation("Type mismatch for attribute to update");
}

// The item that an update leaves.
Result<NewItem> updated(const WritePlan& plan, const Table& table, const Value& before,
                        bool existed, Arena& arena) {
  Value base = before;
  if (!existed) base = plan.keys;
  NewItem after{base, "", 0};
  if (plan.expressions.update) {
    const auto tree = update(*plan.expressions.update, base, arena);
    if (!tree) return plan.legacy_update ? in_legacy_words(tree.error()) : tree.error();
    after.tree = *tree;
  }
  if (is_nested_too_deep(after.tree)) return nesting_too_deep();
  after.bytes = item_bytes(after.tree);
  if (after.bytes > kItemBytesMax)
    return validation("Item size to update has exceeded the maximum allowed size");
  if (auto checked = check_index_keys(table, after.tree); !checked) {
    // An immediate value was refused before; this one was computed.
    if (checked.error().message.find("Type mismatch for Index Key") == std::string::npos)
      return std::move(checked).error();
    return validation(
        "The update expression attempted to update the secondary index key to unsupported type");
  }
  after.row = encode_item(after.tree, after.bytes);
  return after;
}

// What goes back to the caller. The old item's text is copied: its row is about to be overwritten.
Result<Value> returned(const WritePlan& plan, Decision& decision, Arena& arena) {
  FoundItem& before = decision.before;
  switch (plan.return_values) {
    case ReturnValues::None:
      return Value();
    case ReturnValues::AllOld:
      return before.exists() ? Value::raw(arena.copy(before.json())) : Value();
    case ReturnValues::AllNew:
      if (!decision.after) return Value();
      return Value::raw(arena.copy(StoredItem(decision.after->row).json()));
    default:
      break;
  }
  if (!plan.expressions.update || !decision.after) return Value();
  const bool old = plan.return_values == ReturnValues::UpdatedOld;
  CLOCHE_TRY(const tree, before.tree(arena));
  const BoundExpression& update = *plan.expressions.update;
  const Value parts =
      project(update, paths_of(*update.tree), old ? tree : decision.after->tree, arena);
  if (parts.empty()) return Value();
  std::string json;
  append_json(json, parts);
  return Value::raw(arena.copy(json));
}

// The expressions, and Expected in the place of a condition.
Result<void> plan_conditions(Service& service, const Value& input,
                             std::initializer_list<ExpressionKind> kinds, WritePlan& plan,
                             Arena& arena) {
  CLOCHE_TRY(older, expected_condition(input, arena));
  CLOCHE_TRY(expressions, bind_expressions(service.expressions, input, kinds, arena));
  plan.expressions = std::move(expressions);
  if (older) plan.expressions.condition = std::move(older);
  return {};
}

}  // namespace

Result<WritePlan> plan_put(Service& service, const Value& input, Arena& arena) {
  WritePlan plan;
  CLOCHE_TRY_VOID(refuse_mixed(input, {ExpressionKind::Condition}, {"Expected"}));
  CLOCHE_TRY(const item, check_item(input["Item"], arena));
  plan.return_values = return_values_of(input);
  if (plan.return_values > ReturnValues::AllOld)
    return validation("ReturnValues can only be ALL_OLD or NONE");
  if (item.bytes > kItemBytesMax)
    return validation("Item size has exceeded the maximum allowed size");
  CLOCHE_TRY_VOID(plan_conditions(service, input, {ExpressionKind::Condition}, plan, arena));
  plan.keys = item.value;
  plan.item = {item.value, encode_item(item.value, item.bytes), item.bytes};
  plan.return_item_on_failure = returns_item_on_failure(input);
  return plan;
}

Result<WritePlan> plan_update(Service& service, const Value& input, Arena& arena) {
  WritePlan plan;
  plan.kind = WriteKind::Update;
  CLOCHE_TRY_VOID(refuse_mixed(input, {ExpressionKind::Update, ExpressionKind::Condition},
                               {"AttributeUpdates", "Expected"}));
  CLOCHE_TRY(const key, check_item(input["Key"], arena));
  plan.keys = key.value;
  CLOCHE_TRY(older_update, attribute_updates(input, arena));
  CLOCHE_TRY_VOID(plan_conditions(
      service, input, {ExpressionKind::Update, ExpressionKind::Condition}, plan, arena));
  plan.legacy_update = older_update.has_value();
  plan.creates_item = creates_item(input["AttributeUpdates"]);
  if (older_update) plan.expressions.update = std::move(older_update);
  plan.return_values = return_values_of(input);
  plan.return_item_on_failure = returns_item_on_failure(input);
  return plan;
}

Result<WritePlan> plan_delete(Service& service, const Value& input, Arena& arena) {
  WritePlan plan;
  plan.kind = WriteKind::Delete;
  CLOCHE_TRY_VOID(refuse_mixed(input, {ExpressionKind::Condition}, {"Expected"}));
  CLOCHE_TRY(const key, check_item(input["Key"], arena));
  plan.keys = key.value;
  plan.return_values = return_values_of(input);
  if (plan.return_values > ReturnValues::AllOld)
    return validation("ReturnValues can only be ALL_OLD or NONE");
  CLOCHE_TRY_VOID(plan_conditions(service, input, {ExpressionKind::Condition}, plan, arena));
  plan.return_item_on_failure = returns_item_on_failure(input);
  return plan;
}

Result<WritePlan> plan_check(Service& service, const Value& input, Arena& arena) {
  CLOCHE_TRY(plan, plan_delete(service, input, arena));
  plan.kind = WriteKind::Check;
  return plan;
}

Result<Decision> locate(Service& service, const engine::ReadView& view, const protocol::Call& call,
                        const WritePlan& plan) {
  Decision decision;
  CLOCHE_TRY(table, need_table(service, view, call, plan.table_name));
  decision.table = std::move(table);
  decision.throttle = service.throttle.get();
  auto key = plan.kind == WriteKind::Put ? key_of_item(*decision.table, plan.keys)
                                         : key_of_key(*decision.table, plan.keys);
  if (!key) return std::move(key).error();
  decision.key = *std::move(key);
  if (plan.expressions.update)
    CLOCHE_TRY_VOID(refuse_keys(*decision.table, *plan.expressions.update));
  const std::int64_t lowered = service.options.collection_bytes_max;
  decision.collection_bytes_max = lowered > 0 ? lowered : kCollectionBytesMax;
  return decision;
}

Result<void> decide(const WritePlan& plan, const engine::ReadView& view, Decision& decision,
                    Arena& arena) {
  CLOCHE_TRY(before, FoundItem::find(view, decision.key));
  decision.before = std::move(before);
  if (plan.refuses_existing && decision.before.exists()) return duplicate_item();
  if (plan.refuses_missing && !decision.before.exists()) return conditional_check_failed("");
  Value tree = Value::map();
  if (plan.expressions.condition || plan.kind == WriteKind::Update) {
    CLOCHE_TRY(const parsed, decision.before.tree(arena));
    tree = parsed;
  }
  if (plan.expressions.condition && !holds(*plan.expressions.condition, tree)) {
    return conditional_check_failed(plan.return_item_on_failure ? decision.before.json()
                                                                : std::string_view());
  }
  switch (plan.kind) {
    case WriteKind::Check:
      return {};
    case WriteKind::Put:
      decision.after = plan.item;
      break;
    case WriteKind::Delete:
      break;
    case WriteKind::Update: {
      if (!decision.before.exists() && !plan.creates_item) break;
      CLOCHE_TRY(after, updated(plan, *decision.table, tree, decision.before.exists(), arena));
      decision.after = std::move(after);
    }
  }
  decision.writes = decision.after.has_value() || decision.before.exists();
  CLOCHE_TRY(const attributes, returned(plan, decision, arena));
  decision.attributes = attributes;
  return {};
}

Result<ConsumedHalves> apply(engine::WriteTxn& txn, Decision& decision, Arena& arena) {
  ConsumedHalves consumed;
  const std::size_t bytes =
      std::max(decision.before.bytes(), decision.after ? decision.after->bytes : 0);
  consumed.table = 2 * write_units(bytes);
  const auto charged = [&decision](const ConsumedHalves& units) {
    if (decision.throttle != nullptr)
      decision.throttle->charge(*decision.table, units, Throttle::Kind::Write);
    return units;
  };
  if (!decision.writes) return charged(consumed);
  std::vector<std::int64_t> index_units;
  const bool grows = decision.after && decision.after->bytes > decision.before.bytes();
  CLOCHE_TRY_VOID(write_item(txn, *decision.table, decision.key, decision.before,
                             decision.after ? &*decision.after : nullptr, Changer::Client,
                             index_units, arena));
  // What is too large already may still become smaller.
  if (grows && decision.table->counts_collections) {
    CLOCHE_TRY(const collected, collection_bytes(txn, *decision.table, decision.key));
    if (collected > decision.collection_bytes_max) return collection_too_large();
  }
  for (std::size_t i = 0; i < index_units.size(); ++i)
    consumed.add_index(i, 2 * index_units[i], *decision.table);
  return charged(consumed);
}

Value collection_metrics(const Value& input, const Table& table, const Value& keys, Arena& arena) {
  if (input["ReturnItemCollectionMetrics"].text() != "SIZE" || !table.has_local_index())
    return Value();
  Value out = Value::map();
  const std::string_view name = arena.copy(table.keys.partition.name);
  out.add(arena, "ItemCollectionKey", Value::map()).add(arena, name, keys.find(name));
  Value& range = out.add(arena, "SizeEstimateRangeGB", Value::list());
  range.push(arena, Value::number("0.0"));
  range.push(arena, Value::number("1.0"));
  return out;
}

}  // namespace cloche::dynamodb
