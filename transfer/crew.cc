#include "transfer/crew.h"

namespace cloche::transfer {

Crew::Crew(Env& env, const Endpoint& from, const Endpoint& to, int threads) {
  for (int i = 0; i < threads; ++i)
    sides_.push_back(std::make_unique<Sides>(Sides{Client(env, from), Client(env, to)}));
  for (auto& sides : sides_) threads_.emplace_back([this, &own = *sides] { run(own); });
}

Crew::~Crew() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::post(Job job) {
  mutex_.lock();
  while (jobs_.size() >= kQueueMax) changed_.wait(mutex_);
  jobs_.push_back(std::move(job));
  mutex_.unlock();
  changed_.notify_all();
}

void Crew::wait() {
  mutex_.lock();
  while (!jobs_.empty() || busy_ > 0) changed_.wait(mutex_);
  mutex_.unlock();
}

void Crew::run(Sides& sides) {
  while (true) {
    mutex_.lock();
    while (jobs_.empty() && !stopping_) changed_.wait(mutex_);
    if (jobs_.empty()) {
      mutex_.unlock();
      return;
    }
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++busy_;
    mutex_.unlock();
    changed_.notify_all();
    job(sides);
    mutex_.lock();
    --busy_;
    mutex_.unlock();
    changed_.notify_all();
  }
}

}  // namespace cloche::transfer
