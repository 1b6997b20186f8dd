// What a transfer has done, counted by many threads and shown by one: as a bar on a terminal, as a
// line now and then elsewhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/mutex.h"

namespace cloche::transfer {

// Safe to use from any thread.
class Progress {
 public:
  enum class Show : std::uint8_t { Nothing, Lines, Bar };

  Progress(Env& env, Show show);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  std::atomic<std::uint64_t> buckets{0}, objects{0}, bytes{0}, tables{0}, items{0}, present{0};
  std::atomic<std::uint64_t> units{0}, units_done{0};  // Buckets and tables: the bar's length.

  void line(const std::string& text);  // Something is done.
  void warn(const std::string& text);  // Something is left out; told once however often it comes.
  void failure(const std::string& text);  // Something could not be done.
  void stop();                            // Shows no more; the end of the bar is cleared away.

  std::vector<std::string> warnings() const;
  std::vector<std::string> failures() const;  // The first hundred; failed() counts all.
  std::uint64_t failed() const { return failed_; }
  double seconds() const;

 private:
  void run();
  std::string bar() const;
  void print(const std::string& text) CLOCHE_REQUIRES(mutex_);

  Env& env_;
  const Show show_;
  const std::chrono::nanoseconds began_;
  std::atomic<std::uint64_t> failed_{0};
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::vector<std::string> warnings_ CLOCHE_GUARDED_BY(mutex_);
  std::vector<std::string> failures_ CLOCHE_GUARDED_BY(mutex_);
  std::thread thread_;
};

std::string bytes_text(std::uint64_t bytes);  // "1.2 GiB"

}  // namespace cloche::transfer
