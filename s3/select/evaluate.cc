#include "s3/select/evaluate.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/time_text.h"
#include "s3/select/functions.h"

namespace cloche::s3::select {
namespace {

bool same_name(std::string_view a, std::string_view b, bool exact) {
  if (exact) return a == b;
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return low(x) == low(y);
  });
}

Value step_into(const Value& value, const Step& step) {
  if (step.index) {
    const auto items = value.items();
    const auto at = static_cast<std::size_t>(*step.index);
    return *step.index >= 0 && at < items.size() ? items[at] : Value();
  }
  for (const Member& member : value.members()) {
    if (same_name(member.name, step.name, step.exact)) return member.value;
  }
  return {};
}

// "_1": the first field.
std::optional<std::size_t> position_of(std::string_view name) {
  if (name.size() < 2 || name[0] != '_') return std::nullopt;
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), position);
  if (error != std::errc() || end != name.data() + name.size() || position == 0)
    return std::nullopt;
  return position - 1;
}

SqlValue field_of(const Record& record, const Step& step) {
  if (record.names != nullptr) {
    for (std::size_t i = 0; i < record.names->size() && i < record.fields.size(); ++i) {
      if (same_name((*record.names)[i], step.name, step.exact))
        return SqlValue::of_text(record.fields[i]);
    }
  }
  if (const auto position = position_of(step.name); position && *position < record.fields.size())
    return SqlValue::of_text(record.fields[*position]);
  return {};
}

SqlValue truth(const std::optional<bool>& value) {
  return value ? SqlValue::boolean(*value) : SqlValue::null();
}

std::optional<bool> compared(Op op, const SqlValue& a, const SqlValue& b) {
  const auto order = compare(a, b);
  if (a.absent() || b.absent()) return std::nullopt;
  if (!order) return op == Op::NotEqual;  // Of different types.
  switch (op) {
    case Op::Equal:
      return *order == 0;
    case Op::NotEqual:
      return *order != 0;
    case Op::Less:
      return *order < 0;
    case Op::LessEqual:
      return *order <= 0;
    case Op::Greater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

void collect(const Expression& expression, std::vector<const Expression*>& into) {
  if (expression.op == Op::Aggregate) into.push_back(&expression);
  for (const ExpressionPtr& argument : expression.arguments) collect(*argument, into);
}

}  // namespace

Evaluator::Evaluator(const Query& query, Instant now)
    : query_(query), now_(now), sums_(query.aggregates) {}

bool Evaluator::done() const {
  return query_.limit && query_.aggregates == 0 && rows_ >= *query_.limit;
}

Result<std::optional<Row>> Evaluator::take(const Record& record) {
  if (query_.where) {
    CLOCHE_TRY(const wanted, value_of(*query_.where, &record));
    if (!wanted.is_true()) return std::optional<Row>();
  }
  ++rows_;
  if (query_.aggregates == 0) {
    CLOCHE_TRY(row, row_of(&record));
    return std::optional(std::move(row));
  }
  std::vector<const Expression*> all;
  for (const Column& column : query_.columns) collect(*column.expression, all);
  for (const Expression* expression : all) CLOCHE_TRY_VOID(aggregate(*expression, record));
  return std::optional<Row>();
}

Result<std::optional<Row>> Evaluator::finish() {
  if (query_.aggregates == 0) return std::optional<Row>();
  CLOCHE_TRY(row, row_of(nullptr));
  return std::optional(std::move(row));
}

Result<Row> Evaluator::row_of(const Record* record) {
  Row row;
  if (query_.all) {
    if (record->json) {
      for (const Member& member : record->json.members())
        row.emplace_back(member.name, SqlValue::of_json(member.value));
      if (!record->json.is(Value::Kind::Map))
        row.emplace_back("_1", SqlValue::of_json(record->json));
      return row;
    }
    for (std::size_t i = 0; i < record->fields.size(); ++i) {
      const bool named = record->names != nullptr && i < record->names->size();
      row.emplace_back(named ? (*record->names)[i] : "_" + std::to_string(i + 1),
                       SqlValue::of_text(record->fields[i]));
    }
    return row;
  }
  for (const Column& column : query_.columns) {
    CLOCHE_TRY(value, value_of(*column.expression, record));
    row.emplace_back(column.name, std::move(value));
  }
  return row;
}

SqlValue Evaluator::path(const Expression& expression, const Record& record) const {
  std::span<const Step> steps = expression.steps;
  // The alias, or the table's own name, may stand in front.
  const auto names_table = [&](const Step& step) {
    return (!query_.alias.empty() && same_name(step.name, query_.alias, false)) ||
           same_name(step.name, "S3Object", false);
  };
  if (names_table(steps.front())) steps = steps.subspan(1);
  if (!record.json) {
    return steps.size() == 1 && !steps[0].index ? field_of(record, steps[0]) : SqlValue();
  }
  Value value = record.json;
  for (const Step& step : steps) value = step_into(value, step);
  return SqlValue::of_json(value);
}

Result<void> Evaluator::aggregate(const Expression& expression, const Record& record) {
  Sum& sum = sums_[expression.slot];
  if (expression.arguments.empty()) {
    ++sum.count;
    return {};
  }
  CLOCHE_TRY(const value, value_of(*expression.arguments[0], &record));
  if (value.absent()) return {};
  ++sum.count;
  if (expression.text == "COUNT") return {};
  if (expression.text == "MIN" || expression.text == "MAX") {
    const auto number = value.as_number();
    const SqlValue candidate = number ? *number : value;
    const auto order = compare(candidate, sum.value);
    const bool better = order && (expression.text == "MIN" ? *order < 0 : *order > 0);
    if (sum.value.absent() || better) sum.value = candidate;
    return {};
  }
  const auto number = value.as_number();
  if (!number)
    return query_error("InvalidDataType", "The SQL expression has an invalid data type: " +
                                              expression.text + " of a value that is no number.");
  CLOCHE_TRY(total, sum.value.absent() ? Result<SqlValue>(*number)
                                       : arithmetic(Op::Add, sum.value, *number));
  sum.value = std::move(total);
  return {};
}

Result<SqlValue> Evaluator::value_of(const Expression& expression, const Record* record) {
  const auto argument = [&](std::size_t i) { return value_of(*expression.arguments[i], record); };
  switch (expression.op) {
    case Op::Literal:
      return expression.literal;
    case Op::Path:
      return record == nullptr ? SqlValue() : path(expression, *record);
    case Op::Aggregate: {
      const Sum& sum = sums_[expression.slot];
      if (expression.text == "COUNT") return SqlValue::of_integer(sum.count);
      if (sum.value.absent()) return SqlValue::null();
      if (expression.text != "AVG") return sum.value;
      return SqlValue::of_number(sum.value.as_double() / static_cast<double>(sum.count));
    }
    case Op::Not: {
      CLOCHE_TRY(const inner, argument(0));
      return inner.absent() ? SqlValue::null() : SqlValue::boolean(!inner.is_true());
    }
    case Op::And:
    case Op::Or: {
      const bool decides = expression.op == Op::Or;
      CLOCHE_TRY(const left, argument(0));
      if (!left.absent() && left.is_true() == decides) return SqlValue::boolean(decides);
      CLOCHE_TRY(const right, argument(1));
      if (!right.absent() && right.is_true() == decides) return SqlValue::boolean(decides);
      return left.absent() || right.absent() ? SqlValue::null() : SqlValue::boolean(!decides);
    }
    case Op::Negate: {
      CLOCHE_TRY(const inner, argument(0));
      return arithmetic(Op::Subtract, SqlValue::of_integer(0), inner);
    }
    case Op::Add:
    case Op::Subtract:
    case Op::Multiply:
    case Op::Divide:
    case Op::Remainder: {
      CLOCHE_TRY(const left, argument(0));
      CLOCHE_TRY(const right, argument(1));
      return arithmetic(expression.op, left, right);
    }
    case Op::Concat: {
      CLOCHE_TRY(const left, argument(0));
      CLOCHE_TRY(const right, argument(1));
      if (left.absent() || right.absent()) return SqlValue::null();
      return SqlValue::of_text(left.to_text() + right.to_text());
    }
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual: {
      CLOCHE_TRY(const left, argument(0));
      CLOCHE_TRY(const right, argument(1));
      return truth(compared(expression.op, left, right));
    }
    case Op::Between: {
      CLOCHE_TRY(const value, argument(0));
      CLOCHE_TRY(const low, argument(1));
      CLOCHE_TRY(const high, argument(2));
      const auto above = compared(Op::GreaterEqual, value, low);
      const auto below = compared(Op::LessEqual, value, high);
      if (!above || !below) return SqlValue::null();
      return SqlValue::boolean(*above && *below);
    }
    case Op::In: {
      CLOCHE_TRY(const value, argument(0));
      for (std::size_t i = 1; i < expression.arguments.size(); ++i) {
        CLOCHE_TRY(const item, argument(i));
        if (compared(Op::Equal, value, item).value_or(false)) return SqlValue::boolean(true);
      }
      return SqlValue::boolean(false);
    }
    case Op::Like: {
      CLOCHE_TRY(const value, argument(0));
      CLOCHE_TRY(const pattern, argument(1));
      std::string escape;
      if (expression.arguments.size() > 2) {
        CLOCHE_TRY(const given, argument(2));
        escape = given.to_text();
      }
      if (value.absent() || pattern.absent()) return SqlValue::null();
      return like(value.to_text(), pattern.to_text(), escape);
    }
    case Op::IsNull: {
      CLOCHE_TRY(const value, argument(0));
      return SqlValue::boolean(value.absent());
    }
    case Op::IsMissing: {
      CLOCHE_TRY(const value, argument(0));
      return SqlValue::boolean(value.kind == SqlValue::Kind::Missing);
    }
    case Op::Case: {
      const std::size_t count = expression.arguments.size();
      for (std::size_t i = 0; i + 1 < count; i += 2) {
        CLOCHE_TRY(const condition, argument(i));
        if (condition.is_true()) return argument(i + 1);
      }
      return count % 2 == 1 ? argument(count - 1) : Result<SqlValue>(SqlValue::null());
    }
    case Op::Cast: {
      CLOCHE_TRY(const value, argument(0));
      return cast(value, expression.text);
    }
    case Op::Function:
      return function(expression, record);
  }
  return SqlValue();
}

Result<SqlValue> Evaluator::function(const Expression& expression, const Record* record) {
  std::vector<SqlValue> arguments;
  for (const ExpressionPtr& argument : expression.arguments) {
    CLOCHE_TRY(value, value_of(*argument, record));
    arguments.push_back(std::move(value));
  }
  const std::string_view option =
      expression.steps.empty() ? std::string_view() : std::string_view(expression.steps[0].name);
  return call_function(expression.text, option, arguments, now_);
}

}  // namespace cloche::s3::select
