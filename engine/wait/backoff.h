// Pauses between attempts at what keeps failing (a full disk, a directory that is gone): each twice
// as long as the one before, up to a limit. An attempt costs path lookups and a log line is read by
// somebody, so neither comes at the pace at which the work does. One thread at a time.
#pragma once

#include <algorithm>
#include <chrono>

namespace cloche::engine {

class Backoff {
 public:
  using Pause = std::chrono::milliseconds;

  Backoff(Pause first, Pause longest) : first_(first), longest_(std::max(first, longest)) {}

  // True from a failure to the next success: the first one is to be told, the others are known.
  bool failing() const { return pause_ > Pause(0); }
  // How long to wait after this failure.
  Pause failed() {
    pause_ = failing() ? std::min(longest_, 2 * pause_) : first_;
    return pause_;
  }
  void succeeded() { pause_ = Pause(0); }
  Pause pause() const { return pause_; }

 private:
  const Pause first_, longest_;
  Pause pause_{0};
};

}  // namespace cloche::engine
