// Lines for stderr that cost a request as little as copying them: a thread writes what has
// gathered, many lines in one call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"

namespace cloche::cli {

// Safe to use from any thread. The destructor writes what is left.
class LogWriter {
 public:
  explicit LogWriter(int descriptor);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void line(std::string_view text);

 private:
  // A terminal or pipe that is read this slowly gets a count instead of lines; a request never
  // waits for it.
  static constexpr std::size_t kBytesMax = std::size_t{4} << 20;

  void run();
  void write_all(std::string_view text) const;

  const int descriptor_;
  Mutex mutex_;
  CondVar changed_;
  std::string gathered_ CLOCHE_GUARDED_BY(mutex_);
  std::uint64_t dropped_ CLOCHE_GUARDED_BY(mutex_) = 0;
  bool stopping_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace cloche::cli
