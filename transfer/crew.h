// Several threads that work off one queue, each with clients of its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "transfer/aws/client.h"

namespace cloche::transfer {

// What a thread has for itself: the side that is read and the side that is written.
struct Sides {
  Client from, to;
};

// The queue is bounded, so that who lists a bucket of a million keys waits for those who copy.
class Crew {
 public:
  using Job = std::function<void(Sides&)>;
  static constexpr std::size_t kQueueMax = 256;

  Crew(Env& env, const Endpoint& from, const Endpoint& to, int threads);
  ~Crew();  // Waits for what is queued.
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void post(Job job);  // Blocks while the queue is full.
  void wait();         // Until all that was posted is done.

 private:
  void run(Sides& sides);

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ CLOCHE_GUARDED_BY(mutex_);
  int busy_ CLOCHE_GUARDED_BY(mutex_) = 0;
  bool stopping_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::vector<std::unique_ptr<Sides>> sides_;
  std::vector<std::thread> threads_;
};

}  // namespace cloche::transfer
