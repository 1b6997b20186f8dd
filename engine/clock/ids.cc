#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "engine/clock/engine_clock.h"

namespace cloche::engine {
namespace {

// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014): its nth
// number follows from seed and n alone, so that one counter is all that has to be stored.
std::uint64_t split_mix(std::uint64_t seed, std::uint64_t n) {
  std::uint64_t z = seed + (n + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

void EngineIds::fill(std::span<std::byte> into) {
  MutexLock lock(mutex_);
  if (seed_) {
    fill_seeded(into);
  } else {
    fill_random(into);
  }
}

void EngineIds::fill_random(std::span<std::byte> into) {
  if (into.size() > pool_.size()) return env_.random(into);
  if (into.size() > pool_left_) {
    env_.random(pool_);
    pool_left_ = pool_.size();
  }
  pool_left_ -= into.size();
  std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(pool_left_), into.size(), into.begin());
}

void EngineIds::fill_seeded(std::span<std::byte> into) {
  while (!into.empty()) {
    const std::uint64_t number = split_mix(*seed_, counter_++);
    const std::size_t size = std::min(into.size(), sizeof number);
    std::memcpy(into.data(), &number, size);
    into = into.subspan(size);
  }
}

void EngineIds::mix(std::string_view salt) {
  std::uint64_t number = 0;
  if (seed_ && std::from_chars(salt.data(), salt.data() + salt.size(), number).ec == std::errc())
    seed_ = split_mix(*seed_, number);
}

void EngineIds::restore(std::string_view text) {
  unsigned long long seed = 0;
  unsigned long long counter = 0;
  if (std::sscanf(std::string(text).c_str(), "%llu %llu", &seed, &counter) != 2) return;
  MutexLock lock(mutex_);
  if (seed_ && *seed_ == seed) counter_ = stored_ = counter;
}

std::optional<std::string> EngineIds::take_changed() {
  if (!seed_) return std::nullopt;
  MutexLock lock(mutex_);
  if (counter_ == stored_) return std::nullopt;
  stored_ = counter_;
  return std::to_string(*seed_) + " " + std::to_string(counter_);
}

std::uint64_t Ids::u64() {
  std::uint64_t value;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::string Ids::from_alphabet(std::string_view alphabet, std::size_t length) {
  // Numbers beyond the last whole multiple of the alphabet would favour its beginning.
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string id;
  id.reserve(length);
  std::byte bytes[32];
  while (id.size() < length) {
    fill(bytes);
    for (const std::byte byte : bytes) {
      const auto number = static_cast<std::size_t>(byte);
      if (number < fair && id.size() < length) id.push_back(alphabet[number % alphabet.size()]);
    }
  }
  return id;
}

std::string Ids::hex(std::size_t digits) {
  std::string bytes((digits + 1) / 2, '\0');
  fill(std::as_writable_bytes(std::span(bytes)));
  std::string id;
  for (const char byte : bytes) {
    id.push_back(kHexDigits[static_cast<unsigned char>(byte) >> 4]);
    id.push_back(kHexDigits[static_cast<unsigned char>(byte) & 15]);
  }
  id.resize(digits);
  return id;
}

std::string Ids::uuid() {
  std::string id = hex(32);
  id[12] = '4';
  id[16] = kHexDigits[8 + (kHexDigits.find(id[16]) & 3)];  // The variant of RFC 9562.
  for (const std::size_t at : {8, 13, 18, 23}) id.insert(at, 1, '-');
  return id;
}

}  // namespace cloche::engine
