#include <algorithm>

#include "tests/model/answers.h"
#include "tests/model/step.h"

namespace cloche::model {
namespace {

// An item that a query must give, with the sort key that it must be ordered by.
struct Found {
  std::int64_t order = 0;
  std::string json;
  auto operator<=>(const Found&) const = default;
};

std::string named(const std::string& text) { return "\"" + text + "\""; }

// Random conditions on a sort key, as text and as a range.
struct Range {
  std::string text, values;
  std::int64_t low = INT64_MIN, high = INT64_MAX;
  bool takes(std::int64_t number) const { return number >= low && number <= high; }
};

Range random_range(Random& random, const std::string& name, std::int64_t low, std::int64_t high) {
  const std::int64_t a = random.between(low, high), b = a + random.below(high - a + 1);
  const std::string values = R"(,":a":{"N":")" + std::to_string(a) + "\"}";
  switch (random.below(7)) {
    case 0:
      return {" AND " + name + " = :a", values, a, a};
    case 1:
      return {" AND " + name + " < :a", values, INT64_MIN, a - 1};
    case 2:
      return {" AND " + name + " <= :a", values, INT64_MIN, a};
    case 3:
      return {" AND " + name + " > :a", values, a + 1, INT64_MAX};
    case 4:
      return {" AND " + name + " >= :a", values, a, INT64_MAX};
    case 5:
      return {" AND " + name + " BETWEEN :a AND :b",
              values + R"(,":b":{"N":")" + std::to_string(b) + "\"}", a, b};
    default:
      return {};
  }
}

// How many items a page may look at, and which way it goes.
struct Paging {
  std::string json;
  bool backwards = false;
};
Paging random_paging(Random& random) {
  Paging paging;
  if (random.chance(60)) paging.json += R"(,"Limit":)" + std::to_string(random.between(1, 9));
  if (random.chance(40)) {
    paging.json += R"(,"ScanIndexForward":false)";
    paging.backwards = true;
  }
  return paging;
}

// Items of equal sort keys come in any order.
std::string compare(const Pages& pages, std::vector<Found> wanted, bool backwards,
                    std::int64_t scanned) {
  if (!pages.complaint.empty()) return pages.complaint;
  if (pages.scanned != scanned) return "expected ScannedCount " + std::to_string(scanned);
  if (pages.items.size() != wanted.size())
    return "expected " + std::to_string(wanted.size()) + " items";
  std::ranges::sort(wanted);
  if (backwards) std::ranges::reverse(wanted);
  for (std::size_t from = 0; from < wanted.size();) {
    std::size_t to = from;
    std::vector<std::string> here, there;
    for (; to < wanted.size() && wanted[to].order == wanted[from].order; ++to) {
      here.push_back(wanted[to].json);
      there.push_back(pages.items[to]);
    }
    std::ranges::sort(here);
    std::ranges::sort(there);
    if (here != there) return "item " + std::to_string(from) + " is not " + here[0];
    from = to;
  }
  return "";
}

std::string compare_sets(std::vector<std::string> got, std::vector<std::string> wanted) {
  std::ranges::sort(got);
  std::ranges::sort(wanted);
  if (got == wanted) return "";
  std::vector<std::string> missing, foreign;
  std::ranges::set_difference(wanted, got, std::back_inserter(missing));
  std::ranges::set_difference(got, wanted, std::back_inserter(foreign));
  std::string out = std::to_string(missing.size()) + " items are missing, " +
                    std::to_string(foreign.size()) + " should not be there";
  if (!missing.empty()) out += "; missing " + missing[0];
  if (!foreign.empty()) out += "; there " + foreign[0];
  return out;
}

}  // namespace

Step make_get(Random& random, const Table& table) {
  Step step;
  const bool transaction = random.chance(30);
  const std::int64_t count = transaction || random.chance(30) ? random.between(1, 20) : 1;
  std::set<Key> keys;
  while (static_cast<std::int64_t>(keys.size()) < count) keys.insert(random_key(random));
  const auto wanted = [&table](const Key& key) {
    const Item* item = find(table, key);
    return item == nullptr ? std::string() : json_of(*item);
  };
  std::string json;
  std::vector<std::string> items;
  for (const Key& key : keys) {
    json += json.empty() ? "" : ",";
    json += transaction ? R"({"Get":{"TableName":"model","Key":)" + key.json() + "}}" : key.json();
    items.push_back(wanted(key));
  }
  if (transaction) {
    step.run = [json, items](local::DynamoDb& service, std::string& said) -> std::string {
      Arena arena;
      const Read read =
          ask(service, arena, "TransactGetItems", R"({"TransactItems":[)" + json + "]}", said);
      const auto responses = read.body["Responses"].items();
      if (responses.size() != items.size()) return "expected an answer to each";
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (canonical(responses[i]["Item"]) != items[i]) return "expected " + items[i];
      }
      return "";
    };
  } else if (count > 1) {
    std::erase(items, "");
    step.run = [json, items](local::DynamoDb& service, std::string& said) -> std::string {
      Arena arena;
      const Read read = ask(service, arena, "BatchGetItem",
                            R"({"RequestItems":{"model":{"Keys":[)" + json + "]}}}", said);
      if (!read.body["UnprocessedKeys"].members().empty()) return "expected all keys";
      std::vector<std::string> got;
      for (const Value& item : read.body["Responses"]["model"].items())
        got.push_back(canonical(item));
      return compare_sets(got, items);
    };
  } else {
    step.run = [json, item = items[0]](local::DynamoDb& service, std::string& said) -> std::string {
      Arena arena;
      const Read read =
          ask(service, arena, "GetItem", R"({"TableName":"model","Key":)" + json + "}", said);
      return read.status == 200 && canonical(read.body["Item"]) == item ? "" : "expected " + item;
    };
  }
  return step;
}

Step make_query(Random& random, const Table& table) {
  const std::string p = random_key(random).p;
  const Range range = random_range(random, "s", -10, kSortKeys - 11);
  const Paging paging = random_paging(random);
  const bool filter = random.chance(30);
  std::vector<Found> wanted;
  std::int64_t scanned = 0;
  for (auto at = table.lower_bound({p, INT64_MIN}); at != table.end() && at->first.p == p; ++at) {
    if (!range.takes(at->first.s)) continue;
    ++scanned;
    if (filter && (!at->second.contains("n") || at->second.at("n").number <= 0)) continue;
    wanted.push_back({at->first.s, json_of(at->second)});
  }
  std::string json = R"({"TableName":"model","KeyConditionExpression":"p = :p)" + range.text +
                     "\"" + (filter ? R"(,"FilterExpression":"n > :f")" : "") +
                     R"(,"ExpressionAttributeValues":{":p":{"S":)" + named(p) + "}" + range.values +
                     (filter ? R"(,":f":{"N":"0"})" : "") + "}" + paging.json;
  Step step;
  step.run = [json, wanted, scanned, backwards = paging.backwards](local::DynamoDb& service,
                                                                   std::string& said) {
    return compare(ask_pages(service, "Query", json, said), wanted, backwards, scanned);
  };
  return step;
}

Step make_index_query(Random& random, const Table& table) {
  const std::int64_t kind = random.below(3);
  const Paging paging = random_paging(random);
  std::vector<Found> wanted;
  std::string json = R"({"TableName":"model","IndexName":)";
  if (kind == 0) {
    const std::string g(1, static_cast<char>('a' + random.below(6)));
    const Range range = random_range(random, "n", -50, 50);
    for (const auto& [key, item] : table) {
      if (!item.contains("g") || !item.contains("n") || item.at("g").text != g) continue;
      if (!range.takes(item.at("n").number)) continue;
      wanted.push_back({item.at("n").number, json_of(item, {"p", "s", "g", "n"})});
    }
    json += R"("by_g","KeyConditionExpression":"g = :g)" + range.text +
            R"(","ExpressionAttributeValues":{":g":{"S":)" + named(g) + "}" + range.values + "}";
  } else if (kind == 1) {
    const std::int64_t h = random.below(6);
    for (const auto& [key, item] : table) {
      if (item.contains("h") && item.at("h").number == h) wanted.push_back({0, json_of(item)});
    }
    json += R"("by_h","KeyConditionExpression":"h = :h","ExpressionAttributeValues":{":h":{"N":")" +
            std::to_string(h) + R"("}})";
  } else {
    const std::string p = random_key(random).p;
    const Range range = random_range(random, "h", 0, 5);
    for (auto at = table.lower_bound({p, INT64_MIN}); at != table.end() && at->first.p == p; ++at) {
      const Item& item = at->second;
      if (!item.contains("h") || !range.takes(item.at("h").number)) continue;
      wanted.push_back({item.at("h").number, json_of(item, {"p", "s", "h", "n"})});
    }
    json += R"("by_h_here","KeyConditionExpression":"p = :p)" + range.text +
            R"(","ExpressionAttributeValues":{":p":{"S":)" + named(p) + "}" + range.values + "}";
  }
  json += paging.json;
  Step step;
  const auto scanned = static_cast<std::int64_t>(wanted.size());
  step.run = [json, wanted, scanned, backwards = paging.backwards](local::DynamoDb& service,
                                                                   std::string& said) {
    return compare(ask_pages(service, "Query", json, said), wanted, backwards, scanned);
  };
  return step;
}

Step make_scan(Random& random, const Table& table) {
  const std::int64_t segments = random.between(1, 5);
  const std::string limit =
      random.chance(70) ? R"(,"Limit":)" + std::to_string(random.between(1, 200)) : "";
  const bool index = random.chance(30);
  std::vector<std::string> wanted;
  for (const auto& [key, item] : table) {
    if (!index || item.contains("h")) wanted.push_back(json_of(item));
  }
  Step step;
  step.run = [segments, limit, index, wanted](local::DynamoDb& service,
                                              std::string& said) -> std::string {
    std::vector<std::string> got;
    for (std::int64_t i = 0; i < segments; ++i) {
      const Pages pages = ask_pages(service, "Scan",
                                    std::string(R"({"TableName":"model")") +
                                        (index ? R"(,"IndexName":"by_h")" : "") + R"(,"Segment":)" +
                                        std::to_string(i) + R"(,"TotalSegments":)" +
                                        std::to_string(segments) + limit,
                                    said);
      if (!pages.complaint.empty()) return pages.complaint;
      got.insert(got.end(), pages.items.begin(), pages.items.end());
    }
    return compare_sets(got, wanted);
  };
  return step;
}

std::string compare_all(local::DynamoDb& service, const Table& table, std::string& said) {
  std::vector<std::string> wanted, in_g, in_h;
  for (const auto& [key, item] : table) {
    wanted.push_back(json_of(item));
    if (item.contains("h")) in_h.push_back(json_of(item));
    if (item.contains("g") && item.contains("n"))
      in_g.push_back(json_of(item, {"p", "s", "g", "n"}));
  }
  const auto scan = [&](const char* index, const std::vector<std::string>& items) {
    const Pages pages =
        ask_pages(service, "Scan", std::string(R"({"TableName":"model")") + index, said);
    return pages.complaint.empty() ? compare_sets(pages.items, items) : pages.complaint;
  };
  if (std::string wrong = scan("", wanted); !wrong.empty()) return "the table: " + wrong;
  if (std::string wrong = scan(R"(,"IndexName":"by_g")", in_g); !wrong.empty())
    return "the index by_g: " + wrong;
  if (std::string wrong = scan(R"(,"IndexName":"by_h")", in_h); !wrong.empty())
    return "the index by_h: " + wrong;
  return "";
}

}  // namespace cloche::model
