#include "engine/store/flush.h"

#include "engine/history/errors.h"
#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// Pages that change in several flushes are copied into the database once. A longer log of SQLite's
// makes reads slower.
constexpr std::uint64_t kCheckpointBytes = std::uint64_t{128} << 20;

// How often within the age that history may have it is looked for what has reached it.
constexpr int kLooksOfAge = 64;

// Until room is made on a full disk writers may be refused, so the pauses stay short enough for a
// person who waits for it.
constexpr std::chrono::milliseconds kFlushPauseFirst{1'000};
constexpr std::chrono::milliseconds kFlushPauseLongest{16'000};
constexpr std::chrono::milliseconds kCheckpointPauseLongest{60'000};

}  // namespace

Flusher::Flusher(Parts parts)
    : parts_(std::move(parts)),
      writer_(*parts_.connection, parts_.tables),
      in_log_(parts_.layers.flushed()),
      flush_retry_(kFlushPauseFirst, kFlushPauseLongest),
      checkpoint_retry_(std::max(parts_.idle, std::chrono::milliseconds(1)),
                        kCheckpointPauseLongest),
      watched_(watch_log()) {}

// Of a log of an earlier process all belongs to the database: SQLite knows what of it is whole.
Result<void> Flusher::watch_log() {
  const std::string path = parts_.state_path + "-wal";
  CLOCHE_TRY(const there, parts_.env.exists(path));
  if (there) {
    CLOCHE_TRY(const log, parts_.env.open(path, OpenMode::Read));
    CLOCHE_TRY(const bytes, log->size());
    MutexLock lock(point_);
    log_bytes_ = bytes;
  }
  return parts_.connection->watch_log();
}

void Flusher::start() {
  thread_ = std::thread([this] { run(); });
}

void Flusher::stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Flusher::has_rows() {
  MutexLock lock(mutex_);
  rows_ = true;
  changed_.notify_all();
}

void Flusher::has_frozen() {
  MutexLock lock(mutex_);
  frozen_ = true;
  changed_.notify_all();
}

Result<void> Flusher::wait_for_room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stop_ || failure_ || !frozen_; });
  if (failure_) return *failure_;
  return {};
}

Result<void> Flusher::flush(Lsn lsn) {
  while (parts_.layers.flushed() < lsn) {
    std::uint64_t before;
    {
      MutexLock lock(mutex_);
      before = attempts_;
      asked_ = true;
      changed_.notify_all();
    }
    parts_.freeze_soon();
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return stop_ || attempts_ != before || parts_.layers.flushed() >= lsn; });
    if (parts_.layers.flushed() >= lsn) break;
    if (failure_) return *failure_;
    if (stop_) return unavailable("the environment is being closed");
  }
  return {};
}

void Flusher::wait_for_frozen(std::unique_lock<Mutex>& lock) {
  while (!stop_ && !frozen_) {
    if (!rows_) {
      wait_for_rows(lock);
      continue;
    }
    // There are rows: they are frozen when nothing was written for a while.
    const Lsn before = parts_.layers.published();
    const bool woken = changed_.wait_for(lock, parts_.idle, [this] { return stop_ || frozen_; });
    if (woken || parts_.layers.published() != before) continue;
    rows_ = false;
    settle_ = true;
    lock.unlock();
    parts_.freeze_soon();
    lock.lock();
  }
}

// Idleness is also the time to copy what SQLite's log still holds alone; after that nothing wakes
// this thread.
void Flusher::wait_for_rows(std::unique_lock<Mutex>& lock) {
  const auto roused = [this] { return stop_ || frozen_ || rows_; };
  if (in_log_.value() == checkpointed_) return changed_.wait(lock, roused);
  if (changed_.wait_for(lock, std::max(parts_.idle, checkpoint_retry_.pause()), roused)) return;
  lock.unlock();
  const auto copied = checkpoint();
  note_checkpoint(copied);
  // A view that is held keeps it from being complete, perhaps for long.
  if (copied && in_log_.value() != checkpointed_) checkpoint_retry_.failed();
  retain_log();
  lock.lock();
}

void Flusher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wait_for_frozen(lock);
    if (stop_) return;
    lock.unlock();
    Result<void> outcome = flush_frozen();
    lock.lock();
    ++attempts_;
    asked_ = false;
    if (outcome) {
      // The leader may have frozen the next one already.
      frozen_ = parts_.layers.frozen() != nullptr;
      failure_.reset();
      flush_retry_.succeeded();
    } else {
      if (!flush_retry_.failing() && parts_.log_line)
        parts_.log_line("flush failed, trying again: " + outcome.error().message);
      failure_ = outcome.error();
    }
    changed_.notify_all();
    if (!outcome) {
      changed_.wait_for(lock, flush_retry_.failed(), [this] { return stop_ || asked_; });
      continue;
    }
    lock.unlock();
    note_checkpoint(checkpoint_if_due());
    retain_log();
    parts_.flushed();
    lock.lock();
  }
}

Result<void> Flusher::flush_frozen() {
  const auto frozen = parts_.layers.frozen();
  if (!frozen) return {};
  const Lsn last = parts_.layers.frozen_last();
  // SQLite must never be ahead of the log: after a power cut it would hold what history does not
  // know.
  if (parts_.log) CLOCHE_TRY_VOID(parts_.log->sync());
  MutexLock lock(files_);
  // After a complete checkpoint SQLite's log is overwritten from its beginning, as one of an earlier process may be.
  if (checkpointed_ == in_log_.value() || !parts_.connection->log_bytes()) await_copies();
  CLOCHE_TRY_VOID(write_frozen(*frozen, last));
  in_log_ = last;
  {
    MutexLock point(point_);
    log_bytes_ = parts_.connection->log_bytes().value_or(log_bytes_);
    parts_.layers.frozen_is_flushed();
  }
  stats_.flushes.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Result<void> Flusher::at_rest(const AtRest& what) {
  CLOCHE_TRY_VOID(watched_);
  MutexLock lock(copies_);
  std::uint64_t log_bytes = 0;
  std::optional<Unflushed> unflushed;
  {
    MutexLock point(point_);
    log_bytes = log_bytes_;
    unflushed = parts_.layers.unflushed();
  }
  return what(log_bytes, *unflushed);
}

void Flusher::settle_soon() {
  {
    MutexLock lock(mutex_);
    settle_ = true;
  }
  parts_.freeze_soon();
}

Result<void> Flusher::write_frozen(const Memtable& frozen, Lsn last) {
  CLOCHE_TRY_VOID(parts_.connection->execute("BEGIN IMMEDIATE"));
  auto written = write_rows(frozen, last);
  if (written) written = parts_.connection->execute("COMMIT");
  if (!written) {
    static_cast<void>(
        parts_.connection->execute("ROLLBACK").has_value());  // It may have rolled back by itself.
  }
  return written;
}

Result<void> Flusher::write_rows(const Memtable& frozen, Lsn last) {
  std::uint64_t rows = 0;
  Memtable::Iterator at(frozen, last.value());
  for (at.seek(""); at.valid(); at.next()) {
    const TableId table = table_of(at.key());
    const auto value = at.value();
    CLOCHE_TRY_VOID(value ? writer_.put(table, key_of(at.key()), *value)
                          : writer_.erase(table, key_of(at.key())));
    ++rows;
  }
  CLOCHE_TRY_VOID(sqlite::write_meta(*parts_.connection, sqlite::Meta::Flushed,
                                     static_cast<std::int64_t>(last.value())));
  CLOCHE_TRY_VOID(sqlite::write_meta(*parts_.connection, sqlite::Meta::Time,
                                     parts_.last_time().time_since_epoch().count()));
  stats_.rows.fetch_add(rows, std::memory_order_relaxed);
  return {};
}

Result<void> Flusher::checkpoint_if_due() {
  bool idle;
  {
    MutexLock lock(mutex_);
    idle = std::exchange(settle_, false);
  }
  if (!idle) {
    CLOCHE_TRY(const file, parts_.env.open(parts_.state_path + "-wal", OpenMode::Read));
    CLOCHE_TRY(const bytes, file->size());
    if (bytes < kCheckpointBytes) return {};
  }
  return checkpoint();
}

Result<void> Flusher::checkpoint() {
  MutexLock lock(files_);
  await_copies();  // It may write what they have not in their part of the log.
  CLOCHE_TRY(const complete, parts_.connection->checkpoint());
  if (!complete) return {};
  checkpointed_ = in_log_.value();
  {
    MutexLock point(point_);
    log_bytes_ = 0;
  }
  // Views that begin from now on read the database alone, and let SQLite's log be started anew.
  parts_.layers.renew_snapshots();
  return {};
}

void Flusher::note_checkpoint(const Result<void>& outcome) {
  if (!outcome && !checkpoint_failed_ && parts_.log_line)
    parts_.log_line("checkpoint failed, trying again: " + outcome.error().message);
  checkpoint_failed_ = !outcome;
  if (!outcome) checkpoint_retry_.failed();
  if (outcome && in_log_.value() == checkpointed_) checkpoint_retry_.succeeded();
}

void Flusher::retain_log() {
  if (!parts_.log) return;
  parts_.settled(Lsn(checkpointed_));
  const Lsn not_needed = std::min(Lsn(checkpointed_), parts_.pinned());
  Result<void> truncated;
  if (parts_.log->bytes_on_disk() > parts_.log_retain_bytes)
    truncated = parts_.log->truncate_before(not_needed, parts_.log_retain_bytes);
  if (const Lsn old = aged(); truncated && old.value() > 0)
    truncated = parts_.log->truncate_before(std::min(not_needed, old));
  if (!truncated && !retain_failed_ && parts_.log_line)
    parts_.log_line("log not shortened: " + truncated.error().message);
  retain_failed_ = !truncated;
}

// Finds the newest lsn that is older than the setting allows, if it is worth a look. Reads what will go,
// and not more than a segment beyond it.
Lsn Flusher::aged() {
  const auto age = parts_.log_retain_age;
  const Instant now = parts_.last_time();
  const auto pause = age / kLooksOfAge;
  const bool looked = now < next_look_ && next_look_ <= now + pause;  // The clock may be set back.
  if (age.count() == 0 || looked) return aged_;
  next_look_ = now + pause;
  const auto walked =
      parts_.log->replay(Lsn(std::max<std::uint64_t>(parts_.log->oldest().value(), 1) - 1),
                         [&](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
                           CLOCHE_TRY(const record, read_record(bytes));
                           if (record.time >= now - age) return enough();
                           aged_ = lsn;
                           return {};
                         });
  static_cast<void>(walked.has_value());  // Damage is told by who needs what is damaged.
  return aged_;
}

Result<void> Flusher::forget_before(Lsn lsn) {
  return parts_.log->truncate_before(std::min({lsn, Lsn(checkpointed_), parts_.pinned()}));
}

Result<void> Flusher::vacuum() {
  MutexLock lock(files_);
  await_copies();
  checkpointed_ = 0;  // What it writes stands in SQLite's log first.
  const auto done = parts_.connection->execute("VACUUM");
  MutexLock point(point_);
  log_bytes_ = parts_.connection->log_bytes().value_or(log_bytes_);
  return done;
}

}  // namespace cloche::engine
