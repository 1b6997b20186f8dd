#include "cli/log_writer.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace cloche::cli {

LogWriter::LogWriter(int descriptor) : descriptor_(descriptor), thread_([this] { run(); }) {}

LogWriter::~LogWriter() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LogWriter::line(std::string_view text) {
  const MutexLock lock(mutex_);
  if (gathered_.size() + text.size() > kBytesMax) {
    ++dropped_;
    return;
  }
  const bool first = gathered_.empty();
  gathered_.append(text).push_back('\n');
  if (first) changed_.notify_one();
}

void LogWriter::run() {
  // Long enough that a burst is one write, short enough that a person sees it at once.
  constexpr std::chrono::milliseconds kGather{20};
  std::string writing;
  mutex_.lock();
  while (!stopping_ || !gathered_.empty()) {
    while (gathered_.empty() && !stopping_) changed_.wait(mutex_);
    if (!stopping_) changed_.wait_for(mutex_, kGather, [this]() { return stopping_; });
    writing.swap(gathered_);
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    mutex_.unlock();
    write_all(writing);
    if (dropped > 0)
      write_all("... " + std::to_string(dropped) +
                " lines left out: nobody reads them fast enough\n");
    writing.clear();
    mutex_.lock();
  }
  mutex_.unlock();
}

void LogWriter::write_all(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t wrote = ::write(descriptor_, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // Nowhere to complain to.
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

}  // namespace cloche::cli
