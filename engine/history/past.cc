#include "engine/history/past.h"

#include "engine/history/errors.h"
#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

std::optional<std::string> copied(const std::optional<std::string_view>& value) {
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

// Shows the changes of rows of a range from `head` back to `at`, newest first. False if the log does
// not reach back so far.
template <typename F>
Result<bool> walk_back(const wal::Log& log, TableId table, const KeyRange& range, Instant at,
                       Lsn head, F visit_change) {
  bool reached = false;
  const auto visit = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    if (record.time <= at) {
      reached = true;
      return enough();
    }
    for (const RowChange& change : record.changes) {
      if (table_of(change.row) != table) continue;
      const std::string_view key = key_of(change.row);
      if (key < range.from || (!range.to.empty() && key >= range.to)) continue;
      visit_change(record.time, key, change);
    }
    return {};
  };
  const Lsn oldest = log.oldest();
  if (oldest.value() != 0 && head.value() >= oldest.value()) {
    const auto walked = log.replay_back(head, Lsn(oldest.value() - 1), visit);
    if (!walked && !reached) return walked.error();
  }
  // A log that begins with the first record of all has nothing before it.
  return reached || oldest.value() <= 1;
}

}  // namespace

Result<std::optional<PastRows>> changed_since(const wal::Log& log, TableId table,
                                              const KeyRange& range, Instant at, Lsn head) {
  PastRows rows;
  // Newest first, so that what is put last is the oldest.
  CLOCHE_TRY(const reached, walk_back(log, table, range, at, head,
                                      [&](Instant, std::string_view key, const RowChange& change) {
                                        rows.insert_or_assign(std::string(key),
                                                              copied(change.before));
                                      }));
  if (!reached) return std::optional<PastRows>();
  return std::optional<PastRows>(std::move(rows));
}

Result<std::optional<ChangedRows>> changed_between(const wal::Log& log, TableId table,
                                                   const KeyRange& range, Instant after,
                                                   Instant until, Lsn head) {
  ChangedRows rows;
  const auto take = [&](Instant time, std::string_view key, const RowChange& change) {
    if (time > until) return;
    const auto [row, is_new] = rows.try_emplace(std::string(key));
    if (is_new) {
      row->second.after = copied(change.after);
      row->second.last = time;
    }
    row->second.before = copied(change.before);
  };
  CLOCHE_TRY(const reached, walk_back(log, table, range, after, head, take));
  if (!reached) return std::optional<ChangedRows>();
  return std::optional<ChangedRows>(std::move(rows));
}

Result<std::optional<Instant>> history_begins(const wal::Log& log) {
  std::optional<Instant> begins;
  const Lsn oldest = log.oldest();
  if (oldest.value() == 0) return begins;
  // There was nothing before the first record of all, whatever time it has.
  if (oldest.value() == 1) return std::optional<Instant>(Instant());
  const auto walked = log.replay(Lsn(oldest.value() - 1),
                                 [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
                                   CLOCHE_TRY(const record, read_record(bytes));
                                   begins = record.time;
                                   return enough();
                                 });
  if (!walked && !begins) return walked.error();
  return begins;
}

}  // namespace cloche::engine
