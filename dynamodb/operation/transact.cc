#include "dynamodb/operation/transact.h"

#include <algorithm>
#include <chrono>

#include "base/digest.h"
#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/table/table_work.h"

namespace cloche::dynamodb {
namespace {

// AWS: how long a ClientRequestToken makes a transaction idempotent.
constexpr std::chrono::minutes kTokenLife{10};

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

}  // namespace

bool CancellationReasons::take(std::size_t item, const Error& error) {
  Reason& reason = reasons_[item];
  if (error.code == "ConditionalCheckFailedException") {
    reason.code = "ConditionalCheckFailed";
    if (!error.details.empty()) reason.item_json = error.details.front().second;
  } else if (error.code == "DuplicateItemException") {
    reason.code = "DuplicateItem";
  } else if (error.code == "ItemCollectionSizeLimitExceededException") {
    reason.code = "ItemCollectionSizeLimitExceeded";
  } else if (error.code == "ProvisionedThroughputExceededException") {
    reason.code = "ProvisionedThroughputExceeded";
  } else if (error.code == "ValidationException") {
    reason.code = "ValidationError";
  } else {
    return false;
  }
  reason.message = error.message;
  any_ = true;
  return true;
}

Error CancellationReasons::error() const {
  std::string codes;
  std::string json = "[";
  for (const Reason& reason : reasons_) {
    if (json.size() > 1) {
      codes += ", ";
      json += ',';
    }
    codes += reason.code;
    json += R"({"Code":)";
    append_json_string(json, reason.code);
    if (!reason.message.empty()) {
      json += R"(,"Message":)";
      append_json_string(json, reason.message);
    }
    if (!reason.item_json.empty()) json += R"(,"Item":)" + reason.item_json;
    json += '}';
  }
  return transaction_cancelled(codes, json + "]");
}

void CapacityByTable::add(std::shared_ptr<const Table> table, const ConsumedHalves& consumed) {
  auto found =
      std::ranges::find(tables_, table->id, [](const auto& entry) { return entry.first->id; });
  if (found == tables_.end()) {
    tables_.emplace_back(std::move(table), ConsumedHalves());
    found = tables_.end() - 1;
  }
  found->second.table += consumed.table;
  for (std::size_t i = 0; i < consumed.indexes.size(); ++i)
    found->second.add_index(i, consumed.indexes[i], *found->first);
}

Value CapacityByTable::list(CapacityDetail detail, UnitKind kind, Arena& arena) const {
  Value out = Value::list();
  for (const auto& [table, consumed] : tables_)
    out.push(arena, consumed_capacity(*table, consumed, detail, kind, arena));
  return out;
}

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
      const auto admitted = admit_write(decisions[i].throttle, *decisions[i].table);
      if (!admitted) reasons.take(i, admitted.error());
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
    auto applied = apply(txn, decisions[i], arena);
    if (!applied)
      return reasons.take(i, applied.error()) ? reasons.error() : std::move(applied).error();
    ConsumedHalves consumed = *std::move(applied);
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

RequestToken::RequestToken(const protocol::Call& call, std::string_view items)
    : token_(call.input()["ClientRequestToken"].text()) {
  if (token_.empty()) return;
  const Place place = place_of(call);
  key_ = engine::KeyWriter().text(place.account).text(place.region).text(token_).take();
  std::string text;
  append_in_order(text, call.input()[items]);
  digest_ = to_hex(md5(as_bytes(text)));
}

Result<bool> RequestToken::known(engine::WriteTxn& txn) const {
  if (token_.empty()) return false;
  CLOCHE_TRY(const row, txn.get(kTokens, key_));
  if (!row) return false;
  if (*row == digest_) return true;
  return refused(400, "IdempotentParameterMismatchException",
                 "The request uses the same client token as a previous, but non-identical "
                 "request. Do not reuse a client "
                 "token with different requests, unless the requests are identical");
}

Result<void> RequestToken::remember(engine::WriteTxn& txn) const {
  if (token_.empty()) return {};
  CLOCHE_TRY_VOID(txn.put(kTokens, key_, digest_));
  auto queued = txn.later({std::string(kForgetTokenWork), key_, txn.now() + kTokenLife});
  return queued ? Result<void>() : std::move(queued).error();
}

}  // namespace cloche::dynamodb
