#include "tests/fuzz/json_mutator.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/json.h"
#include "tests/fuzz/target.h"

namespace cloche::fuzz {
namespace {

enum class Change { Remove, Double, Rename, Replace, Graft };
constexpr int kChanges = 5;

// What a client might send by mistake; numbers at the edges that AWS's models and ours have.
Value odd_value(Arena& arena, std::minstd_rand& random) {
  static constexpr std::string_view kTexts[] = {
      "",     "a",      "#a",       ":a",
      "NULL", "things", "\xc3\xa9", "arn:aws:dynamodb:us-east-1:000000000000:table/things"};
  static constexpr std::string_view kNumbers[] = {
      "0", "-1", "1", "2", "100", "101", "1e400", "0.5", "2147483648", "9223372036854775808"};
  switch (random() % 8) {
    case 0:
      return Value::null();
    case 1:
      return Value::boolean(random() % 2 == 0);
    case 2:
      return Value::list();
    case 3:
      return Value::map();
    case 4: {
      Value list = Value::list();
      list.push(arena, Value::string("a"));
      return list;
    }
    case 5:
      return Value::number(kNumbers[random() % std::size(kNumbers)]);
    default:
      return Value::string(kTexts[random() % std::size(kTexts)]);
  }
}

// A document as a list of its nodes, the parents first.
struct Nodes {
  std::vector<const Value*> values;
  std::vector<std::string_view> names;

  void gather(const Value& value) {
    values.push_back(&value);
    for (const Value& item : value.items()) gather(item);
    for (const Member& member : value.members()) {
      names.push_back(member.name);
      gather(member.value);
    }
  }
};

class Mutation {
 public:
  Mutation(const Value& root, Arena& arena, std::minstd_rand& random)
      : arena_(arena), random_(random) {
    nodes_.gather(root);
    target_ = nodes_.values.size() == 1 ? nodes_.values[0] : any(nodes_.values, 1);
    change_ = static_cast<Change>(random_() % kChanges);
  }

  // The document with the change, in the arena.
  Value apply(const Value& value) {
    if (&value == target_ && (change_ == Change::Replace || change_ == Change::Graft))
      return replacement();
    if (value.is(Value::Kind::List)) {
      Value out = Value::list();
      for (const Value& item : value.items()) {
        for (int i = times(item); i > 0; --i) out.push(arena_, apply(item));
      }
      return out;
    }
    if (!value.is(Value::Kind::Map)) return value;
    Value out = Value::map();
    for (const Member& member : value.members()) {
      const bool renamed = &member.value == target_ && change_ == Change::Rename;
      const std::string_view name = renamed ? any(nodes_.names, 0) : member.name;
      for (int i = times(member.value); i > 0; --i) out.add(arena_, name, apply(member.value));
    }
    return out;
  }

 private:
  template <typename T>
  T any(const std::vector<T>& of, std::size_t from) {
    return of[from + random_() % (of.size() - from)];
  }
  int times(const Value& value) const {
    if (&value != target_) return 1;
    return change_ == Change::Remove ? 0 : change_ == Change::Double ? 2 : 1;
  }
  Value replacement() {
    if (change_ == Change::Graft) return *any(nodes_.values, 0);
    return odd_value(arena_, random_);
  }

  Arena& arena_;
  std::minstd_rand& random_;
  Nodes nodes_;
  const Value* target_;
  Change change_;
};

}  // namespace

std::string mutate_json(std::string_view json, std::minstd_rand& random) {
  Arena arena;
  const auto parsed = parse_json(json, arena);
  if (!parsed) return std::string(json);
  std::string out;
  append_json(out, Mutation(*parsed, arena, random).apply(*parsed));
  return out;
}

std::size_t mutate_line(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed) {
  std::minstd_rand random(seed);
  std::string_view text = text_of(data, size);
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(take_line(text));
  if (lines.empty()) return 0;
  std::string& line = lines[random() % lines.size()];
  const std::size_t blank = line.find(' ');
  if (blank == std::string::npos) return 0;
  line = line.substr(0, blank + 1) + mutate_json(std::string_view(line).substr(blank + 1), random);
  std::string out;
  for (const std::string& each : lines) out.append(each).append("\n");
  if (out.size() > size_max) return 0;
  std::memcpy(data, out.data(), out.size());
  return out.size();
}

}  // namespace cloche::fuzz
