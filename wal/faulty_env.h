// A world that fails on demand, for tests: a full disk, a sync that fails, and a power cut that
// takes what was not synced.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/mutex.h"

namespace cloche::wal {

// Passes everything on to the real Env, and remembers what was synced. Safe to use from any thread.
class FaultyEnv : public Env {
 public:
  Instant now() override { return real_.now(); }
  std::chrono::nanoseconds monotonic() override { return real_.monotonic(); }
  void random(std::span<std::byte> into) override { real_.random(into); }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override {
    ++path_calls;
    return real_.rename(from, to);
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    ++path_calls;
    return real_.link(from, to);
  }
  Result<void> remove(const std::string& path) override {
    ++path_calls;
    return real_.remove(path);
  }
  Result<void> copy(const File& from, const std::string& to) override {
    ++path_calls;
    return real_.copy(from, to);
  }
  Result<void> remove_all(const std::string& path) override {
    ++path_calls;
    return real_.remove_all(path);
  }
  Result<bool> exists(const std::string& path) override {
    ++path_calls;
    return real_.exists(path);
  }
  Result<void> create_directories(const std::string& path) override {
    ++path_calls;
    return real_.create_directories(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    ++path_calls;
    return real_.list(directory);
  }
  Result<void> sync_directory(const std::string& path) override {
    ++path_calls;
    return real_.sync_directory(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    ++path_calls;
    return real_.lock(path);
  }

  // Bytes that may still be written; then the disk is full, after a part of the write.
  std::atomic<std::int64_t> room{std::int64_t{1} << 60};
  std::atomic<bool> syncs_fail{false};
  std::atomic<int> syncs{0};
  std::atomic<bool> syncs_hang{false};  // Until it is false again.
  // Calls that look something up by its path, or make or remove it.
  std::atomic<std::uint64_t> path_calls{0};

  // How much of a file was there when it was last synced; 0 if it never was.
  std::uint64_t synced_bytes(const std::string& path);

  // Cuts each file below `directory` back to what was synced, as a file system that lost its last
  // pages would show it.
  void cut_power(const std::string& directory);

 private:
  friend class FaultyFile;

  Env& real_ = Env::posix();
  Mutex mutex_;
  std::map<std::string, std::uint64_t> synced_bytes_ CLOCHE_GUARDED_BY(mutex_);
};

}  // namespace cloche::wal
