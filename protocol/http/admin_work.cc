#include <system_error>
#include <thread>

#include "protocol/http/core.h"

namespace cloche::protocol {

bool AdminWork::run(std::function<void()> what) {
  {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  try {
    std::thread([this, what = std::move(what)]() mutable {
      what();
      what = nullptr;  // What it held is let go before anybody hears of its end.
      end_one();
    }).detach();
    return true;
  } catch (const std::system_error&) {
    end_one();
    return false;
  }
}

void AdminWork::end_one() {
  const std::lock_guard lock(mutex_);
  --running_;
  ended_.notify_all();
}

void AdminWork::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return running_ == 0; });
}

}  // namespace cloche::protocol
