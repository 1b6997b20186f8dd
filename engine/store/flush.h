// Writes frozen memtables into SQLite in key order, each in one transaction that also stores the
// lsn it reaches (design H4).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "engine/engine.h"
#include "engine/sqlite/tables.h"
#include "engine/store/layers.h"
#include "engine/wait/backoff.h"

namespace cloche::engine {

struct FlushStats {
  std::atomic<std::uint64_t> flushes{0}, rows{0};
};

// Safe to use from any thread.
class Flusher {
 public:
  struct Parts {
    Env& env;
    Layers& layers;
    const Tables& tables;
    std::unique_ptr<sqlite::Connection> connection;  // The only one that writes.
    wal::Log* log;                                   // Null at Durability::Memory.
    std::chrono::milliseconds idle;
    std::uint64_t log_retain_bytes;
    std::chrono::seconds log_retain_age;  // 0: none.
    std::function<Lsn()> pinned;          // The log keeps all after it.
    std::function<void(Lsn)> settled;     // The synced database holds all up to it; now and then.
    std::string state_path;
    std::function<void()> freeze_soon;
    std::function<Instant()> last_time;
    std::function<void()>
        flushed;  // After each flush, on the flush thread; must not wait for the writer.
    std::function<void(std::string_view)> log_line;
  };

  explicit Flusher(Parts parts);
  ~Flusher() { stop(); }
  void start();  // Once what the parts call is there.
  void stop();   // Flushes nothing any more.

  void has_rows();    // The active memtable got its first row.
  void has_frozen();  // There is something to flush.
  // Until there is room for another frozen memtable; at once with an error while flushes fail.
  Result<void> wait_for_room();
  // Until SQLite holds everything up to `lsn`. Tries at once, even where an earlier flush failed.
  Result<void> flush(Lsn lsn);
  // For copies: shows how many bytes of SQLite's own log make, with the database's file, the state that the unflushed
  // rows follow; 0: the file does without. Both stay so until `what` is done: flushes only append, and a checkpoint that
  // was under way already writes pages that those bytes hold as well.
  using AtRest = std::function<Result<void>(std::uint64_t log_bytes, const Unflushed&)>;
  Result<void> at_rest(const AtRest& what);
  // Flushes, and copies SQLite's log into the database, before idleness would; waits for neither.
  void settle_soon();
  // Gives the database's free pages back to the file system. Views go on meanwhile.
  Result<void> vacuum();
  // Gives up the log's segments that are wholly before `lsn`, as far as nothing needs them.
  Result<void> forget_before(Lsn lsn);
  // Copies SQLite's own log into the database and starts it anew.
  Result<void> checkpoint();
  const FlushStats& stats() const { return stats_; }

 private:
  void run();
  void wait_for_frozen(std::unique_lock<Mutex>& lock);
  void wait_for_rows(std::unique_lock<Mutex>& lock);
  Result<void> flush_frozen();
  Result<void> write_frozen(const Memtable& frozen, Lsn last);
  Result<void> write_rows(const Memtable& frozen, Lsn last);
  Result<void> checkpoint_if_due();
  void note_checkpoint(const Result<void>& outcome);
  void retain_log();
  Lsn aged();

  Parts parts_;
  sqlite::TableWriter writer_;
  FlushStats stats_;

  Result<void> watch_log();
  void await_copies() { MutexLock lock(copies_); }

  // In the order in which they are locked.
  Mutex files_;   // Held by whoever writes into the database or SQLite's log.
  Mutex copies_;  // Held by whoever copies them.
  Mutex point_;
  // Up to where SQLite's log belongs to the database; 0: the database does without.
  std::uint64_t log_bytes_ CLOCHE_GUARDED_BY(point_) = 0;
  Mutex mutex_;
  CondVar changed_;
  bool rows_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool frozen_ CLOCHE_GUARDED_BY(mutex_) = false;
  // The next flush is followed by a checkpoint: idleness or settle_soon() asked for it.
  bool settle_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool stop_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool asked_ CLOCHE_GUARDED_BY(mutex_) = false;  // Somebody waits: no pause before the next try.
  std::uint64_t attempts_ CLOCHE_GUARDED_BY(mutex_) = 0;
  std::optional<Error> failure_ CLOCHE_GUARDED_BY(mutex_);
  Lsn in_log_;  // The newest lsn that SQLite's own log or the database holds. The flush thread's.
  // The newest lsn that the synced database holds. Changed under files_.
  std::atomic<std::uint64_t> checkpointed_{0};
  // What has become too old, and when to look again. The flush thread's.
  Lsn aged_{0};
  Instant next_look_{};
  // The flush thread's.
  Backoff flush_retry_, checkpoint_retry_;
  bool checkpoint_failed_ = false;
  bool retain_failed_ = false;
  const Result<void> watched_;  // Else nobody knows what log_bytes_ is.
  std::thread thread_;
};

}  // namespace cloche::engine
