// Expressions as trees: what the parser makes of a text, with its placeholders still open, so that
// one tree serves every request that sends the same text. Immutable once parsed; shared between
// threads through the cache (cache.h).
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche::dynamodb {

enum class ExpressionKind : std::uint8_t { Condition, Filter, KeyCondition, Update, Projection };

std::string_view name_of(ExpressionKind kind);  // "ConditionExpression"

// One step into an item: the member of a map, or the element of a list.
struct PathStep {
  enum class Kind : std::uint8_t { Name, Placeholder, Index };
  Kind kind = Kind::Name;
  std::string name;         // As written, for Name.
  std::uint32_t index = 0;  // Of the list's element, or of the placeholder in Expression::names.
};
using DocumentPath = std::vector<PathStep>;

enum class NodeKind : std::uint8_t {
  Path,
  Value,
  Function,
  Compare,
  Between,
  In,
  And,
  Or,
  Not,
  Plus,
  Minus
};
enum class Comparator : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };
enum class Function : std::uint8_t {
  Unknown,
  AttributeExists,
  AttributeNotExists,
  AttributeType,
  BeginsWith,
  Contains,
  Size,
  IfNotExists,
  ListAppend,
};

struct Node {
  NodeKind kind = NodeKind::Value;
  Comparator comparator = Comparator::Equal;
  Function function = Function::Unknown;
  bool in_parentheses = false;  // Directly: for the refusal of redundant ones.
  std::uint32_t value = 0;      // Index into Expression::values.
  DocumentPath path;
  std::string name;  // Of a function, as written.
  std::vector<Node> args;
};

std::string_view name_of(Comparator comparator);

enum class Clause : std::uint8_t { Set, Remove, Add, Delete };
std::string_view name_of(Clause clause);

struct UpdateAction {
  Clause clause = Clause::Set;
  DocumentPath path;
  Node value;  // Not for Remove.
};

struct Expression {
  ExpressionKind kind = ExpressionKind::Condition;
  Node condition;                     // Of a condition, filter or key condition.
  std::vector<UpdateAction> actions;  // Of an update.
  std::vector<DocumentPath> paths;    // Of a projection.
  std::vector<std::string> names;     // "#p": every one that is used, once.
  std::vector<std::string> values;    // ":v"

  // What is wrong with the expression whatever names and values come with it, beyond its syntax;
  // empty if nothing. Kept apart since some refusals that need names and values come before some
  // that don't.
  std::string refusal;
};

// Refuses with what is to stand behind "Invalid ConditionExpression: ".
Result<std::shared_ptr<const Expression>> parse_expression(ExpressionKind kind,
                                                           std::string_view text);

}  // namespace cloche::dynamodb
