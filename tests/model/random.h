// Random numbers that a seed and a step's number give at once, so that any step can be made again.
// Source: Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
#pragma once

#include <cstdint>
#include <string>

namespace cloche::model {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t step) : state_(seed * 0x9E3779B97F4A7C15 ^ step) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // 0 to bound - 1.
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool chance(int percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

}  // namespace cloche::model
