// PartiQL statements as trees. Conditions, updates and projections are the trees that expressions
// have (expression/tree.h), so that everything behind them is one; here is only what is around
// them.
//
//   SELECT expression [, ...] FROM table[.index] [WHERE condition] [ORDER BY key [DESC|ASC] , ...]
//   INSERT INTO table VALUE item
//   UPDATE table [SET | REMOVE] path [= data] [...] WHERE condition [RETURNING returnvalues]
//   DELETE FROM table WHERE condition [RETURNING ALL OLD *]
//   EXISTS( SELECT ... )          in a transaction
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "dynamodb/expression/tree.h"
#include "dynamodb/operation/write.h"

namespace cloche::dynamodb {

enum class StatementKind : std::uint8_t { Select, Insert, Update, Delete, Exists };

struct OrderBy {
  std::string attribute;
  bool descending = false;
};

struct Statement {
  StatementKind kind = StatementKind::Select;
  std::string table, index;
  std::vector<DocumentPath> projection;  // Empty: *.
  std::optional<Node> where;
  std::vector<OrderBy> order;
  std::vector<UpdateAction> actions;
  Value item;  // Of an insert, as an item; not checked yet.
  ReturnValues returning = ReturnValues::None;
  // What Node::value counts into: literals and parameters, canonical. In the request's arena.
  std::vector<Value> values;

  bool reads() const { return kind == StatementKind::Select; }
};

// `parameters` stand for the question marks, one for one. Refuses what is no statement in the
// service's words.
Result<Statement> parse_statement(std::string_view text, const Value& parameters, Arena& arena);

}  // namespace cloche::dynamodb
