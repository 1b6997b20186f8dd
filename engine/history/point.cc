#include "engine/history/point.h"

#include <algorithm>
#include <charconv>

#include "base/time_text.h"
#include "engine/history.h"
#include "engine/history/errors.h"

namespace cloche::engine {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::chrono::microseconds> unit_of(std::string_view text) {
  using namespace std::chrono_literals;
  if (text == "ms") return 1ms;
  if (text == "s") return 1s;
  if (text == "m") return 1min;
  if (text == "h") return 1h;
  if (text == "d") return 24h;
  return std::nullopt;
}

}  // namespace

bool is_checkpoint_name(std::string_view text) {
  return !text.empty() && text.size() <= kCheckpointNameMax && is_letter(text[0]) &&
         std::ranges::all_of(text, [](char c) {
           return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  constexpr std::chrono::microseconds kLongest = std::chrono::hours(24 * 366 * 10'000);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const auto unit = unit_of(text.substr(static_cast<std::size_t>(end - text.data())));
  if (!unit || number > kLongest / *unit) return std::nullopt;
  return *unit * number;
}

Result<Point> parse_point(std::string_view text) {
  if (is_checkpoint_name(text)) return Point(Named{text});
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc() && number >= 0) {
    if (rest.empty()) return Point(Lsn(static_cast<std::uint64_t>(number)));
    if (const auto duration = parse_duration(text)) return Point(Ago{*duration});
    if (const auto time = parse_iso8601(text)) return Point(*time);
  }
  return refusal("InvalidPoint",
                 "'" + std::string(text) +
                     "' is no point of the history: give a checkpoint's name, an lsn (1234), a "
                     "time (2026-01-01T12:00:00Z) or how long ago (90s, 5m, 2h, 1d)");
}

}  // namespace cloche::engine
