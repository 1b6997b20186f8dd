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

constexpr std::chrono::milliseconds kStuckPause{1000};

std::chrono::milliseconds pause_after(std::uint64_t attempts) {
  return std::min(kLongestPause,
                  kFirstPause * (std::int64_t{1} << std::min<std::uint64_t>(attempts, 12)));
}

}  // namespace

Scheduler::Scheduler(Store& store, EngineClock& clock,
                     std::function<void(std::string_view)> log_line)
    : store_(store), clock_(clock), log_line_(std::move(log_line)) {
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
    const auto next = work_off();
    lock.lock();
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

// Answers when the next work is due.
std::optional<Instant> Scheduler::work_off() {
  for (;;) {
    const auto view = store_.view();
    const auto due = due_work(*view, clock_.now(), kBatch);
    if (!due) {
      if (log_line_) log_line_("scheduler: " + due.error().message);
      return clock_.now() + kFirstPause;
    }
    if (due->empty()) {
      const auto next = next_due(*view);
      return next ? *next : std::nullopt;
    }
    for (const DueWork& one : *due) submit(one);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return in_flight_.empty(); });
    if (stop_) return std::nullopt;
    // Nothing can be written just now, not even that it failed: asking again at once would not
    // help.
    if (std::exchange(stuck_, false)) return clock_.now() + kStuckPause;
  }
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
  if (log_line_)
    log_line_("work " + due.work.kind + " failed, will be tried again: " + error.message);
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
