#include "services/iam/condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

#include "base/time_text.h"
#include "services/iam/address.h"
#include "services/iam/grammar.h"
#include "services/iam/wildcard.h"

namespace cloche::iam {
namespace {

struct NamedOperator {
  std::string_view name;
  Operator op;
  bool negated = false;
};

constexpr std::array kOperators = {
    NamedOperator{"StringEquals", Operator::StringEquals},
    NamedOperator{"StringNotEquals", Operator::StringEquals, true},
    NamedOperator{"StringEqualsIgnoreCase", Operator::StringEqualsIgnoreCase},
    NamedOperator{"StringNotEqualsIgnoreCase", Operator::StringEqualsIgnoreCase, true},
    NamedOperator{"StringLike", Operator::StringLike},
    NamedOperator{"StringNotLike", Operator::StringLike, true},
    NamedOperator{"NumericEquals", Operator::NumericEquals},
    NamedOperator{"NumericNotEquals", Operator::NumericEquals, true},
    NamedOperator{"NumericLessThan", Operator::NumericLess},
    NamedOperator{"NumericLessThanEquals", Operator::NumericLessEquals},
    NamedOperator{"NumericGreaterThan", Operator::NumericGreater},
    NamedOperator{"NumericGreaterThanEquals", Operator::NumericGreaterEquals},
    NamedOperator{"DateEquals", Operator::DateEquals},
    NamedOperator{"DateNotEquals", Operator::DateEquals, true},
    NamedOperator{"DateLessThan", Operator::DateLess},
    NamedOperator{"DateLessThanEquals", Operator::DateLessEquals},
    NamedOperator{"DateGreaterThan", Operator::DateGreater},
    NamedOperator{"DateGreaterThanEquals", Operator::DateGreaterEquals},
    NamedOperator{"Bool", Operator::Bool},
    NamedOperator{"BinaryEquals", Operator::BinaryEquals},
    NamedOperator{"IpAddress", Operator::IpAddress},
    NamedOperator{"NotIpAddress", Operator::IpAddress, true},
    NamedOperator{"ArnEquals", Operator::ArnLike},
    NamedOperator{"ArnLike", Operator::ArnLike},
    NamedOperator{"ArnNotEquals", Operator::ArnLike, true},
    NamedOperator{"ArnNotLike", Operator::ArnLike, true},
    NamedOperator{"Null", Operator::Null},
};

bool remove_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool remove_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Everything but key and values.
Result<Condition> parse_operator(std::string_view name) {
  Condition out;
  std::string_view rest = name;
  if (remove_prefix(rest, "ForAnyValue:")) {
    out.quantifier = Condition::Quantifier::ForAnyValue;
  } else if (remove_prefix(rest, "ForAllValues:")) {
    out.quantifier = Condition::Quantifier::ForAllValues;
  }
  out.if_exists = remove_suffix(rest, "IfExists");
  const auto found = std::ranges::find(kOperators, rest, &NamedOperator::name);
  // There is nothing that NullIfExists could mean.
  if (found == kOperators.end() || (out.if_exists && found->op == Operator::Null))
    return malformed("Invalid Condition type : " + std::string(name));
  out.op = found->op;
  out.negated = found->negated;
  return out;
}

std::optional<std::string> text_of(const Value& value) {
  if (value.is(Value::Kind::String) || value.is(Value::Kind::Number)) return value.str();
  if (value.is(Value::Kind::Bool)) return value.as_bool() ? "true" : "false";
  return std::nullopt;
}

Result<std::vector<std::string>> parse_values(const Value& value) {
  std::vector<std::string> out;
  const auto take = [&](const Value& one) {
    auto text = text_of(one);
    if (text) out.push_back(*std::move(text));
    return text.has_value();
  };
  if (!value.is(Value::Kind::List)) {
    if (!take(value)) return invalid_syntax();
    return out;
  }
  for (const Value& item : value.items()) {
    if (!take(item)) return invalid_syntax();
  }
  return out;
}

std::optional<double> number_of(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<Instant> date_of(std::string_view text) {
  if (const auto date = parse_iso8601(text)) return date;
  return parse_epoch_seconds(text);
}

std::optional<bool> bool_of(std::string_view text) {
  if (matches(*expand("true", nullptr, false), text, Case::Ignored)) return true;
  if (matches(*expand("false", nullptr, false), text, Case::Ignored)) return false;
  return std::nullopt;
}

template <class Number, class Compare>
bool compare(std::optional<Number> actual, std::optional<Number> wanted, Compare holds) {
  return actual && wanted && holds(*actual, *wanted);
}

// Each of the six parts by itself, so that a * can't reach over a colon (the last part is all the
// rest).
bool matches_arn(std::u16string_view pattern, std::string_view arn) {
  for (int part = 0; part < 5; ++part) {
    const std::size_t pattern_end = pattern.find(u':');
    const std::size_t end = arn.find(':');
    if (pattern_end == pattern.npos || end == arn.npos) return false;
    if (!matches(pattern.substr(0, pattern_end), arn.substr(0, end))) return false;
    pattern.remove_prefix(pattern_end + 1);
    arn.remove_prefix(end + 1);
  }
  return matches(pattern, arn);
}

bool matches_text(Operator op, std::string_view actual, std::string_view wanted,
                  const Context* variables) {
  const bool wildcards = op == Operator::StringLike || op == Operator::ArnLike;
  const auto pattern = expand(wanted, variables, wildcards);
  if (!pattern) return false;
  if (op == Operator::ArnLike) return matches_arn(*pattern, actual);
  return matches(*pattern, actual,
                 op == Operator::StringEqualsIgnoreCase ? Case::Ignored : Case::Matters);
}

bool matches_value(Operator op, std::string_view actual, std::string_view wanted,
                   const Context* variables) {
  switch (op) {
    case Operator::StringEquals:
    case Operator::StringEqualsIgnoreCase:
    case Operator::StringLike:
    case Operator::ArnLike:
      return matches_text(op, actual, wanted, variables);
    case Operator::NumericEquals:
      return compare(number_of(actual), number_of(wanted), std::equal_to<>());
    case Operator::NumericLess:
      return compare(number_of(actual), number_of(wanted), std::less<>());
    case Operator::NumericLessEquals:
      return compare(number_of(actual), number_of(wanted), std::less_equal<>());
    case Operator::NumericGreater:
      return compare(number_of(actual), number_of(wanted), std::greater<>());
    case Operator::NumericGreaterEquals:
      return compare(number_of(actual), number_of(wanted), std::greater_equal<>());
    case Operator::DateEquals:
      return compare(date_of(actual), date_of(wanted), std::equal_to<>());
    case Operator::DateLess:
      return compare(date_of(actual), date_of(wanted), std::less<>());
    case Operator::DateLessEquals:
      return compare(date_of(actual), date_of(wanted), std::less_equal<>());
    case Operator::DateGreater:
      return compare(date_of(actual), date_of(wanted), std::greater<>());
    case Operator::DateGreaterEquals:
      return compare(date_of(actual), date_of(wanted), std::greater_equal<>());
    case Operator::Bool:
      return compare(bool_of(actual), bool_of(wanted), std::equal_to<>());
    case Operator::BinaryEquals:
      return actual == wanted;  // Both in base64.
    case Operator::IpAddress:
      return contains_address(wanted, actual);
    case Operator::Null:
      return false;
  }
  return false;
}

// One value of the request against all of the policy: any of them (none of them, if negated).
bool satisfies(const Condition& condition, std::string_view actual, const Context* variables) {
  const bool any = std::ranges::any_of(condition.values, [&](const std::string& wanted) {
    return matches_value(condition.op, actual, wanted, variables);
  });
  return any != condition.negated;
}

// Present but empty counts as absent for Null and for sets.
bool is_absent(const std::optional<std::vector<std::string>>& values) {
  return !values || values->empty();
}

}  // namespace

Result<std::vector<Condition>> parse_conditions(const Value& condition) {
  std::vector<Condition> out;
  if (!condition.present()) return out;
  if (!condition.is(Value::Kind::Map)) return invalid_syntax();
  for (const Member& by_operator : condition.members()) {
    CLOCHE_TRY(const parsed, parse_operator(by_operator.name));
    if (!by_operator.value.is(Value::Kind::Map)) return invalid_syntax();
    for (const Member& by_key : by_operator.value.members()) {
      Condition one = parsed;
      one.key = context_key(by_key.name);
      if (one.key.find(':') == std::string::npos)
        return malformed("Policy has an invalid condition key");
      CLOCHE_TRY(values, parse_values(by_key.value));
      one.values = std::move(values);
      if (one.op == Operator::IpAddress && !std::ranges::all_of(one.values, is_address_range))
        return malformed("Invalid IP address in Conditions");
      out.push_back(std::move(one));
    }
  }
  return out;
}

bool holds(const Condition& condition, const Context& context, bool variables) {
  const auto actual = context.find(condition.key);
  if (condition.op == Operator::Null) {
    return std::ranges::any_of(condition.values, [&](const std::string& wanted) {
      return bool_of(wanted) == is_absent(actual);
    });
  }
  if (is_absent(actual)) {
    if (condition.if_exists) return true;
    if (condition.quantifier == Condition::Quantifier::ForAllValues) return true;
    if (condition.quantifier == Condition::Quantifier::ForAnyValue) return false;
    return condition.negated;
  }
  const Context* const values_of = variables ? &context : nullptr;
  const auto satisfied = [&](const std::string& value) {
    return satisfies(condition, value, values_of);
  };
  // A key with several values and no set operator: one that matches does for a positive operator,
  // and undoes a negated one.
  const bool all = condition.quantifier == Condition::Quantifier::ForAllValues ||
                   (condition.quantifier == Condition::Quantifier::One && condition.negated);
  return all ? std::ranges::all_of(*actual, satisfied) : std::ranges::any_of(*actual, satisfied);
}

}  // namespace cloche::iam
