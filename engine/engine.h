// The engine: one history of all state of all services. Read this first; mechanism is in store/,
// blob/, wait/, outbox/, clock/.
//
// State is rows of ordered tables (schema.h) plus blobs (blob.h). A request reads through a
// ReadView, which shows one lsn, on its own thread and without waiting for the writer; it writes by
// a closure on a WriteTxn, which is run in a commit group:
//
//   closures of a group -> one log record -> rows published in the memtable -> acknowledged
//   (docs/formats/, design H2-H5) memtable, when large or idle -> frozen -> written into state.db
//   in key order by the flush thread
//
// What is acknowledged is never lost (as far as the durability level promises), what failed is
// never seen, and a reader sees every write that was acknowledged before its view was opened.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "base/strong.h"
#include "engine/blob.h"
#include "engine/clock.h"
#include "engine/key.h"
#include "engine/schema.h"
#include "wal/log.h"

namespace cloche::engine {

enum class Direction : std::uint8_t { Forward, Backward };

// Walks a range in key order. The views it hands out are good until the next call on it.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool valid() const = 0;  // False at the end, and after an error: ask status().
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual void next() = 0;
  // Goes on to the first key at or after `key` (Forward), or at or before it (Backward), within the
  // range; may jump both ways.
  virtual void seek(std::string_view key) = 0;
  virtual Result<void> status() const = 0;
};

// One consistent state. Belongs to one thread at a time. A view that is held long holds back
// neither writers nor flushes, only memory and pages that it still needs.
class ReadView {
 public:
  virtual ~ReadView() = default;
  // The row's value, good as long as the view lives (in a WriteTxn: until that row is written).
  // Nothing if there is no row.
  virtual Result<std::optional<std::string_view>> get(TableId table,
                                                      std::string_view key) const = 0;
  virtual std::unique_ptr<Cursor> scan(TableId table, const KeyRange& range,
                                       Direction direction = Direction::Forward) const = 0;
  virtual Lsn lsn() const = 0;
};

// A channel is a name that waiting requests listen on: a queue, a stream. Hash of the service's own
// choosing.
using ChannelId = std::uint64_t;
ChannelId channel_of(std::string_view service, std::string_view resource);

// Work to be done later, worked off by the scheduler in a transaction of its own: see
// Store::on_work.
struct Work {
  std::string kind;     // "dynamodb.drop_table"
  std::string payload;  // The service's own.
  Instant due{};        // Engine time; the default is at once.
};

// A request's own changes over the present state; it becomes part of history when its closure
// returns success, and vanishes when the closure fails or throws. Only valid inside the closure. It
// is a ReadView that sees its own changes, so lookups are written once.
class WriteTxn : public ReadView {
 public:
  virtual Result<void> put(TableId table, std::string_view key, std::string_view value) = 0;
  virtual Result<void> erase(TableId table,
                             std::string_view key) = 0;  // No error if there is no such row.

  virtual Instant now() const = 0;  // The engine's clock; the same for the whole closure, never
                                    // before that of an earlier commit.
  virtual Ids& ids() = 0;

  // Blobs. adopt: one more reference to a blob that was ingested; retain/release: one more or less
  // reference to a stored one. A blob without references stays readable for history until retention
  // lets it go.
  virtual Result<BlobRef> adopt(const PendingBlob& blob) = 0;
  virtual Result<void> retain(const BlobRef& blob) = 0;
  virtual Result<void> release(const BlobRef& blob) = 0;

  // Wakes the requests that wait on `channel`, after this closure is published.
  virtual void touch(ChannelId channel) = 0;
  // Queues work in this transaction; the answer names it for cancel().
  virtual Result<std::uint64_t> later(Work work) = 0;
  virtual Result<void> cancel(std::uint64_t work_id) = 0;

  // "Wait for these channels until then": the closure's changes are dropped, and it is run again
  // when one of the channels is touched or the engine's clock reaches `until`. A closure that has
  // called this returns success, and its caller hears nothing yet.
  virtual void wait_for(std::vector<ChannelId> channels, Instant until) = 0;
};

using Closure = std::move_only_function<Result<void>(WriteTxn&)>;
using Done = std::move_only_function<void(Result<void>)>;

struct StoreOptions {
  std::string directory{};
  wal::Durability durability = wal::Durability::Commit;
  // Ids and timestamps repeat from run to run: a new environment's clock stands at kSeededStart
  // until it is moved or run.
  std::optional<std::uint64_t> seed{};
  // Of a new environment: its clock stands at this time, with a seed or without.
  std::optional<Instant> clock_at{};
  // A sealed file (seal.h) that a new environment begins with. Refused for a directory that holds
  // anything else already.
  std::string sealed{};
  bool resume_clock =
      false;  // A running clock goes on from where it was left, and does not jump to now.
  std::size_t memtable_bytes = std::size_t{32} << 20;  // Frozen and flushed at this size.
  std::chrono::milliseconds flush_idle{1000};  // ... or when nothing was written for so long.
  std::uint64_t log_retain_bytes =
      std::uint64_t{1} << 30;  // Flushed segments beyond this are removed, oldest first.
  std::chrono::seconds log_retain_age{0};  // And those whose records are all older; 0: of any age.
  std::size_t group_bytes_max =
      std::size_t{4}
      << 20;  // A group ends when its changes reach this; so bulk work goes in steps.
  std::size_t inline_blob_bytes =
      std::size_t{32} << 10;  // Bodies up to this live in a table, larger ones in files.
  // Folders of blobs that are read where this environment has none itself: of those that it branched
  // from (branch.h), which see to it. An environment under another's branches/ finds them by itself.
  std::vector<std::string> ancestor_blobs{};
  // Called with one line each for what an operator should know (recovered, flush failed, disk
  // full). Any thread.
  std::function<void(std::string_view)> log_line{};
};

// 2026-01-01T00:00:00Z.
inline constexpr Instant kSeededStart{std::chrono::microseconds(1'767'225'600'000'000)};

struct StoreStats {
  Lsn last, flushed, synced;
  std::uint64_t groups = 0, commits = 0, refused = 0, flushes = 0, rows_flushed = 0, log_bytes = 0,
                memtable_bytes = 0, waiting = 0;
};

// Rows as they were at an earlier time, by key; nothing where there was no row.
using PastRows = std::map<std::string, std::optional<std::string>>;

// Safe to use from any thread unless said otherwise.
class Store {
 public:
  virtual ~Store() = default;  // Finishes running groups, flushes, closes. Waiting requests are
                               // dropped unanswered.

  // Opens or creates the environment in options.directory: takes its lock, refuses a newer schema
  // before anything is changed on disk (but for the pid in the lock file), cuts off an unfinished
  // record at the log's end, empties blobs/tmp, recovers by replaying the log after what state.db
  // holds, migrates an older schema. Records that were never known to be synced are held against
  // their blob files; the first whose files are not whole is cut off with all after it. Every
  // failure has a text that says what to do.
  static Result<std::unique_ptr<Store>> open(Env& env, StoreOptions options, Schema schema);

  // Everything acknowledged so far, as one state.
  virtual std::unique_ptr<ReadView> view() const = 0;

  // Runs `closure` in a commit group, then calls `done` exactly once: with the closure's error, or
  // with success when its changes are visible and as durable as asked. Runs on this thread if the
  // writer is idle, else on the leader's; `done` runs on whichever thread finished the group. Never
  // blocks for a sync. `summary` is for the journal: "dynamodb.PutItem table/key".
  virtual void submit(std::string_view summary, Closure closure, Done done) = 0;
  // The same, waiting for the outcome. Not for io threads, and not from inside a closure or a done.
  Result<void> write(std::string_view summary, Closure closure);

  virtual Blobs& blobs() = 0;
  virtual Clock& clock() = 0;
  virtual Ids& ids() = 0;
  virtual Env& env() = 0;

  // Names the handler of a kind of work (design H8). It runs in a write transaction that also
  // removes the work's row, so that it happens exactly once; a refused one is tried again later
  // with growing pauses. To go on in steps it calls later() again.
  virtual void on_work(
      std::string kind,
      std::function<Result<void>(WriteTxn&, const std::string& payload)> handler) = 0;
  virtual void start_scheduler() = 0;  // After all on_work calls.
  // Blocks until no work is due (tests, shutdown).
  virtual void drain_work() = 0;

  // The past. What the rows of `range` were at the time `at`, as far as they have changed from then
  // until `head` (the lsn of a view, say, whose other rows are still the same). Nothing if the log
  // does not reach back so far, or there is none (Durability::Memory). Reads the log from `head`
  // back to `at`, and keeps all that it answers in memory: not for io threads.
  virtual Result<std::optional<PastRows>> changed_since(TableId table, const KeyRange& range,
                                                        Instant at, Lsn head) const = 0;
  // Since when changed_since can answer; nothing if there is no history.
  virtual Result<std::optional<Instant>> history_begins() const = 0;

  virtual Result<void> flush() = 0;  // Writes all acknowledged rows into state.db and waits.
  // The destructor keeps nothing: it takes state.db away, so that neither a flush nor SQLite's own end is
  // waited for. For a directory that is about to be removed.
  virtual void abandon() = 0;
  virtual const std::string& directory() const = 0;
  virtual StoreStats stats() const = 0;
  virtual const wal::Log* log() const = 0;  // Null at Durability::Memory.
  // What open() recovered, in a line for the banner: "12,345 records replayed in 8 ms", or "new".
  virtual const std::string& recovery_text() const = 0;
};

struct DoctorReport {
  std::uint64_t rows = 0, blobs = 0, log_records = 0;
  std::vector<std::string> damages;  // Each names file and place.
};

// Scrubs a directory that no process has open: every blob against its digest, every row against its
// blob, reference counts, SQLite's own integrity check, every log frame against its CRC, every
// record's changes against the rows they lead to.
//
// What a directory still needs of the sealed file that it began with is brought in first.
// It opens the directory as Store::open does, so an unfinished record at the log's end is cut off
// and is no damage; nothing else of the history is changed. It does not decide, as Store::open
// does, whether a record that was never synced has to go because a power cut took its blob: such a
// file is told as a damage, and is none any more once the store was opened. A directory of a newer
// release is refused.
Result<DoctorReport> doctor(Env& env, const std::string& directory, const Schema& schema,
                            const std::function<void(std::string_view)>& progress);

}  // namespace cloche::engine
