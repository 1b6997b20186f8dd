// The log is the history of an environment: records in the order of their Lsn, appended, never
// changed. What `append` has acknowledged is found again by `replay` after a kill, and after a
// power cut too once `synced()` covers it.
//
// Files: DIR/<first lsn, 20 digits>.wal, segments of about kSegmentBytes; the bytes are drawn in
// docs/formats/wal.md.
//
// One thread appends at a time (the leader of a commit group); any thread may replay what was
// acknowledged before, and ask for the sync state. A thread of the log's own syncs: every
// kSyncInterval at Durability::Commit, at once at Durability::Fsync.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/env.h"
#include "base/result.h"
#include "base/strong.h"

namespace cloche::wal {

enum class Durability : std::uint8_t {
  Memory,  // No log: nothing is kept. For throw-away tests.
  Commit,  // Handed to the OS before `append` returns; synced in the background. Survives kill -9.
  Fsync,   // Callers wait for `on_synced` before they acknowledge. Survives a power cut.
};

inline constexpr std::chrono::milliseconds kSyncInterval{100};
// One segment is removed at a time, and recovery reads at most two to find the end: large enough
// that a busy day has few files, small enough that retention follows its setting closely.
inline constexpr std::size_t kSegmentBytes = std::size_t{16} << 20;
// A group is kept under a few MiB (engine), but for that of a rewind, which is refused beyond this: so
// a length beyond it is damage and never data. Enough for 100,000 items of 1 KB.
inline constexpr std::size_t kRecordBytesMax = std::size_t{256} << 20;

// What opening found.
struct Recovered {
  Lsn first;   // Oldest record that is there; Lsn(0) when there is none.
  Lsn last;    // Newest one; Lsn(0) when there is none.
  Lsn synced;  // Every record up to here is known to have been synced by whoever wrote the log.
  std::uint64_t torn_bytes =
      0;  // Of an unfinished record at the very end, cut off: nobody was told that it exists.
};

class Log {
 public:
  using Visit = std::function<Result<void>(Lsn, std::span<const std::byte>)>;
  // Is shown the newest record, if there is one, before opening changes anything on disk. Its
  // refusal is open's.
  using Accept = std::function<Result<void>(std::span<const std::byte>)>;

  virtual ~Log() = default;

  // Opens the log in `dir`, or begins one. An unfinished record at the very end is cut off. Damage
  // anywhere before that is an error (Error::Kind::Damaged) that names file and offset, for to skip
  // it would rewrite history. A log without records gives its first one the lsn `begin_at`.
  static Result<std::unique_ptr<Log>> open(Env& env, const std::string& dir, Durability durability,
                                           Lsn begin_at = Lsn(1), const Accept& accept = {});

  virtual const Recovered& recovered() const = 0;

  // Appends one record and hands it to the OS; answers with its Lsn (the last one plus 1). After an
  // error nothing of the record remains and the same call may be tried later (a full disk), unless
  // healthy() has turned false. Needs: 0 < record.size() <= kRecordBytesMax.
  virtual Result<Lsn> append(std::span<const std::byte> record) = 0;

  // The newest record that the device is known to have.
  virtual Lsn synced() const = 0;
  // Calls `release` once when `lsn` is synced, or with the error of the sync that failed: at once
  // on this thread if it already is, else on the sync thread. Never blocks.
  virtual void on_synced(Lsn lsn, std::move_only_function<void(Result<void>)> release) = 0;
  // Syncs now and waits for it.
  virtual Result<void> sync() = 0;
  // Called on the sync thread before every sync of the log: what it makes durable is durable before
  // the records that name it. Its failure counts as a failure of the sync. To be set before the
  // first append. What opening found unsynced is synced from then on, and not before: who reads it
  // again may still find that it has to be cut.
  virtual void before_sync(std::function<Result<void>()> prepare) = 0;
  // False after a failed sync or a failed clean-up of a failed append: what is on disk is unknown
  // until the log is opened anew.
  virtual bool healthy() const = 0;

  // Shows every record after `from` to `visit`, oldest first; stops at the first error and hands it
  // on.
  virtual Result<void> replay(Lsn from, const Visit& visit) const = 0;
  // The same from `from` (inclusive) down to `down_to` (exclusive), newest first: what a rewind
  // reads.
  virtual Result<void> replay_back(Lsn from, Lsn down_to, const Visit& visit) const = 0;

  // Removes whole segments, oldest first, whose records are all at or before `lsn`, as long as more
  // than `keep_bytes` are on disk. The newest segment stays.
  virtual Result<void> truncate_before(Lsn lsn, std::uint64_t keep_bytes = 0) = 0;
  virtual Lsn oldest() const = 0;
  virtual std::uint64_t bytes_on_disk() const = 0;

  // Gives up all records after `lsn`, as if they had been torn: recovery found that what one of
  // them names was lost with a power cut. Only before before_sync and the first append.
  virtual Result<void> cut_after(Lsn lsn) = 0;

  // Reads every frame of every segment against its CRC and hands each damaged one's text (file,
  // offset, what) to `report`.
  virtual Result<void> scrub(const std::function<void(const std::string&)>& report) const = 0;
};

}  // namespace cloche::wal
