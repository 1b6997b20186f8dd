// std::mutex with annotations that say which lock guards what, in the form of clang's -Wthread-safety;
// they are empty for GCC, and nothing checks them yet (docs/reliability.md). Source: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define CLOCHE_ANNOTATE(x) __attribute__((x))
#else
#define CLOCHE_ANNOTATE(x)
#endif
#define CLOCHE_GUARDED_BY(x) CLOCHE_ANNOTATE(guarded_by(x))
#define CLOCHE_REQUIRES(...) CLOCHE_ANNOTATE(requires_capability(__VA_ARGS__))
#define CLOCHE_EXCLUDES(...) CLOCHE_ANNOTATE(locks_excluded(__VA_ARGS__))

namespace cloche {

class CLOCHE_ANNOTATE(capability("mutex")) Mutex {
 public:
  void lock() CLOCHE_ANNOTATE(acquire_capability()) { mutex_.lock(); }
  void unlock() CLOCHE_ANNOTATE(release_capability()) { mutex_.unlock(); }
  bool try_lock() CLOCHE_ANNOTATE(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class CLOCHE_ANNOTATE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CLOCHE_ANNOTATE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() CLOCHE_ANNOTATE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds.
using CondVar = std::condition_variable_any;

}  // namespace cloche
