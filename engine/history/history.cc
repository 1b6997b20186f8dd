#include "engine/history/history.h"

#include <algorithm>
#include <charconv>

#include "base/time_text.h"
#include "engine/history/errors.h"
#include "engine/history/past.h"
#include "engine/history/point.h"
#include "engine/history/rewind.h"
#include "engine/schema/schema.h"
#include "engine/store/record.h"

namespace cloche::engine {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Match(Cases...) -> Match<Cases...>;  // Clang 16 does not find it by itself.

std::string checkpoint_key(std::string_view name) { return KeyWriter().text(name).take(); }

// "LSN MICROS"
std::string encode(Lsn lsn, Instant made) {
  return std::to_string(lsn.value()) + " " + std::to_string(made.time_since_epoch().count());
}

Result<Checkpoint> decode(std::string_view key, std::string_view value) {
  Checkpoint checkpoint{.name = KeyReader(key).text(), .lsn = Lsn(0), .made{}};
  std::uint64_t lsn = 0;
  std::int64_t made = 0;
  const char* const end = value.data() + value.size();
  const auto first = std::from_chars(value.data(), end, lsn);
  if (first.ec != std::errc() || first.ptr == end ||
      std::from_chars(first.ptr + 1, end, made).ec != std::errc())
    return damaged("engine_checkpoints: the row of " + checkpoint.name);
  checkpoint.lsn = Lsn(lsn);
  checkpoint.made = Instant(std::chrono::microseconds(made));
  return checkpoint;
}

Error no_such_checkpoint(std::string_view name) {
  return refusal("NoSuchCheckpoint",
                 "there is no checkpoint called " + std::string(name) +
                     "; `cloche checkpoint --list` shows those that are there",
                 404);
}

}  // namespace

Result<void> StoreHistory::open() { return pin(); }

Result<void> StoreHistory::need_log() const {
  if (parts_.log != nullptr) return {};
  return unavailable("there is no history at --durability memory: nothing is logged");
}

Result<void> StoreHistory::pin() {
  CLOCHE_TRY(const all, checkpoints());
  std::uint64_t lowest = UINT64_MAX;
  for (const Checkpoint& checkpoint : all) lowest = std::min(lowest, checkpoint.lsn.value());
  pinned_.store(lowest, std::memory_order_release);
  return {};
}

Result<Checkpoint> StoreHistory::checkpoint(std::string_view name) {
  CLOCHE_TRY_VOID(need_log());
  if (!is_checkpoint_name(name)) {
    return refusal("InvalidCheckpointName",
                   "a checkpoint's name is a letter, then up to 99 letters, digits, '.', '_' or "
                   "'-'");
  }
  Checkpoint made{.name = std::string(name), .lsn = Lsn(0), .made{}};
  const auto written =
      parts_.write_alone("cloche.Checkpoint " + made.name, [&](WriteTxn& txn) -> Result<void> {
        made.lsn = txn.lsn();
        made.made = txn.now();
        // Before its row is there: from now on nothing after it is removed.
        pinned_.store(std::min(pinned_.load(), made.lsn.value()), std::memory_order_release);
        return txn.put(kCheckpointTable, checkpoint_key(made.name), encode(made.lsn, made.made));
      });
  // Also if it was not written: what was held on to for it may go.
  CLOCHE_TRY_VOID(pin());
  CLOCHE_TRY_VOID(written);
  return made;
}

Result<std::vector<Checkpoint>> StoreHistory::checkpoints() const {
  std::vector<Checkpoint> all;
  const auto view = parts_.store.view();
  const auto cursor = view->scan(kCheckpointTable, {});
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(checkpoint, decode(cursor->key(), cursor->value()));
    all.push_back(std::move(checkpoint));
  }
  CLOCHE_TRY_VOID(cursor->status());
  std::ranges::sort(all, [](const auto& a, const auto& b) { return a.lsn < b.lsn; });
  return all;
}

Result<void> StoreHistory::remove_checkpoint(std::string_view name) {
  const std::string key = checkpoint_key(name);
  CLOCHE_TRY_VOID(parts_.store.write("cloche.RemoveCheckpoint " + std::string(name),
                                     [&](WriteTxn& txn) -> Result<void> {
                                       CLOCHE_TRY(const row, txn.get(kCheckpointTable, key));
                                       if (!row) return no_such_checkpoint(name);
                                       return txn.erase(kCheckpointTable, key);
                                     }));
  return pin();
}

Result<Lsn> StoreHistory::find(std::string_view text) const {
  CLOCHE_TRY_VOID(need_log());
  CLOCHE_TRY(const point, parse_point(text));
  return std::visit(
      Match{[](Lsn lsn) { return Result<Lsn>(lsn); },
            [this](Instant time) { return last_at(time); },
            [this](Ago ago) { return last_at(parts_.store.clock().now() - ago.duration); },
            [this](Named named) -> Result<Lsn> {
              const auto view = parts_.store.view();
              const std::string key = checkpoint_key(named.name);
              CLOCHE_TRY(const row, view->get(kCheckpointTable, key));
              if (!row) return no_such_checkpoint(named.name);
              CLOCHE_TRY(const checkpoint, decode(key, *row));
              return checkpoint.lsn;
            }},
      point);
}

Result<Lsn> StoreHistory::last_at(Instant time) const {
  const Lsn oldest = parts_.log->oldest();
  std::optional<Lsn> found;
  Instant begins{};
  const auto walked = parts_.log->replay_back(
      parts_.store.view()->lsn(), Lsn(std::max<std::uint64_t>(oldest.value(), 1) - 1),
      [&](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
        CLOCHE_TRY(const record, read_record(bytes));
        begins = record.time;
        if (record.time > time) return {};
        found = lsn;
        return enough();
      });
  if (found) return *found;
  if (!walked) return walked.error();
  // A log that begins with the first record of all has nothing before it.
  if (oldest.value() <= 1) return Lsn(0);
  return refusal("PointBeforeHistory", "the log begins at " + iso8601_milliseconds(begins) +
                                           ": what was before is not kept");
}

Result<Rewound> StoreHistory::rewind(Lsn to) {
  CLOCHE_TRY_VOID(need_log());
  Rewound rewound{.to = to, .from = to, .lsn = to};
  CLOCHE_TRY_VOID(parts_.write_alone(
      "cloche.Rewind " + std::to_string(to.value()), [&](WriteTxn& txn) -> Result<void> {
        rewound.from = txn.lsn();
        CLOCHE_TRY(const undo, read_undo(*parts_.log, txn.lsn(), to));
        CLOCHE_TRY(const rows, apply_undo(txn, undo));
        rewound.rows = rows;
        rewound.records = undo.records;
        if (rewound.rows > 0) rewound.lsn = Lsn(txn.lsn().value() + 1);
        return {};
      }));
  parts_.rewound();
  return rewound;
}

Result<std::optional<ChangedRows>> StoreHistory::changed_between(TableId table,
                                                                 const KeyRange& range,
                                                                 Instant after,
                                                                 Instant until) const {
  CLOCHE_TRY_VOID(need_log());
  return engine::changed_between(*parts_.log, table, range, after, until,
                                 parts_.store.view()->lsn());
}

}  // namespace cloche::engine
