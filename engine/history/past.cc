#include "engine/history/past.h"

#include "engine/history/errors.h"
#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
Result<std::optional<PastRows>> changed_since(const wal::Log& log, TableId table,
                                              const KeyRange& range, Instant at, Lsn head) {
  PastRows rows;
  bool reached = false;
  const auto visit = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    if (record.time <= at) {
      reached = true;
      return enough();
    }
    // Newest first, so that what is put last is the oldest.
    for (const RowChange& change : record.changes) {
      if (table_of(change.row) != table) continue;
      const std::string_view key = key_of(change.row);
      if (key < range.from || (!range.to.empty() && key >= range.to)) continue;
      std::optional<std::string> before;
      if (change.before) before.emplace(*change.before);
      rows.insert_or_assign(std::string(key), std::move(before));
    }
    return {};
  };
  const Lsn oldest = log.oldest();
  if (oldest.value() != 0 && head.value() >= oldest.value()) {
    const auto walked = log.replay_back(head, Lsn(oldest.value() - 1), visit);
    if (!walked && !reached) return walked.error();
  }
  // A log that begins with the first record of all has nothing before it.
  if (!reached && oldest.value() > 1) return std::optional<PastRows>();
  return std::optional<PastRows>(std::move(rows));
}

Result<std::optional<Instant>> history_begins(const wal::Log& log) {
  std::optional<Instant> begins;
  const Lsn oldest = log.oldest();
  if (oldest.value() == 0) return begins;
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
