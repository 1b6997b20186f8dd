// Time and ids of an environment. Services take both from here, never from the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/env.h"

namespace cloche::engine {

// Engine time: the wall clock, or frozen, moved or sped up. Safe to use from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual void freeze(Instant at) = 0;                  // now() stays at `at` until move or run.
  virtual void move(std::chrono::microseconds by) = 0;  // Frozen or running: jumps.
  virtual void run(
      Instant from,
      double speed = 1.0) = 0;  // Runs on from `from`, `speed` times as fast as the wall.
  virtual bool frozen() const = 0;
  virtual double speed() const = 0;  // 1.0 while frozen.
  // Real time until engine time reaches `at`; nothing while frozen before it.
  virtual std::optional<std::chrono::nanoseconds> until(Instant at) const = 0;
};

// Random ids, repeatable with a seed. Safe to use from any thread.
class Ids {
 public:
  virtual ~Ids() = default;
  virtual void fill(std::span<std::byte> into) = 0;
  std::uint64_t u64();
  std::string hex(std::size_t digits);  // Lower-case hexadecimal.
  std::string from_alphabet(std::string_view alphabet, std::size_t length);  // Uniform.
  std::string uuid();  // Version 4, lower case.
};

}  // namespace cloche::engine
