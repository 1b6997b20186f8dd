// Runs the text cases of expression/testdata/*.test, so that a case needs no C++ to be read, added
// or taken from a recording:
//
//   item        {"a": {"N": "1"}}     what the next cases look at; stays until changed
//   condition   a = :one              the expression, after its kind
//   names       {"#a": "b"}           optional
//   values      {":one": {"N": "1"}}  optional
//   expect      true                  the outcome, or the refusal
//
// Kinds are condition, filter, key, update and projection. The outcome is true or false, the item
// after an update, or what was projected.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/json.h"
#include "dynamodb/expression/bind.h"
#include "dynamodb/expression/cache.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {
namespace {

const std::map<std::string, ExpressionKind> kKinds = {{"condition", ExpressionKind::Condition},
                                                      {"filter", ExpressionKind::Filter},
                                                      {"key", ExpressionKind::KeyCondition},
                                                      {"update", ExpressionKind::Update},
                                                      {"projection", ExpressionKind::Projection}};

struct Case {
  std::string item = "{}", kind, text, names, values;
};

std::string printed(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

Result<std::string> outcome(const Case& test, Arena& arena) {
  static ExpressionCache cache;
  const auto json = [&](const std::string& text) {
    return text.empty() ? Value() : *parse_json(arena.copy(text), arena);
  };
  const Value item = (*check_item(json(test.item), arena)).value;
  auto tree = cache.get(kKinds.at(test.kind), test.text);
  if (!tree) return tree.error();
  Placeholders placeholders(arena);
  CLOCHE_TRY_VOID(placeholders.read(json(test.names), json(test.values)));
  CLOCHE_TRY(const bound, placeholders.bind(*tree));
  CLOCHE_TRY_VOID(placeholders.refuse_unused());
  if (test.kind == "projection") return printed(project(bound, paths_of(*bound.tree), item, arena));
  if (test.kind != "update") return std::string(holds(bound, item) ? "true" : "false");
  CLOCHE_TRY(const updated, update(bound, item, arena));
  return printed(updated);
}

// Spaces outside of strings don't count, so that cases can be written to be read.
std::string compact(const std::string& json) {
  Arena arena;
  const auto parsed = parse_json(json, arena);
  return parsed ? printed(*parsed) : json;
}

class ExpressionCases : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ExpressionCases, AnswerAsWritten) {
  std::ifstream file(GetParam());
  Case test;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string word, rest;
    words >> word;
    std::getline(words >> std::ws, rest);
    if (word == "item") {
      test.item = rest;
    } else if (kKinds.contains(word)) {
      test = {test.item, word, rest, "", ""};
    } else if (word == "names") {
      test.names = rest;
    } else if (word == "values") {
      test.values = rest;
    } else if (word == "expect") {
      Arena arena;
      const auto got = outcome(test, arena);
      EXPECT_EQ(got ? *got : got.error().message, compact(rest))
          << GetParam().filename().string() << ":" << number << ": " << test.text;
    } else {
      FAIL() << GetParam() << ":" << number << ": unknown word " << word;
    }
  }
}

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry :
       std::filesystem::directory_iterator(CLOCHE_SOURCE_DIR "/dynamodb/expression/testdata")) {
    found.push_back(entry.path());
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Files, ExpressionCases, testing::ValuesIn(files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace cloche::dynamodb
