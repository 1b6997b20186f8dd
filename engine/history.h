// The history as a feature: points in it that have names, the way back to any of them, and what
// happened when. What is read here comes out of the log, so that it reaches back as far as the log
// does (StoreOptions::log_retain_bytes, and further where a checkpoint holds on to it).
//
// A point is an lsn: the state after that record. Rewinding makes a new record, whose changes undo
// those of all records after the point: history only grows, and a rewind can itself be rewound.
// Rewound are the rows and blobs of all services, and work that is queued; the clock, the source of
// ids and the checkpoints themselves stay as they are.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "base/strong.h"
#include "engine/describe.h"
#include "engine/key.h"
#include "engine/schema.h"

namespace cloche::engine {

class Store;

struct Checkpoint {
  std::string name;
  Lsn lsn;
  Instant made{};
};

// Names of checkpoints: a letter, then letters, digits, '.', '_' and '-', so that no name can be
// taken for an lsn, a time or a duration.
inline constexpr std::size_t kCheckpointNameMax = 100;

struct Rewound {
  Lsn to;
  Lsn from;  // The point that was left: a rewind to it takes this one back.
  Lsn lsn;   // The rewind's own record; `to` itself if nothing had changed.
  std::uint64_t rows = 0;
  std::uint64_t records = 0;  // That were undone.
};

// What `reset` did.
struct Emptied {
  Lsn from;  // The point before it: a rewind to it brings all of it back.
  Lsn lsn;
  std::uint64_t rows = 0;
};

// What `compact` did, in bytes before and after.
struct Compacted {
  std::uint64_t log_before = 0, log_after = 0;      // The history.
  std::uint64_t state_before = 0, state_after = 0;  // state.db.
  std::uint64_t blobs = 0;                          // Files that went.
};

// One record of the history.
struct Event {
  Lsn lsn;
  Instant time{};
  std::vector<std::string> requests;  // "s3.PutObject bucket/key", as services put it.
  std::uint64_t rows = 0;             // That it changed.
  std::uint64_t bytes = 0;            // Of the record.
};

// What became of a resource between two states.
struct Change {
  std::string service;  // "s3"
  Resource resource;    // Its bytes are those below.
  // Absent where there was none, or is none.
  std::optional<std::uint64_t> bytes_before{}, bytes_after{};
  std::string before{},
      after{};  // What it held, as JSON in AWS's terms (describe.h), where asked for.
};

struct DiffWish {
  Lsn from, to;          // Either may be the earlier one.
  std::string service;   // Empty: all.
  std::string resource;  // A part of "bucket/key", "table/item key"; empty: all.
};

// What became of a row in a stretch of time.
struct ChangedRow {
  std::optional<std::string> before, after;  // Nothing where there was no row.
  Instant last{};                            // When it was last written.
};
using ChangedRows = std::map<std::string, ChangedRow>;

// Safe to use from any thread; all but `checkpoints` and `find` with a name read the log or write,
// and wait for it. Every error says what to do. Refused (Unavailable) without a log
// (Durability::Memory).
class History {
 public:
  virtual ~History() = default;

  // Names what is acknowledged now. A name that is there is moved.
  virtual Result<Checkpoint> checkpoint(std::string_view name) = 0;
  virtual Result<std::vector<Checkpoint>> checkpoints() const = 0;  // The oldest first.
  virtual Result<void> remove_checkpoint(std::string_view name) = 0;

  // What a person writes for a point: a checkpoint's name, an lsn ("1234"), a time
  // ("2026-01-01T12:00:00Z": the newest record of then or before, which need not be the one with the
  // latest time if the clock was set back), or how long ago ("90s", "5m", "2h", "1d", in engine time).
  virtual Result<Lsn> find(std::string_view point) const = 0;

  // Makes the state of `to` the present one, in one record. Refused beyond what the log holds, and
  // where the record would be larger than wal::kRecordBytesMax: then go to a nearer point first.
  // Cost is that of the changes since.
  virtual Result<Rewound> rewind(Lsn to) = 0;

  // Empties all tables of a service ("s3"; "": of all), and drops its queued work. The clock, ids, checkpoints and branches stay. In one record as long as it fits, else in several. Also at
  // Durability::Memory.
  virtual Result<Emptied> reset(std::string_view service) = 0;

  // Gives back what room can be given back: history before `before` (not what checkpoints hold on to), blobs that
  // nothing names any more, free pages of state.db. Readers and writers go on; takes a second per GB or so.
  virtual Result<Compacted> compact(std::optional<Lsn> before) = 0;

  // Shows the records, newest first, from `from` (Lsn(0): the newest) until `visit` answers false
  // or the log ends. `tell` shows what resources the record has changed, without their values, until
  // it is answered false; it costs what these resources are, and may be called inside of `visit`
  // only.
  using ShowChange = std::function<bool(const Change&)>;
  using Tell = std::function<void(const ShowChange&)>;
  virtual Result<void> read(
      Lsn from, const std::function<bool(const Event&, const Tell& tell)>& visit) const = 0;

  // Shows what changed between two points, by service, owner and name, until `show` answers false.
  // What changed and came back is left out, and so is what a service keeps for itself. The cost is
  // that of the records from the earlier point to the present; the rows that differ are held in
  // memory, and refused beyond 1 GiB.
  virtual Result<void> diff(const DiffWish& wish, const ShowChange& show) const = 0;

  // The rows of `range` that were written after `after` and not after `until`, by key. Nothing if
  // the log does not reach back to `after`. Reads the log back to it, and keeps all that it answers
  // in memory: not for io threads.
  virtual Result<std::optional<ChangedRows>> changed_between(TableId table, const KeyRange& range,
                                                             Instant after,
                                                             Instant until) const = 0;
};

// "90s", "5m", "2h", "1d", "250ms"; nothing if it is none, or longer than ten thousand years.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

// Of a store that Store::open made, which must outlive it.
History& history_of(Store& store);

}  // namespace cloche::engine
