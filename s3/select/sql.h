// The SQL of SelectObjectContent: one SELECT over one object.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-select-sql-reference.html
//
//   SELECT list FROM S3Object[path] [alias] [WHERE condition] [LIMIT number]
//
// An expression is a tree that knows no data; evaluate.h runs it on records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "s3/select/value.h"

namespace cloche::s3::select {

enum class Op : std::uint8_t {
  Literal,
  Path,  // steps
  Not,
  And,
  Or,
  Negate,
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
  Concat,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Between,
  In,
  Like,
  IsNull,
  IsMissing,
  Case,      // condition, result, ..., [otherwise]
  Cast,      // text: the type
  Function,  // text: the name, in capitals
  Aggregate  // text: COUNT, SUM, AVG, MIN, MAX; slot: where its sum is; no argument: COUNT(*)
};

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

// A step of a path: a member by name, or an item by its number.
struct Step {
  std::string name;
  std::optional<std::int64_t> index;
  bool exact = false;  // The name stood in quotes: its case counts.
};

struct Expression {
  Op op = Op::Literal;
  SqlValue literal;
  std::string text;
  std::vector<Step> steps;
  std::vector<ExpressionPtr> arguments;
  std::size_t slot = 0;
};

struct Column {
  ExpressionPtr expression;
  std::string name;  // Of the output: the alias, or the last member of a path, or _1 by its place.
};

struct Query {
  bool all = false;  // SELECT *
  std::vector<Column> columns;
  std::vector<Step> from;  // Below S3Object[*].
  std::string alias;
  ExpressionPtr where;
  std::optional<std::int64_t> limit;
  std::size_t aggregates = 0;  // How many Aggregate nodes there are.
};

// Refuses with AWS's code for what is wrong.
Result<Query> parse_query(std::string_view sql);

Error query_error(std::string_view code, std::string_view message);

}  // namespace cloche::s3::select
