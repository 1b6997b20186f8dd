// The thread that makes the log durable, and releases those who wait for it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/env.h"
#include "base/mutex.h"
#include "base/result.h"
#include "wal/log.h"

namespace cloche::wal {

// Safe to use from any thread. Callers of `appended` take turns.
class SyncThread {
 public:
  SyncThread(Env& env, std::string dir, Durability durability, Lsn synced);
  ~SyncThread();  // Syncs what is left.

  // A new segment, whose name has to be made durable too.
  void segment_began(std::shared_ptr<File> file);
  // What opening found: files that may have unsynced bytes, old to new, and perhaps unsynced names.
  // All records up to `synced` are durable, and `appended` says when the rest is to become so. Only
  // before the first `appended`.
  void segments_found(std::vector<std::shared_ptr<File>> files, bool names, Lsn synced);
  // All records up to `lsn` are in the files.
  void appended(Lsn lsn);

  Lsn synced() const { return Lsn(synced_.load(std::memory_order_acquire)); }
  bool healthy() const { return healthy_.load(std::memory_order_acquire); }
  void set_unhealthy() { healthy_.store(false, std::memory_order_release); }
  void on_synced(Lsn lsn, std::move_only_function<void(Result<void>)> release);
  Result<void> sync();
  void before_sync(std::function<Result<void>()> prepare);

 private:
  struct Waiter {
    Lsn lsn;
    std::move_only_function<void(Result<void>)> release;
  };

  void run();
  Result<void> sync_files(const std::vector<std::shared_ptr<File>>& files, bool directory);
  bool has_work() const { return appended_ > Lsn(synced_.load(std::memory_order_relaxed)); }

  Env& env_;
  const std::string dir_;
  const Durability durability_;
  std::atomic<std::uint64_t> synced_;
  std::atomic<bool> healthy_{true};

  Mutex mutex_;
  CondVar changed_;
  Lsn appended_ CLOCHE_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<File>> files_
      CLOCHE_GUARDED_BY(mutex_);  // With unsynced bytes; the last one grows.
  bool directory_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool urgent_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool stop_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::deque<Waiter> waiters_ CLOCHE_GUARDED_BY(mutex_);
  std::function<Result<void>()> prepare_ CLOCHE_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace cloche::wal
