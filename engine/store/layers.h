// Where the rows are: the active memtable, perhaps a frozen one that is being flushed, and SQLite.
// Newest wins.
//
// A state is complete and consistent if its SQLite snapshot holds all that its memtables don't, and
// nothing newer than its seq:
//   flushed_before(memtables) <= snapshot.flushed <= seq
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/mutex.h"
#include "engine/store/memtable.h"
#include "engine/store/snapshot.h"

namespace cloche::engine {

// One state; seq is the lsn of the newest group in it.
struct State {
  std::uint64_t seq = 0;
  std::shared_ptr<const Memtable>
      active;  // Shared with the writer; kept alive by the views that read it.
  std::shared_ptr<const Memtable> frozen;  // May be null.
  std::unique_ptr<Snapshot> snapshot;
};

// What is published and not in SQLite yet: all rows after `flushed`, up to `published`.
struct Unflushed {
  Lsn flushed, published;
  std::shared_ptr<const Memtable> active;
  std::shared_ptr<const Memtable> frozen;  // May be null.

  std::size_t bytes() const { return active->bytes() + (frozen ? frozen->bytes() : 0); }
  // The rows as `lsn` sees them, in their order; nothing as value: the row is gone.
  using Visit = std::function<void(std::string_view row, std::optional<std::string_view> value)>;
  void visit(Lsn lsn, const Visit& visit) const;
};

// Safe to use from any thread, but for what is said to be the writer's.
class Layers {
 public:
  Layers(std::string path, const Tables& tables, Lsn flushed);

  Result<State> capture();
  void give_back(State state);
  Unflushed unflushed() const;

  Lsn published() const { return Lsn(published_.load(std::memory_order_acquire)); }
  Lsn flushed() const { return Lsn(flushed_.load(std::memory_order_acquire)); }
  // Changes whenever a state captured before is no longer the cheapest one: the writer then
  // captures anew.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // The lsn that the oldest state still in use may show; bounded by the memtables that are alive.
  Lsn oldest_in_use();

  // The writer's: rows go into `active()`, then `publish` shows them.
  Memtable& active() { return *active_; }
  void publish(Lsn lsn) { published_.store(lsn.value(), std::memory_order_release); }
  // The writer's: begins a new memtable. False if there is nothing to freeze, or a frozen one
  // already.
  bool freeze();

  // The flush thread's.
  std::shared_ptr<const Memtable> frozen() const;
  Lsn frozen_last() const;   // The newest lsn in it.
  void frozen_is_flushed();  // SQLite has it: it goes.
  void renew_snapshots() {
    version_.fetch_add(1, std::memory_order_release);
    pool_.renew();
  }
  bool has_unflushed() const;
  std::size_t active_bytes() const;

 private:
  const std::string path_;
  SnapshotPool pool_;
  mutable Mutex mutex_;
  std::shared_ptr<Memtable> active_
      CLOCHE_GUARDED_BY(mutex_);  // Replaced by the writer only, which reads it without.
  std::shared_ptr<Memtable> frozen_ CLOCHE_GUARDED_BY(mutex_);
  Lsn frozen_last_ CLOCHE_GUARDED_BY(mutex_);
  std::vector<std::pair<Lsn, std::weak_ptr<Memtable>>> alive_
      CLOCHE_GUARDED_BY(mutex_);  // Oldest first.
  std::atomic<std::uint64_t> published_;
  std::atomic<std::uint64_t> flushed_;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace cloche::engine
