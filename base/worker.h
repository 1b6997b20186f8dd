// One background thread with a queue, for work that is too long for an io thread (reading gigabytes
// to hash them again).
#pragma once

#include <deque>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace cloche {

// Safe to use from any thread. The destructor drops what has not begun and waits for what has.
class Worker {
 public:
  Worker() = default;
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(std::move_only_function<void()> job);  // Starts the thread at the first job.

 private:
  void run();

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::move_only_function<void()>> jobs_ CLOCHE_GUARDED_BY(mutex_);
  bool stopping_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::thread thread_ CLOCHE_GUARDED_BY(mutex_);
};

}  // namespace cloche
