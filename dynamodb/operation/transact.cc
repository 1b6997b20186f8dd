#include "dynamodb/operation/transact.h"

#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"

namespace cloche::dynamodb {

bool CancellationReasons::take(std::size_t item, const Error& error) {
  Reason& reason = reasons_[item];
  if (error.code == "ConditionalCheckFailedException") {
    reason.code = "ConditionalCheckFailed";
    if (!error.details.empty()) reason.item_json = error.details.front().second;
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

}  // namespace cloche::dynamodb
