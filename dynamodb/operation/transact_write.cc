#include <algorithm>
#include <chrono>

#include "base/digest.h"
#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/operation/transact.h"
#include "dynamodb/operation/write.h"

namespace cloche::dynamodb {
namespace {

// AWS: how long a ClientRequestToken makes a transaction idempotent.
constexpr std::chrono::minutes kTokenLife{10};

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

// JSON with the members of maps in the order of their names: the same request may name its members
// in another order, and is the same all the same.
void append_in_order(std::string& out, const Value& value) {
  if (value.is(Value::Kind::List)) {
    out += '[';
    for (const Value& item : value.items()) append_in_order(out, item);
    out += ']';
  } else if (value.is(Value::Kind::Map)) {
    std::vector<const Member*> members;
    for (const Member& member : value.members()) members.push_back(&member);
    std::ranges::sort(members, {}, [](const Member* member) { return member->name; });
    out += '{';
    for (const Member* member : members) {
      append_json_string(out, member->name);
      append_in_order(out, member->value);
    }
    out += '}';
  } else {
    append_json(out, value);
    out += ',';
  }
}

// A token's row: the digest of what was asked, and when the token ends.
class Token {
 public:
  Token(const protocol::Call& call) : token_(call.input()["ClientRequestToken"].text()) {
    if (token_.empty()) return;
    const Place place = place_of(call);
    key_ = engine::KeyWriter().text(place.account).text(place.region).text(token_).take();
    std::string text;
    append_in_order(text, call.input()["TransactItems"]);
    digest_ = to_hex(md5(as_bytes(text)));
  }

  // Whether the same request was carried out under this token already. Refuses another one.
  Result<bool> known(engine::WriteTxn& txn) const {
    if (token_.empty()) return false;
    CLOCHE_TRY(const row, txn.get(kTokens, key_));
    if (!row) return false;
    if (*row == digest_) return true;
    return Error{.kind = Error::Kind::Refused,
                 .code = "IdempotentParameterMismatchException",
                 .message =
                     "The request uses the same client token as a previous, but non-identical "
                     "request. Do not reuse a client "
                     "token with different requests, unless the requests are identical",
                 .http_status = 400,
                 .details = {}};
  }

  Result<void> remember(engine::WriteTxn& txn) const {
    if (token_.empty()) return {};
    CLOCHE_TRY_VOID(txn.put(kTokens, key_, digest_));
    auto queued = txn.later({"dynamodb.forget_token", key_, txn.now() + kTokenLife});
    return queued ? Result<void>() : std::move(queued).error();
  }

 private:
  std::string_view token_;
  std::string key_;
  std::string digest_;
};

Result<Value> transact(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                       const std::vector<WritePlan>& plans, Arena& arena) {
  CancellationReasons reasons(plans.size());
  std::vector<Decision> decisions(plans.size());
  std::vector<std::string_view> rows;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    auto located = locate(service, txn, call, plans[i]);
    if (located) {
      decisions[i] = *std::move(located);
      rows.push_back(decisions[i].key.row);
    } else if (!reasons.take(i, located.error())) {
      return std::move(located).error();
    }
  }
  std::ranges::sort(rows);
  if (std::ranges::adjacent_find(rows) != rows.end()) {
    return validation("Transaction request cannot include multiple operations on one item");
  }
  // All are decided before any is applied, since each is judged by the items as they were before.
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (decisions[i].table == nullptr) continue;
    const auto decided = decide(plans[i], txn, decisions[i], arena);
    if (!decided && !reasons.take(i, decided.error())) return decided.error();
  }
  if (!reasons.empty()) return reasons.error();

  CapacityByTable capacities;
  Value metrics = Value::map();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    CLOCHE_TRY(consumed, apply(txn, decisions[i], arena));
    consumed.table *= 2;
    for (std::int64_t& halves : consumed.indexes) halves *= 2;
    capacities.add(decisions[i].table, consumed);
    const Value one = collection_metrics(call.input(), *decisions[i].table, plans[i].keys, arena);
    if (!one.present()) continue;
    Value list = metrics.find(plans[i].table_name).present() ? metrics.find(plans[i].table_name)
                                                             : Value::list();
    list.push(arena, one);
    metrics.set(arena, plans[i].table_name, list);
  }
  Value output = Value::map();
  if (const auto detail = capacity_detail(call.input()); detail != CapacityDetail::None) {
    output.add(arena, "ConsumedCapacity", capacities.list(detail, UnitKind::Write, arena));
  }
  if (!metrics.empty()) output.add(arena, "ItemCollectionMetrics", metrics);
  return output;
}

}  // namespace

Result<void> transact_write_items(Service& service, const protocol::CallPtr& call) {
  std::vector<WritePlan> plans;
  for (const Value& item : call->input()["TransactItems"].items()) {
    CLOCHE_TRY(plan, plan_item(service, item, call->arena()));
    plans.push_back(std::move(plan));
  }
  protocol::Call& request = *call;
  const std::string_view name = plans.empty() ? std::string_view() : plans.front().table_name;
  answer_write(service, call, name,
               [&service, &request, plans = std::move(plans),
                token = Token(*call)](engine::WriteTxn& txn) -> Result<Value> {
                 CLOCHE_TRY(const known, token.known(txn));
                 if (known) return Value::map();
                 CLOCHE_TRY(const output, transact(service, txn, request, plans, request.arena()));
                 CLOCHE_TRY_VOID(token.remember(txn));
                 return output;
               });
  return {};
}

}  // namespace cloche::dynamodb
