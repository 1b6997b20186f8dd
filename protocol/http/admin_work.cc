#include <thread>

#include "protocol/http/core.h"

namespace cloche::protocol {

void AdminWork::run(std::function<void()> what) {
  {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  std::thread([this, what = std::move(what)]() mutable {
    what();
    what = nullptr;  // What it held is let go before anybody hears of its end.
    const std::lock_guard lock(mutex_);
    --running_;
    ended_.notify_all();
  }).detach();
}

void AdminWork::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return running_ == 0; });
}

}  // namespace cloche::protocol
