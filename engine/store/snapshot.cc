#include "engine/store/snapshot.h"

namespace cloche::engine {

Result<std::unique_ptr<Snapshot>> Snapshot::open(const std::string& path, const Tables& tables) {
  // Read and write, since a reader of a WAL database maintains its index; it never writes rows.
  CLOCHE_TRY(connection, sqlite::Connection::open(path, sqlite::Use::Existing));
  // Pages of the database come from the mapping, and take no cache; what is cached is pages of the
  // write-ahead log.
  CLOCHE_TRY_VOID(connection->execute(
      "PRAGMA query_only = 1; PRAGMA mmap_size = 2147418112; PRAGMA cache_size = -512"));
  std::unique_ptr<Snapshot> snapshot(new Snapshot(std::move(connection), tables));
  CLOCHE_TRY(begin, snapshot->connection_->prepare("BEGIN"));
  CLOCHE_TRY(commit, snapshot->connection_->prepare("COMMIT"));
  CLOCHE_TRY(flushed,
             snapshot->connection_->prepare("SELECT value FROM meta WHERE name = 'flushed'"));
  snapshot->begin_.emplace(std::move(begin));
  snapshot->commit_.emplace(std::move(commit));
  snapshot->flushed_lsn_.emplace(std::move(flushed));
  return snapshot;
}

Result<void> Snapshot::begin() {
  CLOCHE_CHECK(!open_);
  begin_->reset();
  CLOCHE_TRY_VOID(begin_->step());
  begin_->reset();
  open_ = true;
  const auto found = flushed_lsn_->step();
  flushed_ = found && *found ? Lsn(static_cast<std::uint64_t>(flushed_lsn_->integer(0))) : Lsn(0);
  flushed_lsn_->reset();
  if (found) return {};
  end();
  return found.error();
}

void Snapshot::end() {
  if (!open_) return;
  const auto ended = commit_->step();
  commit_->reset();
  CLOCHE_CHECK(ended.has_value());  // Nothing was written, so there is nothing that could fail.
  reader_.forget();
  open_ = false;
}

std::unique_ptr<Snapshot> SnapshotPool::take_idle() {
  MutexLock lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto snapshot = std::move(idle_.back());
  idle_.pop_back();
  return snapshot;
}

Result<std::unique_ptr<Snapshot>> SnapshotPool::begin() {
  std::unique_ptr<Snapshot> snapshot;
  std::uint64_t epoch;
  {
    MutexLock lock(mutex_);
    epoch = epoch_;
    if (!ended_.empty()) {
      snapshot = std::move(ended_.back());
      ended_.pop_back();
    }
  }
  if (!snapshot) {
    CLOCHE_TRY(opened, Snapshot::open(path_, tables_));
    snapshot = std::move(opened);
  }
  CLOCHE_TRY_VOID(snapshot->begin());
  // From before the transaction began: if the pool was renewed meanwhile, it counts as old when it
  // comes back.
  snapshot->epoch = epoch;
  return snapshot;
}

void SnapshotPool::give_back(std::unique_ptr<Snapshot> snapshot) {
  {
    MutexLock lock(mutex_);
    if (snapshot->epoch == epoch_ && idle_.size() < kIdleMax) {
      idle_.push_back(std::move(snapshot));
      return;
    }
  }
  snapshot->end();
  MutexLock lock(mutex_);
  if (ended_.size() + idle_.size() < kIdleMax) ended_.push_back(std::move(snapshot));
}

void SnapshotPool::renew() {
  std::vector<std::unique_ptr<Snapshot>> old;
  {
    MutexLock lock(mutex_);
    ++epoch_;
    old.swap(idle_);
  }
  for (auto& snapshot : old) snapshot->end();
  MutexLock lock(mutex_);
  for (auto& snapshot : old) {
    if (ended_.size() < kIdleMax) ended_.push_back(std::move(snapshot));
  }
}

}  // namespace cloche::engine
