#include "wal/sync_thread.h"

#include <condition_variable>
#include <future>

namespace cloche::wal {
namespace {

Error sync_failed() {
  return unavailable(
      "a sync of the log failed: what is on disk is unknown, and no write is accepted until the "
      "environment is opened again");
}

}  // namespace

SyncThread::SyncThread(Env& env, std::string dir, Durability durability, Lsn synced)
    : env_(env),
      dir_(std::move(dir)),
      durability_(durability),
      synced_(synced.value()),
      appended_(synced) {
  thread_ = std::thread([this] { run(); });
}

SyncThread::~SyncThread() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void SyncThread::segment_began(std::shared_ptr<File> file) {
  MutexLock lock(mutex_);
  files_.push_back(std::move(file));
  directory_ = true;
}

void SyncThread::segments_found(std::vector<std::shared_ptr<File>> files, bool names, Lsn synced) {
  MutexLock lock(mutex_);
  CLOCHE_CHECK(!has_work());
  files_ = std::move(files);
  directory_ = names;
  appended_ = synced;
  synced_.store(synced.value(), std::memory_order_release);
}

void SyncThread::appended(Lsn lsn) {
  MutexLock lock(mutex_);
  // The thread sleeps without a time-out while nothing is unsynced; after that the interval wakes
  // it.
  const bool wake = !has_work();
  appended_ = lsn;
  if (wake) changed_.notify_all();
}

void SyncThread::on_synced(Lsn lsn, std::move_only_function<void(Result<void>)> release) {
  {
    MutexLock lock(mutex_);
    if (synced() < lsn && healthy()) {
      waiters_.push_back({lsn, std::move(release)});
      if (durability_ == Durability::Fsync && !urgent_) {
        urgent_ = true;
        changed_.notify_all();
      }
      return;
    }
  }
  release(synced() >= lsn ? Result<void>() : Result<void>(sync_failed()));
}

Result<void> SyncThread::sync() {
  std::promise<Result<void>> promise;
  auto outcome = promise.get_future();
  {
    MutexLock lock(mutex_);
    if (!healthy()) return sync_failed();
    if (!has_work()) return {};
    waiters_.push_back(
        {appended_, [&promise](Result<void> result) { promise.set_value(std::move(result)); }});
    urgent_ = true;
    changed_.notify_all();
  }
  return outcome.get();
}

void SyncThread::before_sync(std::function<Result<void>()> prepare) {
  MutexLock lock(mutex_);
  prepare_ = std::move(prepare);
}

Result<void> SyncThread::sync_files(const std::vector<std::shared_ptr<File>>& files,
                                    bool directory) {
  // The name of a new segment after its content, the older segments before the newer ones: a power
  // cut in between leaves a prefix of the history.
  for (const auto& file : files) CLOCHE_TRY_VOID(file->sync());
  if (directory) CLOCHE_TRY_VOID(env_.sync_directory(dir_));
  return {};
}

void SyncThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || (healthy() && has_work()) || urgent_; });
    if (!stop_ && !urgent_) {
      changed_.wait_for(lock, kSyncInterval, [this] { return stop_ || urgent_; });
    }
    if (stop_ && (!has_work() || !healthy())) break;
    urgent_ = false;
    const Lsn target = appended_;
    const auto files = files_;
    const bool directory = std::exchange(directory_, false);
    const auto prepare = prepare_;

    lock.unlock();
    Result<void> outcome = healthy() ? Result<void>() : Result<void>(sync_failed());
    if (outcome && prepare) outcome = prepare();
    if (outcome) outcome = sync_files(files, directory);
    lock.lock();

    if (outcome) {
      synced_.store(target.value(), std::memory_order_release);
      // Files that began meanwhile come after these; of these only the last one can still grow.
      if (!files.empty()) {
        files_.erase(files_.begin(),
                     files_.begin() + static_cast<std::ptrdiff_t>(files.size() - 1));
      }
    } else {
      set_unhealthy();
    }
    std::vector<Waiter> released;
    while (!waiters_.empty() && (!outcome || waiters_.front().lsn <= target)) {
      released.push_back(std::move(waiters_.front()));
      waiters_.pop_front();
    }
    if (!waiters_.empty() && durability_ == Durability::Fsync) urgent_ = true;
    lock.unlock();
    for (Waiter& waiter : released) waiter.release(outcome);
    released.clear();
    lock.lock();
  }
  const bool lost = has_work();
  auto waiters = std::exchange(waiters_, {});
  lock.unlock();
  for (Waiter& waiter : waiters)
    waiter.release(lost ? Result<void>(sync_failed()) : Result<void>());
}

}  // namespace cloche::wal
