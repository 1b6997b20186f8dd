// The world with a chance that repeats: what the server makes up by itself, the ids of requests, is
// the same from run to run with --seed. Not for secrets.
#pragma once

#include <atomic>
#include <random>

#include "base/env.h"
#include "base/mutex.h"

namespace cloche::cli {

class SeededEnv final : public Env {
 public:
  SeededEnv(Env& world, std::uint64_t seed) : world_(world), chance_(seed) {}

  void random(std::span<std::byte> into) override {
    MutexLock lock(mutex_);
    for (std::byte& byte : into) byte = static_cast<std::byte>(chance_());
  }

  Instant now() override { return world_.now(); }
  std::chrono::nanoseconds monotonic() override { return world_.monotonic(); }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    return world_.open(path, mode);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return world_.rename(from, to);
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    return world_.link(from, to);
  }
  Result<void> copy(const File& from, const std::string& to) override {
    return world_.copy(from, to);
  }
  Result<void> remove(const std::string& path) override { return world_.remove(path); }
  Result<void> remove_all(const std::string& path) override { return world_.remove_all(path); }
  Result<bool> exists(const std::string& path) override { return world_.exists(path); }
  Result<void> create_directories(const std::string& path) override {
    return world_.create_directories(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return world_.list(directory);
  }
  Result<void> sync_directory(const std::string& path) override {
    return world_.sync_directory(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return world_.lock(path);
  }

 private:
  Env& world_;
  Mutex mutex_;
  std::mt19937_64 chance_ CLOCHE_GUARDED_BY(mutex_);
};

}  // namespace cloche::cli
