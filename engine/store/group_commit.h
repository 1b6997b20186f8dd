// Group commit (design H2). Whoever finds the writer idle leads: runs the waiting closures in turn,
// appends one record for all of them, shows their changes, and answers their callers. Nobody else
// waits: submit() of a busy writer only queues.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/clock/engine_clock.h"
#include "engine/store/layers.h"
#include "engine/store/record.h"
#include "engine/store/request.h"
#include "engine/store/txn.h"
#include "engine/wait/waiters.h"

namespace cloche::engine {

struct CommitStats {
  std::atomic<std::uint64_t> groups{0}, commits{0}, refused{0};
};

class GroupCommit {
 public:
  struct Parts {
    Layers& layers;
    GroupTxn& txn;
    EngineClock& clock;
    EngineIds& ids;
    Waiters& waiters;
    wal::Log* log;  // Null at Durability::Memory.
    wal::Durability durability;
    std::size_t group_bytes_max;
    std::size_t memtable_bytes;
    std::uint32_t schema_version;
    // Called by the leader. Rows wait to be flushed; a memtable was frozen; work was queued; no
    // room until a flush has ended.
    std::function<void()> has_rows;
    std::function<void()> has_frozen;
    std::function<void()> has_work;
    std::function<Result<void>()> wait_for_room;
  };

  GroupCommit(Parts parts, Instant last_time);
  ~GroupCommit();  // After stop().

  void submit(Request request);
  // The same, but never leads on this thread. For the engine's own threads: a leader may have to
  // wait for them.
  void submit_elsewhere(std::vector<Request> requests);
  // Freezes the memtable at the next opportunity, without waiting for it.
  void freeze_soon();
  Instant last_time() const { return Instant(std::chrono::microseconds(last_time_.load())); }
  const CommitStats& stats() const { return stats_; }
  // Waits until all that was submitted has run, and runs nothing any more.
  void stop();

 private:
  struct Outcome {
    Done done;
    Result<void> result;
  };

  void lead(std::optional<Request> first);
  void run_group();
  Instant commit_time(std::uint64_t clock_changes);
  bool take_queued();
  void run_request(Request request);
  void finish_group();
  Result<void> commit_changes();
  void answer(Result<void> committed);
  void freeze_if_needed();
  void hand_over();
  void relief();

  Parts parts_;
  CommitStats stats_;
  std::atomic<std::int64_t> last_time_;
  std::uint64_t clock_changes_ = 0;  // Of the clock, when the last group began. The leader's.
  std::atomic<bool> freeze_wanted_{false};

  Mutex mutex_;
  CondVar changed_;
  std::deque<Request> queue_ CLOCHE_GUARDED_BY(mutex_);
  bool busy_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool handed_over_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool stopping_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::thread relief_;

  // The leader's own; handed on with busy_, under the mutex.
  std::deque<Request> taken_;
  std::vector<Outcome> outcomes_;
  std::vector<Request> resumed_;
  RecordWriter record_;
  bool any_kept_ = false;
};

}  // namespace cloche::engine
