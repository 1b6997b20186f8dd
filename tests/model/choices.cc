#include "tests/model/step.h"

namespace cloche::model {

const char* const kTableDefinition = R"({"TableName":"model","BillingMode":"PAY_PER_REQUEST",
  "KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
  "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},
    {"AttributeName":"g","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},
    {"AttributeName":"h","AttributeType":"N"}],
  "GlobalSecondaryIndexes":[
    {"IndexName":"by_g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
     "Projection":{"ProjectionType":"KEYS_ONLY"}},
    {"IndexName":"by_h","KeySchema":[{"AttributeName":"h","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
  "LocalSecondaryIndexes":[
    {"IndexName":"by_h_here","KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"h","KeyType":"RANGE"}],
     "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["n"]}}]})";

namespace {

std::string random_text(Random& random) {
  // Mostly small; some of several pages; some beyond what stands in a row.
  const std::int64_t size = random.chance(90)   ? random.below(60)
                            : random.chance(80) ? random.below(5'000)
                                                : random.below(60'000);
  return std::string(static_cast<std::size_t>(size), static_cast<char>('a' + random.below(26)));
}

std::string random_letter(Random& random) {
  return std::string(1, static_cast<char>('a' + random.below(6)));
}

std::set<std::string> random_letters(Random& random) {
  std::set<std::string> letters;
  for (std::int64_t i = random.between(1, 3); i > 0; --i) letters.insert(random_letter(random));
  return letters;
}

std::string value(const std::string& name, const Attribute& attribute) {
  return "\"" + name + "\":" + attribute.json();
}

std::optional<std::int64_t> number_of(const Item* item, const std::string& name) {
  if (item == nullptr || !item->contains(name)) return std::nullopt;
  return item->at(name).number;
}

// Adds one action on an attribute of its own to an update; false if it must be refused.
struct Clauses {
  std::string set, remove, add, erase, values;
};
bool act(Random& random, const std::string& name, Item& item, Clauses& to) {
  const std::string v = ":" + name + "1", w = ":" + name + "2";
  const auto set = [&](const std::string& text) {
    to.set += (to.set.empty() ? "SET " : ", ") + name + " = " + text;
  };
  const auto bring = [&](const std::string& as, const Attribute& attribute) {
    to.values += (to.values.empty() ? "" : ",") + value(as, attribute);
  };
  if (name != "t" && name != "l" && random.chance(20)) {
    to.remove += (to.remove.empty() ? "REMOVE " : ", ") + name;
    item.erase(name);
    return true;
  }
  if (name == "n") {
    const std::int64_t by = random.between(-9, 9);
    bring(v, Attribute::of(by));
    const bool there = item.contains("n");
    switch (random.below(4)) {
      case 0:
        set(v);
        item["n"] = Attribute::of(by);
        return true;
      case 1: {
        const bool plus = random.chance(50);
        set(std::string("n ") + (plus ? "+ " : "- ") + v);
        if (!there) return false;
        item["n"].number += plus ? by : -by;
        return true;
      }
      case 2:
        bring(w, Attribute::of(std::int64_t{100}));
        set("if_not_exists(n, " + w + ") + " + v);
        item["n"] = Attribute::of((there ? item["n"].number : 100) + by);
        return true;
      default:
        to.add += (to.add.empty() ? "ADD n " : ", n ") + v;
        item["n"] = Attribute::of((there ? item["n"].number : 0) + by);
        return true;
    }
  }
  if (name == "h") {
    item["h"] = Attribute::of(random.below(6));
  } else if (name == "g") {
    item["g"] = Attribute::of(random_letter(random));
  } else if (name == "v") {
    item["v"] = Attribute::of(random_text(random));
  } else if (name == "l") {
    std::vector<std::int64_t> more(static_cast<std::size_t>(random.between(1, 3)));
    for (std::int64_t& member : more) member = random.below(100);
    bring(v, Attribute::of(more));
    bring(w, Attribute::of(std::vector<std::int64_t>()));
    const bool front = random.chance(30);
    set(front ? "list_append(" + v + ", if_not_exists(l, " + w + "))"
              : "list_append(if_not_exists(l, " + w + "), " + v + ")");
    std::vector<std::int64_t>& list =
        item.try_emplace("l", Attribute::of(std::vector<std::int64_t>())).first->second.list;
    list.insert(front ? list.begin() : list.end(), more.begin(), more.end());
    return true;
  } else {
    const std::set<std::string> letters = random_letters(random);
    bring(v, Attribute::of(letters));
    if (random.chance(60)) {
      to.add += (to.add.empty() ? "ADD t " : ", t ") + v;
      item.try_emplace("t", Attribute::of(std::set<std::string>()))
          .first->second.set.insert(letters.begin(), letters.end());
      return true;
    }
    to.erase += (to.erase.empty() ? "DELETE t " : ", t ") + v;
    if (!item.contains("t")) return true;
    for (const std::string& letter : letters) item["t"].set.erase(letter);
    if (item["t"].set.empty()) item.erase("t");
    return true;
  }
  bring(v, item[name]);
  set(v);
  return true;
}

}  // namespace

Key random_key(Random& random) {
  return {"part" + std::to_string(random.below(kPartitions)), random.below(kSortKeys) - 10};
}

Item random_item(Random& random, const Key& key) {
  Item item{{"p", Attribute::of(key.p)}, {"s", Attribute::of(key.s)}};
  if (random.chance(70)) item["n"] = Attribute::of(random.between(-50, 50));
  if (random.chance(60)) item["g"] = Attribute::of(random_letter(random));
  if (random.chance(50)) item["h"] = Attribute::of(random.below(6));
  if (random.chance(80)) item["v"] = Attribute::of(random_text(random));
  if (random.chance(30)) item["t"] = Attribute::of(random_letters(random));
  if (random.chance(20)) item["l"] = Attribute::of(std::vector<std::int64_t>{random.below(9)});
  return item;
}

const Item* find(const Table& table, const Key& key) {
  const auto found = table.find(key);
  return found == table.end() ? nullptr : &found->second;
}

Condition random_condition(Random& random, const Item* item) {
  const std::optional<std::int64_t> n = number_of(item, "n");
  switch (random.below(12)) {
    case 0:
      return {"attribute_exists(p)", "", item != nullptr};
    case 1:
      return {"attribute_not_exists(p)", "", item == nullptr};
    case 2: {
      const std::int64_t bound = random.between(-30, 30);
      return {"n > :c", value(":c", Attribute::of(bound)), n && *n > bound};
    }
    case 3: {
      const std::int64_t low = random.between(-40, 10), high = low + random.below(40);
      return {"n BETWEEN :c AND :d OR attribute_not_exists(n)",
              value(":c", Attribute::of(low)) + "," + value(":d", Attribute::of(high)),
              !n || (*n >= low && *n <= high)};
    }
    case 4: {
      const std::int64_t size = random.below(60);
      const bool there = item != nullptr && item->contains("v");
      return {"size(v) < :c", value(":c", Attribute::of(size)),
              there && static_cast<std::int64_t>(item->at("v").text.size()) < size};
    }
    case 5: {
      const std::string letter = random_letter(random);
      const bool there = item != nullptr && item->contains("t");
      return {"NOT contains(t, :c)", value(":c", Attribute::of(letter)),
              !(there && item->at("t").set.contains(letter))};
    }
    case 6: {
      const std::string letter = random_letter(random), other = random_letter(random);
      // IN takes no value twice? It does; but two of one are one.
      const bool there = item != nullptr && item->contains("g");
      return {"g IN (:c, :d)",
              value(":c", Attribute::of(letter)) + "," + value(":d", Attribute::of(other)),
              there && (item->at("g").text == letter || item->at("g").text == other)};
    }
    default:
      return {};
  }
}

Update random_update(Random& random, const Key& key, const Item* item) {
  Item after =
      item != nullptr ? *item : Item{{"p", Attribute::of(key.p)}, {"s", Attribute::of(key.s)}};
  std::set<std::string> names;
  const std::vector<std::string> all = {"n", "n", "g", "h", "v", "t", "l"};
  for (std::int64_t i = random.between(1, 3); i > 0; --i)
    names.insert(
        all[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(all.size())))]);
  Clauses clauses;
  bool fits = true;
  for (const std::string& name : names) fits = act(random, name, after, clauses) && fits;
  if (item == nullptr && clauses.set.empty() && clauses.add.empty()) {
    // Whether an update that only removes makes an item is not what is asked here.
    act(random, "l", after, clauses);
  }
  Update update{.text = clauses.set, .values = clauses.values, .after{}};
  for (const std::string& clause : {clauses.remove, clauses.add, clauses.erase}) {
    if (!clause.empty()) update.text += (update.text.empty() ? "" : " ") + clause;
  }
  if (fits) update.after = std::move(after);
  return update;
}

std::string expressions(const Condition& condition, const Update* update) {
  std::string out, values = condition.values;
  if (!condition.text.empty()) out += R"(,"ConditionExpression":")" + condition.text + "\"";
  if (update != nullptr) {
    out += R"(,"UpdateExpression":")" + update->text + "\"";
    if (!update->values.empty()) values += (values.empty() ? "" : ",") + update->values;
  }
  if (!values.empty()) out += R"(,"ExpressionAttributeValues":{)" + values + "}";
  return out;
}

Step make_step(Random& random, const Table& table) {
  const std::int64_t choice = random.below(1'000);
  if (choice < 480) return make_write(random, table);
  if (choice < 580) return make_transaction(random, table);
  if (choice < 640) return make_batch(random, table);
  if (choice < 720) return make_statement(random, table);
  if (choice < 850) return make_get(random, table);
  if (choice < 930) return make_query(random, table);
  if (choice < 997) return make_index_query(random, table);
  return make_scan(random, table);
}

}  // namespace cloche::model
