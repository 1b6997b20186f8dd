#include "base/time_text.h"

#include <charconv>
#include <cstdio>

namespace cloche {
namespace {

using std::chrono::days;
using std::chrono::microseconds;

constexpr const char* kWeekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kLongWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                         "Thursday", "Friday", "Saturday"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0, weekday = 0;
};

Fields fields_of(Instant at) {
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day())),
          .hour = static_cast<int>(time.hours().count()),
          .minute = static_cast<int>(time.minutes().count()),
          .second = static_cast<int>(time.seconds().count()),
          .microsecond = static_cast<int>(time.subseconds().count()),
          .weekday = static_cast<int>(std::chrono::weekday(day).c_encoding())};
}

template <class... Args>
std::string formatted(const char* format, Args... args) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, format, args...);
  return {text, static_cast<std::size_t>(size)};
}

std::optional<Instant> instant_of(const Fields& f) {
  const auto date = std::chrono::year(f.year) / std::chrono::month(static_cast<unsigned>(f.month)) /
                    std::chrono::day(static_cast<unsigned>(f.day));
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(f.hour) + std::chrono::minutes(f.minute) +
         std::chrono::seconds(f.second) + microseconds(f.microsecond);
}

// Takes text apart from the left; the first thing that is not as expected makes the rest fail.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    if (rest_.size() < digits) return fail();
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }

  Taker& literal(std::string_view text) {
    if (!accept(text)) fail();
    return *this;
  }

  bool accept(std::string_view text) {
    if (!ok_ || !rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  // A fraction's digits as microseconds; more than six are cut off.
  int fraction() {
    int value = 0;
    int digits = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1), ++digits) {
      if (digits < 6) value = value * 10 + (rest_[0] - '0');
    }
    if (digits == 0) return fail();
    for (; digits < 6; ++digits) value *= 10;
    return value;
  }

  int month_name() {
    for (int i = 0; i < 12; ++i) {
      if (accept(kMonths[i])) return i + 1;
    }
    return fail();
  }

  template <std::size_t N>
  bool one_of(const char* const (&names)[N]) {
    for (const char* name : names) {
      if (accept(name)) return true;
    }
    return false;
  }

  bool ended() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

void take_time(Taker& take, Fields& f) {
  f.hour = take.number(2);
  f.minute = take.literal(":").number(2);
  f.second = take.literal(":").number(2);
}

std::optional<Instant> parse_rfc850_or_asctime(std::string_view text) {
  Fields f;
  Taker take(text);
  if (take.one_of(kLongWeekdays)) {
    f.day = take.literal(", ").number(2);
    f.month = take.literal("-").month_name();
    const int year = take.literal("-").number(2);
    f.year = year < 70 ? 2000 + year : 1900 + year;
    take.literal(" ");
    take_time(take, f);
    take.literal(" GMT");
  } else if (take.one_of(kWeekdays)) {
    f.month = take.literal(" ").month_name();
    take.literal(" ");
    f.day = take.accept(" ") ? take.number(1) : take.number(2);
    take.literal(" ");
    take_time(take, f);
    f.year = take.literal(" ").number(4);
  } else {
    return std::nullopt;
  }
  return take.ended() ? instant_of(f) : std::nullopt;
}

}  // namespace

std::string iso8601(Instant at) {
  std::string text = iso8601_milliseconds(at);
  text.resize(19);
  text += 'Z';
  return text;
}

// By hand, since listings write a thousand of them: printf takes four times as long.
std::string iso8601_milliseconds(Instant at) {
  const Fields f = fields_of(at);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&](std::size_t end, int value, int digits) {
    for (; digits > 0; --digits, value /= 10) text[--end] = static_cast<char>('0' + value % 10);
  };
  put(4, f.year, 4);
  put(7, f.month, 2);
  put(10, f.day, 2);
  put(13, f.hour, 2);
  put(16, f.minute, 2);
  put(19, f.second, 2);
  put(23, f.microsecond / 1000, 3);
  return text;
}

std::string http_date(Instant at) {
  const Fields f = fields_of(at);
  return formatted("%s, %02d %s %04d %02d:%02d:%02d GMT", kWeekdays[f.weekday], f.day,
                   kMonths[f.month - 1], f.year, f.hour, f.minute, f.second);
}

std::string basic_date_time(Instant at) {
  const Fields f = fields_of(at);
  return formatted("%04d%02d%02dT%02d%02d%02dZ", f.year, f.month, f.day, f.hour, f.minute,
                   f.second);
}

std::optional<Instant> parse_iso8601(std::string_view text) {
  Fields f;
  Taker take(text);
  f.year = take.number(4);
  f.month = take.literal("-").number(2);
  f.day = take.literal("-").number(2);
  if (take.ended()) return instant_of(f);
  take.literal("T");
  take_time(take, f);
  if (take.accept(".")) f.microsecond = take.fraction();
  int offset_minutes = 0;
  if (!take.accept("Z") && !take.ended()) {
    const int sign = take.accept("-") ? -1 : (take.literal("+"), 1);
    const int hours = take.number(2);
    take.accept(":");
    offset_minutes = sign * (hours * 60 + take.number(2));
  }
  if (!take.ended()) return std::nullopt;
  const auto local = instant_of(f);
  if (!local) return std::nullopt;
  return *local - std::chrono::minutes(offset_minutes);
}

std::optional<Instant> parse_http_date(std::string_view text) {
  Fields f;
  Taker take(text);
  if (!take.one_of(kWeekdays) || !take.accept(", ")) return parse_rfc850_or_asctime(text);
  f.day = take.number(2);
  f.month = take.literal(" ").month_name();
  f.year = take.literal(" ").number(4);
  take.literal(" ");
  take_time(take, f);
  take.literal(" GMT");
  return take.ended() ? instant_of(f) : std::nullopt;
}

std::optional<Instant> parse_basic_date_time(std::string_view text) {
  Fields f;
  Taker take(text);
  f.year = take.number(4);
  f.month = take.number(2);
  f.day = take.number(2);
  f.hour = take.literal("T").number(2);
  f.minute = take.number(2);
  f.second = take.number(2);
  take.literal("Z");
  return take.ended() ? instant_of(f) : std::nullopt;
}

std::optional<Instant> parse_epoch_seconds(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // Beyond year 9999 nothing of AWS's is a time, and the multiplication below would overflow.
  if (error != std::errc() || end != text.data() + text.size() ||
      !(seconds > -62135596800.0 && seconds < 253402300800.0)) {
    return std::nullopt;
  }
  return Instant(
      microseconds(static_cast<std::int64_t>(seconds * 1e6 + (seconds < 0 ? -0.5 : 0.5))));
}

}  // namespace cloche
