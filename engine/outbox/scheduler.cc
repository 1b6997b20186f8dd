#include "engine/outbox/scheduler.h"

#include <algorithm>

namespace cloche::engine {
namespace {

// Taken up at a time: enough to fill a commit group, few enough to be held in memory whatever their
// size.
constexpr std::size_t kBatch = 64;

// Between attempts: doubled each time, up to this.
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5 * 60 * 1000};

// While nothing at all can be read or written.
constexpr std::chrono::milliseconds kStuckPauseFirst{100};
constexpr std::chrono::milliseconds kStuckPauseLongest{16'000};

std::chrono::milliseconds pause_after(std::uint64_t attempts) {
  return std::min(kLongestPause,
                  kFirstPause * (std::int64_t{1} << std::min<std::uint64_t>(attempts, 12)));
}

}  // namespace

Scheduler::Scheduler(Store& store, EngineClock& clock,
                     std::function<void(std::string_view)> log_line)
    : store_(store),
      clock_(clock),
      log_line_(std::move(log_line)),
      retry_(kStuckPauseFirst, kStuckPauseLongest) {
  clock_.on_change([this] { wake(); });
}

void Scheduler::on_work(std::string kind, Handler handler) {
  CLOCHE_CHECK(!thread_.joinable());
  handlers_[std::move(kind)] = std::move(handler);
}

void Scheduler::start() {
  CLOCHE_CHECK(!thread_.joinable());
  wake();
  thread_ = std::thread([this] { run(); });
}

void Scheduler::wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  idle_ = false;
  changed_.notify_all();
}

void Scheduler::drain() {
  if (!thread_.joinable()) return;
  wake();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || idle_; });
}

void Scheduler::stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Scheduler::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    woken_ = false;
    lock.unlock();
    std::optional<Instant> next;
    const bool done = work_off(next);
    lock.lock();
    if (!done) {
      idle_ = true;
      changed_.notify_all();
      // New work is no reason to try earlier.
      changed_.wait_for(lock, retry_.failed(), [this] { return stop_; });
      idle_ = false;
      continue;
    }
    retry_.succeeded();
    if (woken_ || stop_) continue;
    const auto left = next ? clock_.until(*next) : std::nullopt;
    if (left && left->count() <= 0) continue;
    idle_ = true;
    changed_.notify_all();
    const auto roused = [this] { return woken_ || stop_; };
    if (left) {
      changed_.wait_for(lock, *left, roused);
    } else {
      changed_.wait(lock, roused);
    }
    idle_ = false;
  }
  idle_ = true;
  changed_.notify_all();
}

// Finds when the next work is due. False if that can't be done just now.
bool Scheduler::work_off(std::optional<Instant>& next) {
  for (;;) {
    const auto view = store_.view();
    const auto due = due_work(*view, clock_.now(), kBatch);
    if (!due) {
      tell("work that is due can't be read, trying again: " + due.error().message);
      return false;
    }
    if (due->empty()) {
      const auto found = next_due(*view);
      if (found) next = *found;
      return true;
    }
    for (const DueWork& one : *due) submit(one);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_flight_.empty(); });
    if (stop_) return true;
    // Nothing can be written just now, not even that it failed: asking again at once would not
    // help.
    if (std::exchange(stuck_, false)) return false;
    retry_.succeeded();
  }
}

// Only the first time: a line for each attempt would say nothing new.
void Scheduler::tell(const std::string& line) {
  {
    MutexLock lock(mutex_);
    if (retry_.failing()) return;
  }
  if (log_line_) log_line_(line);
}

void Scheduler::submit(const DueWork& due) {
  {
    MutexLock lock(mutex_);
    in_flight_.insert(due.id);
  }
  store_.submit(
      "engine.Work " + due.work.kind,
      [this, id = due.id](WriteTxn& txn) { return handle(txn, id); },
      [this, due](Result<void> outcome) {
        if (outcome) return finished(due.id);
        put_off(due, outcome.error());
      });
}

Result<void> Scheduler::handle(WriteTxn& txn, std::uint64_t id) {
  CLOCHE_TRY(const work, erase_work(txn, id));
  if (!work) return {};  // Cancelled meanwhile.
  const auto handler = handlers_.find(work->kind);
  if (handler == handlers_.end()) return bug("nobody handles work of kind " + work->kind);
  return handler->second(txn, work->payload);
}

void Scheduler::put_off(const DueWork& due, const Error& error) {
  tell("work " + due.work.kind + " failed, will be tried again: " + error.message);
  store_.submit(
      "",
      [due](WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(work, erase_work(txn, due.id));
        if (!work) return {};
        const Instant again = txn.now() + pause_after(work->attempts);
        ++work->attempts;
        return put_work(txn, due.id, again, *work);
      },
      [this, id = due.id](Result<void> outcome) {
        if (!outcome) {
          MutexLock lock(mutex_);
          stuck_ = true;
        }
        finished(id);
      });
}

void Scheduler::finished(std::uint64_t id) {
  MutexLock lock(mutex_);
  in_flight_.erase(id);
  if (in_flight_.empty()) changed_.notify_all();
}

}  // namespace cloche::engine
