#include "base/worker.h"

namespace cloche {

Worker::~Worker() {
  std::thread thread;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

void Worker::post(std::move_only_function<void()> job) {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return;
    jobs_.push_back(std::move(job));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  changed_.notify_one();
}

void Worker::run() {
  mutex_.lock();
  while (true) {
    while (jobs_.empty() && !stopping_) changed_.wait(mutex_);
    if (stopping_) break;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    mutex_.unlock();
    job();
    mutex_.lock();
  }
  mutex_.unlock();
}

}  // namespace cloche
