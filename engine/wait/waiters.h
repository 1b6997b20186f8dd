// Requests that wait: for a channel to be touched, or for the engine's clock. No thread is held by
// any of them.
#pragma once

#include <functional>
#include <map>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "engine/clock/engine_clock.h"
#include "engine/store/request.h"
#include "engine/store/txn.h"

namespace cloche::engine {

// Safe to use from any thread. Requests come back through `resume`, outside of any lock of this
// class.
class Waiters {
 public:
  using Resume = std::function<void(std::vector<Request>)>;

  Waiters(EngineClock& clock, Resume resume);
  ~Waiters();  // Drops those that still wait, unanswered.

  void add(Request request, WaitFor wait);
  // Takes out those that listen on one of the channels; the leader runs them again after its group.
  std::vector<Request> touched(const std::vector<ChannelId>& channels);
  // Lets all run again: anything may have changed.
  void wake_all();
  std::size_t count() const;
  void stop();

 private:
  struct Waiting {
    Request request;
    WaitFor wait;
  };
  using Id = std::uint64_t;

  Request take(Id id) CLOCHE_REQUIRES(mutex_);
  void run();

  EngineClock& clock_;
  const Resume resume_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::unordered_map<Id, Waiting> waiting_ CLOCHE_GUARDED_BY(mutex_);
  std::unordered_multimap<ChannelId, Id> by_channel_ CLOCHE_GUARDED_BY(mutex_);
  std::multimap<Instant, Id> by_deadline_ CLOCHE_GUARDED_BY(mutex_);
  Id next_id_ CLOCHE_GUARDED_BY(mutex_) = 1;
  bool stop_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Sleeps until the first deadline; without a time-out while nobody waits.
};

}  // namespace cloche::engine
