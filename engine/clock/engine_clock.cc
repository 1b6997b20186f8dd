#include "engine/clock/engine_clock.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace cloche::engine {
namespace {

using std::chrono::microseconds;

std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }
Instant instant(std::int64_t value) { return Instant(microseconds(value)); }

}  // namespace

std::string ClockSetting::encode() const {
  if (frozen) return "frozen " + std::to_string(micros(at));
  char text[96];
  std::snprintf(text, sizeof text, "running %lld %lld %.17g", static_cast<long long>(micros(at)),
                static_cast<long long>(micros(wall)), speed);
  return text;
}

std::optional<ClockSetting> ClockSetting::decode(std::string_view text) {
  const std::string copy(text);
  long long at = 0;
  long long wall = 0;
  ClockSetting setting;
  if (std::sscanf(copy.c_str(), "frozen %lld", &at) == 1) {
    setting.frozen = true;
  } else if (std::sscanf(copy.c_str(), "running %lld %lld %lg", &at, &wall, &setting.speed) != 3) {
    return std::nullopt;
  }
  setting.at = instant(at);
  setting.wall = instant(wall);
  return setting;
}

Instant EngineClock::now_of(const ClockSetting& setting) const {
  if (setting.frozen) return setting.at;
  const microseconds passed = env_.now() - setting.wall;
  if (setting.speed == 1.0) return setting.at + passed;
  return setting.at +
         microseconds(std::llround(static_cast<double>(passed.count()) * setting.speed));
}

Instant EngineClock::now() const {
  MutexLock lock(mutex_);
  return now_of(setting_);
}

void EngineClock::set(ClockSetting setting) {
  std::vector<std::function<void()>> listeners;
  {
    MutexLock lock(mutex_);
    setting_ = setting;
    changes_.fetch_add(1, std::memory_order_release);
    listeners = listeners_;
  }
  for (const auto& listener : listeners) listener();
}

void EngineClock::freeze(Instant at) { set({.frozen = true, .at = at, .wall = {}, .speed = 1.0}); }

void EngineClock::move(microseconds by) {
  ClockSetting moved = setting();
  moved.at += by;
  set(moved);
}

void EngineClock::run(Instant from, double speed) {
  CLOCHE_CHECK(speed > 0);
  set({.frozen = false, .at = from, .wall = env_.now(), .speed = speed});
}

bool EngineClock::frozen() const { return setting().frozen; }
double EngineClock::speed() const { return setting().speed; }

std::optional<std::chrono::nanoseconds> EngineClock::until(Instant at) const {
  const ClockSetting setting = this->setting();
  const Instant present = now_of(setting);
  if (at <= present) return std::chrono::nanoseconds(0);
  if (setting.frozen) return std::nullopt;
  const double real = static_cast<double>((at - present).count()) / setting.speed;
  // Rounded up: who sleeps so long finds that the time has come. A day at most, so that nothing
  // overflows; asked again then.
  constexpr double kDay = 86'400e6;
  return microseconds(static_cast<std::int64_t>(std::ceil(std::min(real, kDay))) + 1);
}

void EngineClock::restore(const ClockSetting& setting) {
  MutexLock lock(mutex_);
  setting_ = setting;
}

ClockSetting EngineClock::setting() const {
  MutexLock lock(mutex_);
  return setting_;
}

void EngineClock::on_change(std::function<void()> listener) {
  MutexLock lock(mutex_);
  listeners_.push_back(std::move(listener));
}

}  // namespace cloche::engine
