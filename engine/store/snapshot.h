// One state of SQLite: a connection with an open read transaction, and the pool of them.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "engine/sqlite/tables.h"

namespace cloche::engine {

class Snapshot {
 public:
  static Result<std::unique_ptr<Snapshot>> open(const std::string& path, const Tables& tables);

  Result<void> begin();  // Takes the newest state there is.
  void end();
  Lsn flushed() const { return flushed_; }  // The state holds exactly the history up to here.
  sqlite::TableReader& reader() { return reader_; }

  std::uint64_t epoch = 0;  // The pool's own.

 private:
  Snapshot(std::unique_ptr<sqlite::Connection> connection, const Tables& tables)
      : connection_(std::move(connection)), reader_(*connection_, tables) {}

  std::unique_ptr<sqlite::Connection> connection_;
  std::optional<sqlite::Statement> begin_, commit_, flushed_lsn_;
  sqlite::TableReader reader_;
  Lsn flushed_;
  bool open_ = false;
};

// Hands out snapshots. Idle ones keep their read transaction, so that a view costs no call into
// SQLite; `renew` ends those, so that SQLite's checkpoints can pass. Safe to use from any thread.
class SnapshotPool {
 public:
  SnapshotPool(std::string path, const Tables& tables) : path_(std::move(path)), tables_(tables) {}

  // An idle snapshot of the present epoch, or nothing.
  std::unique_ptr<Snapshot> take_idle();
  // A new one; blocks for SQLite.
  Result<std::unique_ptr<Snapshot>> begin();
  void give_back(std::unique_ptr<Snapshot> snapshot);
  // After a flush or a checkpoint: what was taken before is not handed out again.
  void renew();

 private:
  // Each costs a few hundred KiB of page cache and two descriptors; more are closed when they come
  // back.
  static constexpr std::size_t kIdleMax = 8;

  const std::string path_;
  const Tables& tables_;
  Mutex mutex_;
  std::uint64_t epoch_ CLOCHE_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Snapshot>> idle_ CLOCHE_GUARDED_BY(mutex_);   // With a transaction.
  std::vector<std::unique_ptr<Snapshot>> ended_ CLOCHE_GUARDED_BY(mutex_);  // Without.
};

}  // namespace cloche::engine
