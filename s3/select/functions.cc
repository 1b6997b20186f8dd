#include "s3/select/functions.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/time_text.h"

namespace cloche::s3::select {
namespace {

using Arguments = std::vector<SqlValue>;

Error wrong_arguments(std::string_view name) {
  return query_error("EvaluatorInvalidArguments",
                     "Incorrect number of arguments in the function call of " + std::string(name));
}

// The bytes at which the characters of UTF-8 begin, and the end.
std::vector<std::size_t> characters_of(std::string_view text) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) begins.push_back(i);
  }
  begins.push_back(text.size());
  return begins;
}

std::string cased(std::string_view text, bool up) {
  std::string out(text);
  for (char& c : out) {
    if (up && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!up && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Counts from one; a begin before that shortens the length ("SUBSTRING").
Result<SqlValue> substring(const Arguments& arguments) {
  if (arguments.size() < 2 || arguments.size() > 3) return wrong_arguments("SUBSTRING");
  if (arguments[0].absent()) return SqlValue::null();
  const std::string text = arguments[0].to_text();
  const auto begins = characters_of(text);
  const auto count = static_cast<std::int64_t>(begins.size()) - 1;
  const auto start = arguments[1].as_number();
  if (!start) return wrong_arguments("SUBSTRING");
  // Kept small, so that nothing below overflows.
  const auto bounded = [&](double value) {
    return static_cast<std::int64_t>(std::clamp(value, -1e9, 1e9));
  };
  const std::int64_t first = bounded(start->as_double());
  std::int64_t end = count + 1;
  if (arguments.size() == 3) {
    const auto length = arguments[2].as_number();
    if (!length || length->as_double() < 0) return wrong_arguments("SUBSTRING");
    end = std::min(end, first + bounded(length->as_double()));
  }
  const std::int64_t begin = std::max<std::int64_t>(first, 1);
  if (begin >= end) return SqlValue::of_text("");
  const std::size_t from = begins[static_cast<std::size_t>(begin - 1)];
  const std::size_t to = begins[static_cast<std::size_t>(end - 1)];
  return SqlValue::of_text(text.substr(from, to - from));
}

Result<SqlValue> trim(std::string_view side, const Arguments& arguments) {
  if (arguments.empty() || arguments.size() > 2) return wrong_arguments("TRIM");
  if (arguments.back().absent()) return SqlValue::null();
  const std::string characters = arguments.size() == 2 ? arguments[0].to_text() : " ";
  std::string text = arguments.back().to_text();
  if (side != "TRAILING") text.erase(0, std::min(text.find_first_not_of(characters), text.size()));
  if (side != "LEADING") text.erase(text.find_last_not_of(characters) + 1);
  return SqlValue::of_text(text);
}

struct Calendar {
  std::chrono::year_month_day date;
  std::int64_t hour = 0, minute = 0, second = 0;
};

Calendar calendar_of(Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at - day).count();
  return {.date = std::chrono::year_month_day(std::chrono::sys_days(
              std::chrono::days(day.time_since_epoch() / std::chrono::days(1)))),
          .hour = seconds / 3600,
          .minute = seconds / 60 % 60,
          .second = seconds % 60};
}

std::optional<Instant> time_of(const SqlValue& value) {
  if (value.kind == SqlValue::Kind::Time) return value.time;
  return std::nullopt;
}

// "2007T", "2007-02T", "2007-02-23T12:14:33.079-08:00": what is left out is the beginning.
std::optional<Instant> read_time(std::string_view text) {
  if (auto at = parse_iso8601(text)) return at;
  std::string whole(text);
  if (whole.ends_with('T')) whole.pop_back();
  if (whole.size() == 4) whole += "-01";
  if (whole.size() == 7) whole += "-01";
  if (whole.size() == 10) return parse_iso8601(whole + "T00:00:00Z");
  if (whole.size() == 17 && whole.ends_with('Z')) whole.insert(16, ":00");
  return parse_iso8601(whole);
}

Result<SqlValue> extract(std::string_view part, const Arguments& arguments) {
  const auto at = arguments.size() == 1 ? time_of(arguments[0]) : std::nullopt;
  if (!at) return wrong_arguments("EXTRACT");
  const Calendar calendar = calendar_of(*at);
  if (part == "YEAR") return SqlValue::of_integer(static_cast<int>(calendar.date.year()));
  if (part == "MONTH") return SqlValue::of_integer(static_cast<unsigned>(calendar.date.month()));
  if (part == "DAY") return SqlValue::of_integer(static_cast<unsigned>(calendar.date.day()));
  if (part == "HOUR") return SqlValue::of_integer(calendar.hour);
  if (part == "MINUTE") return SqlValue::of_integer(calendar.minute);
  if (part == "SECOND") return SqlValue::of_integer(calendar.second);
  if (part == "TIMEZONE_HOUR" || part == "TIMEZONE_MINUTE") return SqlValue::of_integer(0);
  return query_error("ParseUnexpectedToken", "EXTRACT does not know this part of a time.");
}

std::optional<std::chrono::seconds> seconds_of(std::string_view part) {
  using std::chrono::seconds;
  if (part == "DAY") return seconds(86400);
  if (part == "HOUR") return seconds(3600);
  if (part == "MINUTE") return seconds(60);
  if (part == "SECOND") return seconds(1);
  return std::nullopt;
}

Result<SqlValue> date_add(std::string_view part, const Arguments& arguments) {
  const auto at = arguments.size() == 2 ? time_of(arguments[1]) : std::nullopt;
  const auto number = at ? arguments[0].as_number() : std::nullopt;
  if (!number || number->kind != SqlValue::Kind::Integer ||
      std::abs(number->as_double()) > 100'000'000)
    return wrong_arguments("DATE_ADD");
  const std::int64_t count = number->integer;
  if (const auto unit = seconds_of(part)) return SqlValue::of_time(*at + *unit * count);
  if ((part != "YEAR" && part != "MONTH") || std::abs(count) > 100'000)
    return wrong_arguments("DATE_ADD");
  const Calendar calendar = calendar_of(*at);
  const auto months = std::chrono::months(part == "YEAR" ? count * 12 : count);
  auto date = calendar.date + months;
  // The last day of a shorter month.
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  const auto rest = *at - std::chrono::floor<std::chrono::days>(*at);
  return SqlValue::of_time(Instant(std::chrono::duration_cast<Instant::duration>(
                               std::chrono::sys_days(date).time_since_epoch())) +
                           rest);
}

Result<SqlValue> date_diff(std::string_view part, const Arguments& arguments) {
  const auto from = arguments.size() == 2 ? time_of(arguments[0]) : std::nullopt;
  const auto to = arguments.size() == 2 ? time_of(arguments[1]) : std::nullopt;
  if (!from || !to) return wrong_arguments("DATE_DIFF");
  if (const auto unit = seconds_of(part)) return SqlValue::of_integer((*to - *from) / *unit);
  const Calendar a = calendar_of(*from);
  const Calendar b = calendar_of(*to);
  const std::int64_t years = static_cast<int>(b.date.year()) - static_cast<int>(a.date.year());
  if (part == "YEAR") return SqlValue::of_integer(years);
  if (part != "MONTH") return wrong_arguments("DATE_DIFF");
  return SqlValue::of_integer(years * 12 + static_cast<int>(unsigned(b.date.month())) -
                              static_cast<int>(unsigned(a.date.month())));
}

Result<SqlValue> to_timestamp(const Arguments& arguments) {
  if (arguments.size() != 1) return wrong_arguments("TO_TIMESTAMP");
  if (arguments[0].absent()) return SqlValue::null();
  return cast(arguments[0], "TIMESTAMP");
}

// The patterns of "TO_STRING" that stand for numbers.
Result<SqlValue> to_string(const Arguments& arguments) {
  const auto at = arguments.size() == 2 ? time_of(arguments[0]) : std::nullopt;
  if (!at) return wrong_arguments("TO_STRING");
  const Calendar calendar = calendar_of(*at);
  const std::string pattern = arguments[1].to_text();
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    std::size_t run = 1;
    while (i + run < pattern.size() && pattern[i + run] == pattern[i]) ++run;
    const auto padded = [&](std::int64_t value) {
      std::string text = std::to_string(value);
      if (text.size() < run) text.insert(0, run - text.size(), '0');
      out += text;
    };
    switch (pattern[i]) {
      case 'y':
        padded(run == 2 ? static_cast<int>(calendar.date.year()) % 100
                        : static_cast<int>(calendar.date.year()));
        break;
      case 'M':
        padded(static_cast<unsigned>(calendar.date.month()));
        break;
      case 'd':
        padded(static_cast<unsigned>(calendar.date.day()));
        break;
      case 'H':
        padded(calendar.hour);
        break;
      case 'h':
        padded(calendar.hour % 12 == 0 ? 12 : calendar.hour % 12);
        break;
      case 'm':
        padded(calendar.minute);
        break;
      case 's':
        padded(calendar.second);
        break;
      case 'a':
        out += calendar.hour < 12 ? "AM" : "PM";
        break;
      case 'X':
        out += 'Z';
        break;
      case '\'': {
        const std::size_t end = pattern.find('\'', i + 1);
        const std::size_t stop = end == std::string::npos ? pattern.size() : end;
        out += pattern.substr(i + 1, stop - i - 1);
        run = stop - i + 1;
        break;
      }
      default:
        out.append(run, pattern[i]);
    }
    i += run;
  }
  return SqlValue::of_text(out);
}

}  // namespace

Result<SqlValue> arithmetic(Op op, const SqlValue& a, const SqlValue& b) {
  if (a.absent() || b.absent()) return SqlValue::null();
  const auto left = a.as_number();
  const auto right = b.as_number();
  if (!left || !right)
    return query_error("InvalidDataType",
                       "The SQL expression has an invalid data type: a value is no number.");
  if (left->kind == SqlValue::Kind::Integer && right->kind == SqlValue::Kind::Integer) {
    std::int64_t result = 0;
    const std::int64_t x = left->integer;
    const std::int64_t y = right->integer;
    bool overflow = false;
    if (op == Op::Divide || op == Op::Remainder) {
      if (y == 0) return query_error("DivideByZero", "The SQL expression divides by zero.");
      overflow = y == -1 && x == INT64_MIN;
      if (!overflow) result = op == Op::Divide ? x / y : x % y;
    } else {
      overflow = op == Op::Add        ? __builtin_add_overflow(x, y, &result)
                 : op == Op::Subtract ? __builtin_sub_overflow(x, y, &result)
                                      : __builtin_mul_overflow(x, y, &result);
    }
    if (!overflow) return SqlValue::of_integer(result);
  }
  const double x = left->as_double();
  const double y = right->as_double();
  switch (op) {
    case Op::Add:
      return SqlValue::of_number(x + y);
    case Op::Subtract:
      return SqlValue::of_number(x - y);
    case Op::Multiply:
      return SqlValue::of_number(x * y);
    case Op::Divide:
      return SqlValue::of_number(x / y);
    default:
      return SqlValue::of_number(std::fmod(x, y));
  }
}

Result<SqlValue> like(std::string_view text, std::string_view pattern, std::string_view escape) {
  if (escape.size() > 1)
    return query_error("LikeInvalidInputs", "Invalid argument given to the LIKE clause.");
  // Greedy with one point to come back to: linear but for the last run.
  std::size_t t = 0, p = 0;
  std::optional<std::pair<std::size_t, std::size_t>> back;
  while (t < text.size()) {
    const bool escaped = !escape.empty() && p + 1 < pattern.size() && pattern[p] == escape[0];
    const char wanted = p < pattern.size() ? pattern[p + (escaped ? 1 : 0)] : '\0';
    if (p < pattern.size() && !escaped && wanted == '%') {
      back = {++p, t};
    } else if (p < pattern.size() && ((!escaped && wanted == '_') || wanted == text[t])) {
      ++t;
      // '_' takes a whole character of UTF-8.
      while (!escaped && wanted == '_' && t < text.size() &&
             (static_cast<unsigned char>(text[t]) & 0xc0) == 0x80)
        ++t;
      p += escaped ? 2 : 1;
    } else if (back) {
      p = back->first;
      t = ++back->second;
    } else {
      return SqlValue::boolean(false);
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return SqlValue::boolean(p == pattern.size());
}

Result<SqlValue> cast(const SqlValue& value, std::string_view type) {
  if (value.absent()) return value;
  const auto failed = [&] {
    return query_error("CastFailed",
                       "Attempt to convert from one data type to another using CAST "
                       "failed in the SQL expression.");
  };
  if (type == "STRING" || type == "VARCHAR" || type == "CHAR")
    return SqlValue::of_text(value.to_text());
  if (type == "BOOL" || type == "BOOLEAN") {
    if (value.kind == SqlValue::Kind::Bool) return value;
    const std::string text = cased(value.to_text(), false);
    if (text == "true" || text == "1") return SqlValue::boolean(true);
    if (text == "false" || text == "0") return SqlValue::boolean(false);
    return failed();
  }
  if (type == "TIMESTAMP") {
    if (value.kind == SqlValue::Kind::Time) return value;
    const auto at = read_time(value.to_text());
    return at ? Result<SqlValue>(SqlValue::of_time(*at)) : failed();
  }
  const auto number =
      value.kind == SqlValue::Kind::Bool ? SqlValue::of_integer(value.integer) : value.as_number();
  if (!number) return failed();
  const bool whole = type == "INT" || type == "INTEGER";
  if (!whole) {
    if (type == "DECIMAL" || type == "NUMERIC") return *number;
    return SqlValue::of_number(number->as_double());
  }
  if (number->kind == SqlValue::Kind::Integer) return *number;
  if (std::abs(number->number) >= 9.2e18) return failed();
  return SqlValue::of_integer(static_cast<std::int64_t>(number->number));
}

Result<SqlValue> call_function(std::string_view name, std::string_view option,
                               const Arguments& arguments, Instant now) {
  if (name == "UTCNOW") return SqlValue::of_time(now);
  if (name == "COALESCE") {
    for (const SqlValue& value : arguments) {
      if (!value.absent()) return value;
    }
    return SqlValue::null();
  }
  if (name == "NULLIF") {
    if (arguments.size() != 2) return wrong_arguments(name);
    return compare(arguments[0], arguments[1]) == 0 ? SqlValue::null() : arguments[0];
  }
  if (name == "SUBSTRING") return substring(arguments);
  if (name == "TRIM") return trim(option, arguments);
  if (name == "EXTRACT") return extract(option, arguments);
  if (name == "DATE_ADD") return date_add(option, arguments);
  if (name == "DATE_DIFF") return date_diff(option, arguments);
  if (name == "TO_TIMESTAMP") return to_timestamp(arguments);
  if (name == "TO_STRING") return to_string(arguments);
  if (arguments.size() != 1) return wrong_arguments(name);
  if (arguments[0].absent()) return SqlValue::null();
  const std::string text = arguments[0].to_text();
  if (name == "LOWER" || name == "UPPER") return SqlValue::of_text(cased(text, name == "UPPER"));
  return SqlValue::of_integer(static_cast<std::int64_t>(characters_of(text).size()) - 1);
}

}  // namespace cloche::s3::select
