// The engine's clock and ids. Both are state: how they are set is kept in rows of engine_state.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/clock.h"

namespace cloche::engine {

// How the clock goes: frozen at `at`, or at `at` when the wall showed `wall`, and from there
// `speed` times as fast.
struct ClockSetting {
  bool frozen = false;
  Instant at{};
  Instant wall{};
  double speed = 1.0;

  std::string encode() const;  // "frozen 1767225600000000", "running AT WALL SPEED"
  static std::optional<ClockSetting> decode(std::string_view text);
};

// Safe to use from any thread.
class EngineClock final : public Clock {
 public:
  explicit EngineClock(Env& env) : env_(env) {}

  Instant now() const override;
  void freeze(Instant at) override;
  void move(std::chrono::microseconds by) override;
  void run(Instant from, double speed) override;
  bool frozen() const override;
  double speed() const override;
  std::optional<std::chrono::nanoseconds> until(Instant at) const override;

  // How often it was changed. Once freeze, move or run has returned, nobody sees the number before.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

  // As an earlier process left it; tells nobody.
  void restore(const ClockSetting& setting);
  ClockSetting setting() const;
  // Called after each change, without any lock: to store the setting, and to wake who sleeps by
  // this clock. All at open.
  void on_change(std::function<void()> listener);

 private:
  void set(ClockSetting setting);
  Instant now_of(const ClockSetting& setting) const;

  Env& env_;
  std::atomic<std::uint64_t> changes_{0};
  mutable Mutex mutex_;
  ClockSetting setting_ CLOCHE_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> listeners_ CLOCHE_GUARDED_BY(mutex_);
};

// Safe to use from any thread.
class EngineIds final : public Ids {
 public:
  EngineIds(Env& env, std::optional<std::uint64_t> seed) : env_(env), seed_(seed) {}

  void fill(std::span<std::byte> into) override;

  // With a seed: makes it another one, which follows from both. Before `restore`.
  void mix(std::string_view salt);
  // With a seed: how far the sequence is. A value of another seed is passed over.
  void restore(std::string_view text);
  // What is to be stored, if ids were handed out since the last call.
  std::optional<std::string> take_changed();

 private:
  void fill_random(std::span<std::byte> into) CLOCHE_REQUIRES(mutex_);
  void fill_seeded(std::span<std::byte> into) CLOCHE_REQUIRES(mutex_);

  Env& env_;
  std::optional<std::uint64_t> seed_;  // As mixed, which happens before it is shared.
  Mutex mutex_;
  std::array<std::byte, 512> pool_
      CLOCHE_GUARDED_BY(mutex_){};  // A system call for every 64 ids, not for each.
  std::size_t pool_left_ CLOCHE_GUARDED_BY(mutex_) = 0;
  std::uint64_t counter_ CLOCHE_GUARDED_BY(mutex_) = 0;
  std::uint64_t stored_ CLOCHE_GUARDED_BY(mutex_) = 0;
};

}  // namespace cloche::engine
