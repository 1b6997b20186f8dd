// The world comes in through one door: time, chance and files. A test hands in an Env of its own
// and can stop the clock, replay a seed, fill the disk and cut the power. Outside env_posix.cc
// nobody asks the system for any of these.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace cloche {

using Instant = std::chrono::sys_time<std::chrono::microseconds>;

// An open file; closes itself. Positioned reads may run on any thread at once; writers take turns.
class File {
 public:
  virtual ~File() = default;
  // Writes all of `bytes` at `offset`, or says why not; after an error the range's content is
  // unknown.
  virtual Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Reads up to into.size() bytes; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;
  virtual Result<void> sync() = 0;  // fdatasync: blocks until the device has it.
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // The descriptor for sendfile, or -1 where there is none (a simulated file).
  virtual int descriptor() const = 0;
};

enum class OpenMode : std::uint8_t {
  Read,             // Must exist.
  ReadWrite,        // Must exist.
  CreateOrOpen,     // Read and write.
  CreateExclusive,  // Read and write; an existing file is an error.
};

// Holds an advisory lock as long as it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Everything that is not a function of its arguments. Safe to use from any thread. Paths are host
// paths; errors name them.
class Env {
 public:
  virtual ~Env() = default;

  virtual Instant now() = 0;                           // Wall clock, UTC.
  virtual std::chrono::nanoseconds monotonic() = 0;    // For durations only.
  virtual void random(std::span<std::byte> into) = 0;  // Fit for secrets.
  std::uint64_t random_u64();

  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<void> rename(const std::string& from,
                              const std::string& to) = 0;  // Replaces `to`.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  // Makes `to`, which must not be there, a copy; by sharing its blocks where the file system can (reflink). From an
  // open file and not from a path: to close a file gives up what locks SQLite has on it in this process.
  virtual Result<void> copy(const File& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // No error if it is not there.
  // With all that is below it.
  virtual Result<void> remove_all(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<void> create_directories(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(
      const std::string& directory) = 0;                             // Names, sorted.
  virtual Result<void> sync_directory(const std::string& path) = 0;  // Makes names in it durable.
  // Fails with a text that names the holder's process id when another process holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

  static Env& posix();
};

}  // namespace cloche
