#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/projection.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

// What is asked of one table.
struct TablePart {
  std::string_view asked_as;  // Its name or ARN, as in the request and so in the answer.
  std::string_view name;
  const Value* input = nullptr;
  Projection projection;
  std::vector<Value> keys;
};

// Keys that are equal have equal texts once their members are in one order.
std::string text_of(const Value& key) {
  std::vector<Member> members(key.members().begin(), key.members().end());
  std::ranges::sort(members, {}, &Member::name);
  std::string text;
  append_json(text, Value::map(members));
  return text;
}

Result<TablePart> plan_part(Service& service, const Member& member, std::size_t& keys_so_far,
                            Arena& arena) {
  TablePart part;
  part.asked_as = member.name;
  CLOCHE_TRY(const name, table_name_of(member.name));
  part.name = name;
  part.input = &member.value;
  CLOCHE_TRY_VOID(refuse_mixed(member.value, {ExpressionKind::Projection}, {"AttributesToGet"}));
  CLOCHE_TRY(projection, plan_projection(service.expressions, member.value, arena));
  part.projection = std::move(projection);
  std::vector<std::string> texts;
  for (const Value& key : member.value["Keys"].items()) {
    CLOCHE_TRY(const checked, check_item(key, arena));
    part.keys.push_back(checked.value);
    texts.push_back(text_of(checked.value));
    if (++keys_so_far > kBatchGetKeysMax)
      return validation("Too many items requested for the BatchGetItem call");
  }
  std::ranges::sort(texts);
  if (std::ranges::adjacent_find(texts) != texts.end())
    return validation("Provided list of item keys contains duplicates");
  return part;
}

// The rest of a table's request, for UnprocessedKeys.
Value unprocessed(const TablePart& part, const std::vector<Value>& left, Arena& arena) {
  Value out = Value::map();
  Value& keys = out.add(arena, "Keys", Value::list());
  for (const Value& key : left) keys.push(arena, key);
  for (const Member& member : part.input->members()) {
    if (member.name != "Keys" && member.value.present()) out.add(arena, member.name, member.value);
  }
  return out;
}

class Batch {
 public:
  Batch(Service& service, const engine::ReadView& view, const protocol::Call& call,
        CapacityDetail detail, Arena& arena)
      : service_(service), view_(view), call_(call), detail_(detail), arena_(arena) {}

  Result<void> read(const TablePart& part) {
    CLOCHE_TRY(const table, need_table(service_, view_, call_, part.name));
    const bool consistent = (*part.input)["ConsistentRead"].as_bool();
    Value items = Value::list();
    ConsumedHalves consumed;
    std::vector<Value> left;
    for (const Value& asked : part.keys) {
      if (bytes_ >= kBatchGetBytesMax || !admits(*table)) {
        left.push_back(asked);
        continue;
      }
      CLOCHE_TRY(const key, key_of_key(*table, asked));
      CLOCHE_TRY(found, FoundItem::find(view_, key));
      const ConsumedHalves one{read_halves(found.bytes(), consistent), {}};
      if (service_.throttle) service_.throttle->charge(*table, one, Throttle::Kind::Read);
      consumed.table += one.table;
      ++read_;
      if (!found.exists()) continue;
      bytes_ += found.bytes();
      CLOCHE_TRY(const item, part.projection.of(found, arena_));
      items.push(arena_, item);
    }
    if (!left.empty()) left_.add(arena_, part.asked_as, unprocessed(part, left, arena_));
    responses_.add(arena_, part.asked_as, items);
    if (detail_ != CapacityDetail::None)
      capacities_.push(arena_,
                       consumed_capacity(*table, consumed, detail_, UnitKind::Plain, arena_));
    return {};
  }

  // A batch of which nothing could be read is refused.
  Result<Value> output() {
    if (read_ == 0 && refusal_) return *refusal_;
    Value out = Value::map();
    out.add(arena_, "Responses", responses_);
    out.add(arena_, "UnprocessedKeys", left_);
    if (detail_ != CapacityDetail::None) out.add(arena_, "ConsumedCapacity", capacities_);
    return out;
  }

 private:
  bool admits(const Table& table) {
    if (!service_.throttle) return true;
    auto admitted = service_.throttle->draws("BatchGetItem")
                        ? Result<void>(throughput_exceeded(table, nullptr, true))
                        : service_.throttle->admit(table, nullptr, Throttle::Kind::Read);
    if (admitted) return true;
    refusal_ = std::move(admitted).error();
    return false;
  }

  Service& service_;
  const engine::ReadView& view_;
  const protocol::Call& call_;
  CapacityDetail detail_;
  Arena& arena_;
  Value responses_ = Value::map(), left_ = Value::map(), capacities_ = Value::list();
  std::size_t bytes_ = 0, read_ = 0;
  std::optional<Error> refusal_;
};

}  // namespace

Result<void> batch_get_item(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  std::vector<TablePart> parts;
  std::size_t keys = 0;
  for (const Member& member : input["RequestItems"].members()) {
    CLOCHE_TRY(part, plan_part(service, member, keys, call->arena()));
    parts.push_back(std::move(part));
  }
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    Batch batch(service, view, *call, capacity_detail(input), call->arena());
    for (const TablePart& part : parts) CLOCHE_TRY_VOID(batch.read(part));
    return batch.output();
  });
  return {};
}

}  // namespace cloche::dynamodb
