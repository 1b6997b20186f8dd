#include "engine/store/group_commit.h"

#include "engine/schema/schema.h"
#include "engine/store/row.h"
#include "engine/store/run_alone.h"

namespace cloche::engine {
namespace {

// A leader is some request's own thread, often an io thread whose other connections wait. Under
// steady load from others it leads for so long, then the relief thread goes on.
constexpr int kGroupsLedMax = 64;

// A memtable that is not flushed in time grows to so many times its size before writers have to
// wait.
constexpr std::size_t kMemtableSlack = 4;

// True on the log's sync thread while it tells callers: a leader may have to wait for a flush, and
// a flush for that thread.
thread_local bool must_not_lead = false;

}  // namespace

GroupCommit::GroupCommit(Parts parts, Instant last_time)
    : parts_(std::move(parts)), last_time_(last_time.time_since_epoch().count()) {
  relief_ = std::thread([this] { relief(); });
}

GroupCommit::~GroupCommit() {
  {
    MutexLock lock(mutex_);
    CLOCHE_CHECK(stopping_);
    changed_.notify_all();
  }
  relief_.join();
}

void GroupCommit::submit(Request request) {
  if (must_not_lead) {
    std::vector<Request> requests;
    requests.push_back(std::move(request));
    return submit_elsewhere(std::move(requests));
  }
  {
    MutexLock lock(mutex_);
    if (busy_) {
      queue_.push_back(std::move(request));
      return;
    }
    busy_ = true;
  }
  lead(std::move(request));
}

void GroupCommit::submit_elsewhere(std::vector<Request> requests) {
  MutexLock lock(mutex_);
  for (Request& request : requests) queue_.push_back(std::move(request));
  if (busy_ || queue_.empty()) return;
  busy_ = true;
  handed_over_ = true;
  changed_.notify_all();
}

void GroupCommit::freeze_soon() {
  freeze_wanted_.store(true);
  std::vector<Request> nothing;
  nothing.push_back({"", [](WriteTxn&) { return Result<void>(); }, [](Result<void>) {}});
  submit_elsewhere(std::move(nothing));
}

void GroupCommit::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.wait(lock, [this] { return !busy_; });
}

void GroupCommit::lead(std::optional<Request> first) {
  if (first) taken_.push_back(*std::move(first));
  for (int led = 0; led < kGroupsLedMax; ++led) {
    run_group();
    if (!taken_.empty() || take_queued()) continue;
    // Nothing is left to do. The state goes first, since the next leader may begin as soon as busy_
    // is false.
    parts_.txn.release_state();
    MutexLock lock(mutex_);
    if (!queue_.empty()) continue;
    busy_ = false;
    if (stopping_) changed_.notify_all();
    return;
  }
  hand_over();
}

void GroupCommit::hand_over() {
  MutexLock lock(mutex_);
  handed_over_ = true;
  changed_.notify_all();
}

void GroupCommit::relief() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return handed_over_ || (stopping_ && !busy_); });
    if (!handed_over_) return;
    handed_over_ = false;
    lock.unlock();
    lead(std::nullopt);
    lock.lock();
  }
}

bool GroupCommit::take_queued() {
  CLOCHE_CHECK(taken_.empty());
  MutexLock lock(mutex_);
  taken_.swap(queue_);
  return !taken_.empty();
}

void GroupCommit::run_group() {
  const Lsn lsn(parts_.layers.published().value() + 1);
  if (taken_.empty() && !take_queued()) return;
  auto ready = parts_.layers.active().bytes() >= parts_.memtable_bytes * kMemtableSlack
                   ? parts_.wait_for_room()
                   : Result<void>();
  if (ready) freeze_if_needed();
  if (ready && parts_.log && !parts_.log->healthy()) {
    ready = unavailable(
        "the log failed earlier: no write is accepted until the environment is opened again");
  }
  if (ready) ready = parts_.txn.begin_group(lsn);
  if (!ready) {
    for (Request& request : taken_) outcomes_.push_back({std::move(request.done), ready.error()});
    taken_.clear();
    return answer({});
  }

  const std::uint64_t clock_changes = parts_.clock.changes();
  const Instant now = commit_time(clock_changes);
  last_time_.store(now.time_since_epoch().count());
  record_.begin(lsn, now, parts_.schema_version);
  any_kept_ = false;
  parts_.txn.set_now(now);
  while (!taken_.empty() || take_queued()) {
    // What stays taken begins the next group: so what was asked after the clock was moved does not
    // happen before.
    if (taken_.front().alone && any_kept_) break;
    if (parts_.clock.changes() != clock_changes) break;
    Request request = std::move(taken_.front());
    taken_.pop_front();
    const bool alone = request.alone;
    run_request(std::move(request));
    if (alone || parts_.txn.overlay().changed_bytes() >= parts_.group_bytes_max) break;
  }
  finish_group();
}

// The clock's. A system clock that is set back a little is not followed, so that times grow as lsns do;
// somebody who sets the engine's clock back wants earlier times.
Instant GroupCommit::commit_time(std::uint64_t clock_changes) {
  const Instant now = parts_.clock.now();
  const bool moved = std::exchange(clock_changes_, clock_changes) != clock_changes;
  return moved ? now : std::max(now, last_time());
}

void GroupCommit::run_request(Request request) {
  GroupTxn& txn = parts_.txn;
  txn.begin_closure();
  Result<void> result = run_alone(txn, request.closure);
  auto wait = txn.take_wait();
  if (result && !wait) {
    txn.keep_closure();
    if (!request.summary.empty()) record_.request(request.summary);
    any_kept_ = true;
    stats_.commits.fetch_add(1, std::memory_order_relaxed);
    outcomes_.push_back({std::move(request.done), {}});
    return;
  }
  txn.drop_closure();
  if (result) {
    // Before the group's own touches are handed on: one of a later neighbour must find it.
    parts_.waiters.add(std::move(request), *std::move(wait));
  } else {
    stats_.refused.fetch_add(1, std::memory_order_relaxed);
    outcomes_.push_back({std::move(request.done), std::move(result)});
  }
}

Result<void> GroupCommit::commit_changes() {
  GroupTxn& txn = parts_.txn;
  if (!txn.overlay().changed()) return {};
  if (const auto ids = parts_.ids.take_changed()) {
    txn.begin_closure();
    const auto stored = txn.put(kStateTable, KeyWriter().text("ids").bytes(), *ids);
    txn.keep_closure();
    if (!stored) return stored;
  }
  if (record_.changes(txn.overlay()) == 0) return {};
  record_.blobs(txn.added_blobs());

  const Lsn lsn(parts_.layers.published().value() + 1);
  // The log before the memtable: a crash in between leaves a record that recovery applies again.
  // The other way round a reader could act on a change that history does not know, and no rewind
  // could ever take it back.
  if (parts_.log) {
    CLOCHE_TRY(const appended, parts_.log->append(record_.bytes()));
    CLOCHE_CHECK(appended == lsn);
  }
  Memtable& memtable = parts_.layers.active();
  const bool was_empty = memtable.rows() == 0;
  for (const auto& [row, entry] : txn.overlay().entries()) {
    if (!is_unchanged(entry)) memtable.insert(row, lsn.value(), entry.now);
  }
  parts_.layers.publish(lsn);
  stats_.groups.fetch_add(1, std::memory_order_relaxed);
  if (was_empty) parts_.has_rows();
  return {};
}

void GroupCommit::finish_group() {
  GroupTxn& txn = parts_.txn;
  Result<void> committed = any_kept_ ? commit_changes() : Result<void>();
  txn.end_group(committed.has_value());
  if (committed) {
    resumed_ = parts_.waiters.touched(txn.touched());
    for (Request& request : resumed_) taken_.push_back(std::move(request));
    resumed_.clear();
    if (txn.queued_work()) parts_.has_work();
    freeze_if_needed();
  }
  answer(std::move(committed));
}

void GroupCommit::answer(Result<void> committed) {
  std::vector<Outcome> outcomes = std::move(outcomes_);
  outcomes_.clear();
  if (!committed) {
    for (Outcome& outcome : outcomes) {
      // A refusal may rest on what a lost neighbour wrote, so it is lost as well.
      outcome.result = committed.error();
    }
  }
  auto tell = [](std::vector<Outcome>& told, const Result<void>& synced) {
    for (Outcome& outcome : told) {
      if (!synced) outcome.result = synced.error();
      outcome.done(std::move(outcome.result));
    }
  };
  if (parts_.durability != wal::Durability::Fsync) {
    tell(outcomes, {});
    outcomes.clear();
    outcomes_ = std::move(outcomes);  // Keeps its memory; a done may have submitted, but never led.
    return;
  }
  parts_.log->on_synced(parts_.layers.published(),
                        [tell, outcomes = std::move(outcomes)](Result<void> synced) mutable {
                          must_not_lead = true;
                          tell(outcomes, synced);
                          must_not_lead = false;
                        });
}

void GroupCommit::freeze_if_needed() {
  const bool full = parts_.layers.active().bytes() >= parts_.memtable_bytes;
  if (!full && !freeze_wanted_.load()) return;
  if (parts_.layers.freeze()) {
    freeze_wanted_.store(false);
    parts_.has_frozen();
  } else if (parts_.layers.active().rows() == 0) {
    freeze_wanted_.store(false);
  }
}

}  // namespace cloche::engine
