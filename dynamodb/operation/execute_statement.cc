#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/operation/statements.h"

namespace cloche::dynamodb {
namespace {

// NextToken: where the page ended, held against the statement that it belongs to.
class NextToken {
 public:
  NextToken(const Value& input) {
    std::string text = input["Statement"].str();
    append_json(text, input["Parameters"]);
    digest_ = to_hex(md5(as_bytes(text)));
  }

  // The ExclusiveStartKey in a request's token; Absent if it has none.
  Result<Value> start_key(const Value& token, Arena& arena) const {
    if (!token.present()) return Value();
    std::string text;
    if (!from_base64(token.text(), text) || text.size() < digest_.size())
      return validation("Invalid NextToken");
    if (!text.starts_with(digest_)) return validation("NextToken does not match request");
    const auto key = parse_json(arena.copy(std::string_view(text).substr(digest_.size())), arena);
    if (!key) return validation("Invalid NextToken");
    CLOCHE_TRY(const checked, check_item(*key, arena));
    return checked.value;
  }

  std::string text(const Value& last_key) const {
    std::string text = digest_;
    append_json(text, last_key);
    return to_base64(as_bytes(text));
  }

 private:
  std::string digest_;
};

Result<Value> select(Service& service, const engine::ReadView& view, const protocol::Call& call,
                     const Statement& statement, Arena& arena) {
  const Value& input = call.input();
  CLOCHE_TRY(const table, table_of(service, view, call, statement));
  PagePlan found_by;
  found_by.table_name = arena.copy(table->name);
  found_by.index_name = statement.index;
  found_by.consistent = input["ConsistentRead"].as_bool();
  CLOCHE_TRY(source, find_source(service, view, call, found_by));
  if (!source.keys().is_plain()) {
    return validation(
        "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or "
        "multi-attribute RANGE keys.");
  }
  CLOCHE_TRY(plan, plan_select(statement, source.keys(), arena));
  plan.page.table_name = found_by.table_name;
  plan.page.index_name = found_by.index_name;
  plan.page.consistent = found_by.consistent;
  plan.page.capacity = capacity_detail(input);
  plan.page.limit = static_cast<std::size_t>(input["Limit"].as_integer(INT64_MAX));
  const NextToken token(input);
  CLOCHE_TRY(const start_key, token.start_key(input["NextToken"], arena));
  plan.page.start_key = start_key;
  CLOCHE_TRY_VOID(check_attributes(plan.page, source, false));
  CLOCHE_TRY_VOID(check_start_shape(plan.page, source, false));
  CLOCHE_TRY(const start, start_row(plan.page, source));
  std::vector<engine::KeyRange> ranges;
  for (const std::vector<KeyCondition>& read : plan.reads) {
    CLOCHE_TRY(const match, match_keys(source.keys(), read, Value()));
    ranges.push_back(range_of(source.id(), source.table->order, source.keys(), match));
  }
  if (plan.reads.empty())
    ranges.push_back(engine::KeyRange::of(engine::KeyWriter().integer(source.id())));
  // In the order of the rows, so that a page can go on where another ended; values given twice are
  // read once.
  std::ranges::sort(ranges, {}, &engine::KeyRange::from);
  ranges.erase(std::ranges::unique(ranges, {}, &engine::KeyRange::from).begin(), ranges.end());
  if (plan.direction == engine::Direction::Backward) std::ranges::reverse(ranges);
  CLOCHE_TRY(const page,
             read_page(view, plan.page, source, std::move(ranges), start, plan.direction, arena));
  Value output = Value::map();
  output.add(arena, "Items", page["Items"]);
  if (const Value& last = page["LastEvaluatedKey"]; last.present()) {
    output.add(arena, "NextToken", Value::string(arena, token.text(last)));
    output.add(arena, "LastEvaluatedKey", last);
  }
  if (const Value& units = page["ConsumedCapacity"]; units.present())
    output.add(arena, "ConsumedCapacity", units);
  return output;
}

Result<Value> write(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                    const Statement& statement, Arena& arena) {
  const Value& input = call.input();
  CLOCHE_TRY(const table, table_of(service, txn, call, statement));
  CLOCHE_TRY(const plan, plan_write(service, statement, *table, input, arena));
  CLOCHE_TRY(decision, locate(service, txn, call, plan));
  CLOCHE_TRY_VOID(admit_write(decision.throttle, *decision.table));
  CLOCHE_TRY_VOID(decide(plan, txn, decision, arena));
  CLOCHE_TRY(const consumed, apply(txn, decision, arena));
  Value items = Value::list();
  if (decision.attributes.present()) items.push(arena, decision.attributes);
  Value output = Value::map();
  output.add(arena, "Items", items);
  if (const auto detail = capacity_detail(input); detail != CapacityDetail::None) {
    output.add(arena, "ConsumedCapacity",
               consumed_capacity(*decision.table, consumed, detail, UnitKind::Plain, arena));
  }
  return output;
}

}  // namespace

Result<std::shared_ptr<const Table>> table_of(Service& service, const engine::ReadView& view,
                                              const protocol::Call& call,
                                              const Statement& statement) {
  CLOCHE_TRY(const name, table_name_of(statement.table));
  return need_table(service, view, call, name);
}

Result<Found> find_one(Service& service, const engine::ReadView& view, const protocol::Call& call,
                       const Statement& statement, std::string_view operation, Arena& arena) {
  Found found;
  CLOCHE_TRY(table, table_of(service, view, call, statement));
  found.table = std::move(table);
  const auto keyed = statement.index.empty() ? split_by_key(statement, *found.table, arena)
                                             : std::optional<KeyedCondition>();
  if (!keyed) {
    return validation("Select statements within " + std::string(operation) +
                      " must specify the primary key in the where clause.");
  }
  CLOCHE_TRY(const key, key_of_key(*found.table, keyed->key));
  CLOCHE_TRY(item, FoundItem::find(view, key));
  found.bytes = item.bytes();
  if (!item.exists()) return found;
  if (keyed->rest) {
    CLOCHE_TRY(const tree, item.tree(arena));
    if (!holds(*keyed->rest, tree)) return found;
  }
  CLOCHE_TRY(const projection, plan_projection_of(statement, arena));
  CLOCHE_TRY(const shown, projection.of(item, arena));
  found.item = shown;
  return found;
}

Result<void> execute_statement(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  CLOCHE_TRY(statement,
             parse_statement(input["Statement"].text(), input["Parameters"], call->arena()));
  if (statement.kind == StatementKind::Exists) {
    return validation("EXISTS is only supported in transactions");
  }
  if (statement.reads()) {
    answer_read(service, call, [&](const engine::ReadView& view) {
      return select(service, view, *call, statement, call->arena());
    });
    return {};
  }
  protocol::Call& request = *call;
  const std::string table = statement.table;
  answer_write(service, call, table,
               [&service, &request,
                statement = std::move(statement)](engine::WriteTxn& txn) -> Result<Value> {
                 return write(service, txn, request, statement, request.arena());
               });
  return {};
}

}  // namespace cloche::dynamodb
