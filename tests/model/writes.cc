#include "tests/model/answers.h"
#include "tests/model/step.h"

namespace cloche::model {
namespace {

constexpr std::string_view kFailed = "ConditionalCheckFailedException";

// A single write: what it asks for, and what it must answer.
struct Write {
  std::string operation, json;
  std::string refused;     // A part of the error's type; empty: it succeeds.
  std::string attributes;  // Canonical; what Attributes must be. Empty: not there.
};

std::string run_write(const Write& write, local::DynamoDb& service, std::string& said) {
  Arena arena;
  const Read read = ask(service, arena, write.operation, write.json, said);
  if (!write.refused.empty()) {
    return read.status == 400 && read.body["__type"].text().ends_with(write.refused)
               ? ""
               : "expected " + write.refused;
  }
  if (read.status != 200) return "expected success";
  const std::string got = canonical(read.body["Attributes"]);
  return got == write.attributes ? "" : "expected Attributes " + write.attributes;
}

std::string members(const Item& item) { return json_of(item); }

Change removal(const Key& key) { return {.key = key}; }
Change storage(const Key& key, Item item) {
  return {.key = key, .exists = true, .item = std::move(item)};
}

// One of the four kinds within a transaction.
struct Part {
  std::string json;
  bool holds = true;
  std::optional<Change> change;
};

std::optional<Part> make_part(Random& random, const Key& key, const Item* item) {
  const Condition condition = random_condition(random, item);
  const std::string head = R"("TableName":"model",)";
  switch (random.below(4)) {
    case 0: {
      Item after = random_item(random, key);
      return Part{R"({"Put":{)" + head + R"("Item":)" + members(after) +
                      expressions(condition, nullptr) + "}}",
                  condition.holds, storage(key, std::move(after))};
    }
    case 1:
      return Part{R"({"Delete":{)" + head + R"("Key":)" + key.json() +
                      expressions(condition, nullptr) + "}}",
                  condition.holds, removal(key)};
    case 2: {
      Update update = random_update(random, key, item);
      // What does not fit is refused in another way than a condition; writes have that case.
      if (!update.after) return std::nullopt;
      return Part{R"({"Update":{)" + head + R"("Key":)" + key.json() +
                      expressions(condition, &update) + "}}",
                  condition.holds, storage(key, *std::move(update.after))};
    }
    default:
      if (condition.text.empty()) return std::nullopt;
      return Part{R"({"ConditionCheck":{)" + head + R"("Key":)" + key.json() +
                      expressions(condition, nullptr) + "}}",
                  condition.holds, std::nullopt};
  }
}

}  // namespace

Step make_write(Random& random, const Table& table) {
  const Key key = random_key(random);
  const Item* item = find(table, key);
  const Condition condition = random_condition(random, item);
  const std::int64_t kind = random.below(100);
  const bool old = random.chance(40), fresh = !old && random.chance(40);
  Step step;
  Write write;
  std::string returned;
  if (kind < 40) {
    Item after = random_item(random, key);
    write.operation = "PutItem";
    write.json =
        R"({"TableName":"model","Item":)" + members(after) + expressions(condition, nullptr);
    if (old && item != nullptr) returned = json_of(*item);
    step.changes.push_back(storage(key, std::move(after)));
  } else if (kind < 60) {
    write.operation = "DeleteItem";
    write.json = R"({"TableName":"model","Key":)" + key.json() + expressions(condition, nullptr);
    if (old && item != nullptr) returned = json_of(*item);
    step.changes.push_back(removal(key));
  } else {
    Update update = random_update(random, key, item);
    write.operation = "UpdateItem";
    write.json = R"({"TableName":"model","Key":)" + key.json() + expressions(condition, &update);
    if (!update.after) {
      write.refused = "ValidationException";
    } else {
      if (old && item != nullptr) returned = json_of(*item);
      if (fresh) returned = json_of(*update.after);
      step.changes.push_back(storage(key, *std::move(update.after)));
    }
  }
  if (old) write.json += R"(,"ReturnValues":"ALL_OLD")";
  if (fresh && write.operation == "UpdateItem") write.json += R"(,"ReturnValues":"ALL_NEW")";
  write.json += "}";
  if (!condition.holds) write.refused = kFailed;
  if (!write.refused.empty()) step.changes.clear();
  write.attributes = std::move(returned);
  step.run = [write](local::DynamoDb& service, std::string& said) {
    return run_write(write, service, said);
  };
  return step;
}

Step make_transaction(Random& random, const Table& table) {
  Step step;
  std::string parts, codes;
  bool holds = true;
  std::set<Key> keys;
  for (std::int64_t i = random.between(1, 6); i > 0; --i) {
    const Key key = random_key(random);
    if (!keys.insert(key).second) continue;
    auto part = make_part(random, key, find(table, key));
    if (!part) continue;
    parts += (parts.empty() ? "" : ",") + part->json;
    codes +=
        (codes.empty() ? "" : ",") + std::string(part->holds ? "None" : "ConditionalCheckFailed");
    holds = holds && part->holds;
    if (part->change) step.changes.push_back(*std::move(part->change));
  }
  if (parts.empty()) return make_get(random, table);
  if (!holds) step.changes.clear();
  step.run = [json = R"({"TransactItems":[)" + parts + "]}", codes, holds](
                 local::DynamoDb& service, std::string& said) -> std::string {
    Arena arena;
    const Read read = ask(service, arena, "TransactWriteItems", json, said);
    if (holds) return read.status == 200 ? "" : "expected success";
    if (!read.body["__type"].text().ends_with("TransactionCanceledException"))
      return "expected a cancelled transaction";
    std::string got;
    for (const Value& reason : read.body["CancellationReasons"].items())
      got += (got.empty() ? "" : ",") + reason["Code"].str();
    return got == codes ? "" : "expected reasons " + codes;
  };
  return step;
}

Step make_batch(Random& random, const Table& table) {
  Step step;
  step.atomic = false;
  std::string requests;
  std::set<Key> keys;
  for (std::int64_t i = random.between(1, 25); i > 0; --i) {
    const Key key = random_key(random);
    if (!keys.insert(key).second) continue;
    requests += requests.empty() ? "" : ",";
    if (random.chance(30)) {
      requests += R"({"DeleteRequest":{"Key":)" + key.json() + "}}";
      step.changes.push_back(removal(key));
    } else {
      Item after = random_item(random, key);
      requests += R"({"PutRequest":{"Item":)" + members(after) + "}}";
      step.changes.push_back(storage(key, std::move(after)));
    }
  }
  static_cast<void>(table);
  step.run = [json = R"({"RequestItems":{"model":[)" + requests + "]}}"](
                 local::DynamoDb& service, std::string& said) -> std::string {
    Arena arena;
    const Read read = ask(service, arena, "BatchWriteItem", json, said);
    return read.status == 200 && read.body["UnprocessedItems"].members().empty()
               ? ""
               : "expected all to be written";
  };
  return step;
}

Step make_statement(Random& random, const Table& table) {
  const Key key = random_key(random);
  const Item* item = find(table, key);
  const std::string where = " WHERE p='" + key.p + "' AND s=" + std::to_string(key.s);
  Step step;
  Write write{.operation = "ExecuteStatement", .json{}, .refused{}, .attributes{}};
  std::string statement, items;
  switch (random.below(4)) {
    case 0: {
      Item after{{"p", Attribute::of(key.p)}, {"s", Attribute::of(key.s)}};
      const std::int64_t n = random.below(50);
      after["n"] = Attribute::of(n);
      statement = "INSERT INTO model VALUE {'p':'" + key.p + "','s':" + std::to_string(key.s) +
                  ",'n':" + std::to_string(n) + "}";
      if (item != nullptr) {
        write.refused = "DuplicateItemException";
      } else {
        step.changes.push_back(storage(key, std::move(after)));
      }
      break;
    }
    case 1: {
      const std::int64_t n = random.below(50);
      statement =
          "UPDATE model SET n=" + std::to_string(n) + " REMOVE g" + where + " RETURNING ALL NEW *";
      if (item == nullptr) {
        write.refused = kFailed;
      } else {
        Item after = *item;
        after["n"] = Attribute::of(n);
        after.erase("g");
        items = json_of(after);
        step.changes.push_back(storage(key, std::move(after)));
      }
      break;
    }
    case 2:
      statement = "DELETE FROM model" + where + " RETURNING ALL OLD *";
      if (item != nullptr) items = json_of(*item);
      step.changes.push_back(removal(key));
      break;
    default:
      statement = "SELECT * FROM model" + where;
      if (item != nullptr) items = json_of(*item);
  }
  write.json = R"({"Statement":")" + statement + "\"}";
  step.run = [write, items](local::DynamoDb& service, std::string& said) -> std::string {
    if (!write.refused.empty()) return run_write(write, service, said);
    Arena arena;
    const Read read = ask(service, arena, write.operation, write.json, said);
    if (read.status != 200) return "expected success";
    std::string got;
    for (const Value& returned : read.body["Items"].items()) got += canonical(returned);
    return got == items ? "" : "expected Items " + items;
  };
  return step;
}

}  // namespace cloche::model
