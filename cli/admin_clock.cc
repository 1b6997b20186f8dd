#include "cli/admin_clock.h"

#include <cmath>

#include "base/time_text.h"
#include "cli/admin_answer.h"
#include "engine/history.h"

namespace cloche::cli {
namespace {

using protocol::AdminAnswer;
using protocol::HttpRequest;
using std::chrono::microseconds;

// A thousand years, both ways: what is beyond does not fit the calendar.
constexpr microseconds kMoveMax = std::chrono::hours(24 * 366 * 1000);
constexpr double kSpeedMax = 1e6;

AdminAnswer describe(const engine::Clock& clock) {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "now", Value::string(arena, iso8601_milliseconds(clock.now())));
  out.add(arena, "frozen", Value::boolean(clock.frozen()));
  char speed[32];
  std::snprintf(speed, sizeof speed, "%.17g", clock.speed());
  out.add(arena, "speed", Value::number(arena.copy(speed)));
  return json_answer(out);
}

Result<Instant> read_time(const Value& text, std::string_view name) {
  const auto at = parse_iso8601(text.text());
  if (!at) return invalid_request(std::string(name) + ": a time like 2026-01-01T00:00:00Z");
  return *at;
}

Result<void> freeze(engine::Clock& clock, const Value& wish) {
  Instant at = clock.now();
  if (wish["at"].present()) {
    CLOCHE_TRY(const given, read_time(wish["at"], "at"));
    at = given;
  }
  clock.freeze(at);
  return {};
}

Result<void> set(engine::Clock& clock, const Value& wish) {
  CLOCHE_TRY(const to, read_time(wish["to"], "to"));
  if (clock.frozen()) {
    clock.freeze(to);
  } else {
    clock.run(to, clock.speed());
  }
  return {};
}

Result<void> advance(engine::Clock& clock, const Value& wish) {
  std::string_view text = wish["by"].text();
  const bool back = text.starts_with('-');
  if (back) text.remove_prefix(1);
  const auto by = engine::parse_duration(text);
  if (!by || *by > kMoveMax)
    return invalid_request(
        "by: a duration such as 90s, 5m, 2h, 1d or -10m, a thousand years at most");
  clock.move(back ? -*by : *by);
  return {};
}

Result<void> resume(engine::Clock& clock, const Value& wish, Env& env) {
  const std::string from = wish["from"].present() ? wish["from"].str() : "left";
  if (from != "left" && from != "now")
    return invalid_request("from: left (where the clock stands), or now (the machine's time)");
  clock.run(from == "now" ? env.now() : clock.now());
  return {};
}

Result<void> speed(engine::Clock& clock, const Value& wish) {
  const auto speed = wish["speed"].as_double();
  if (!speed || !std::isfinite(*speed) || *speed <= 0 || *speed > kSpeedMax)
    return invalid_request("speed: a number above 0, 1000000 at most; 1 is the machine's own");
  clock.run(clock.now(), *speed);
  return {};
}

Result<void> change(Environment& environment, std::string_view body) {
  Arena arena;
  CLOCHE_TRY(const wish, read_body(body, arena));
  engine::Clock& clock = environment.store().clock();
  const std::string action = wish["action"].str();
  if (action == "freeze") return freeze(clock, wish);
  if (action == "set") return set(clock, wish);
  if (action == "advance") return advance(clock, wish);
  if (action == "resume") return resume(clock, wish, environment.store().env());
  if (action == "speed") return speed(clock, wish);
  return invalid_request("action: one of freeze, set, advance, resume and speed");
}

}  // namespace

void serve_clock(protocol::Server& server, Environment& environment) {
  server.on_admin("/_cloche/clock",
                  [&environment](const HttpRequest& request, std::string_view body) {
                    if (request.method() == "POST") {
                      if (const auto changed = change(environment, body); !changed)
                        return refused_answer(changed.error());
                    } else if (request.method() != "GET") {
                      return wrong_method("GET and POST");
                    }
                    return describe(environment.store().clock());
                  });
}

}  // namespace cloche::cli
