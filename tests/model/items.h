// Items as the model keeps them: a plain map in memory, with the few types that the random requests
// use. Knows nothing of Cloche; its rules are DynamoDB's as the Developer Guide has them.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cloche::model {

struct Attribute {
  enum class Kind : std::uint8_t { Number, String, StringSet, NumberList };
  Kind kind = Kind::Number;
  std::int64_t number = 0;
  std::string text;  // Letters and digits: needs no escapes.
  std::set<std::string> set;
  std::vector<std::int64_t> list;

  static Attribute of(std::int64_t number) { return {.number = number, .text{}, .set{}, .list{}}; }
  static Attribute of(std::string text) {
    return {.kind = Kind::String, .text = std::move(text), .set{}, .list{}};
  }
  static Attribute of(std::set<std::string> set) {
    return {.kind = Kind::StringSet, .text{}, .set = std::move(set), .list{}};
  }
  static Attribute of(std::vector<std::int64_t> list) {
    return {.kind = Kind::NumberList, .text{}, .set{}, .list = std::move(list)};
  }

  std::string json() const;  // {"N":"1"}
  bool operator==(const Attribute&) const = default;
};

// p (S) and s (N) are the key, and in the map too.
using Item = std::map<std::string, Attribute>;

struct Key {
  std::string p;
  std::int64_t s = 0;
  auto operator<=>(const Key&) const = default;
  std::string json() const;  // {"p":{"S":"a"},"s":{"N":"1"}}
};
Key key_of(const Item& item);

// Attributes in the order of their names: what an answer's item is compared with once it is put in
// this order (answers.h).
std::string json_of(const Item& item);
// Of those attributes alone.
std::string json_of(const Item& item, const std::set<std::string>& names);

using Table = std::map<Key, Item>;

// What a request does to one item if it succeeds; no item: it is not there afterwards.
struct Change {
  Key key;
  bool exists = false;
  Item item{};
};
void carry_out(Table& table, const Change& change);
bool holds(const Table& table, const Change& change);  // Whether the table is so already.

}  // namespace cloche::model
