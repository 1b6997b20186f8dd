// Work as rows: in the order in which it is due, and found by its number (docs/formats/state.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace cloche::engine {

struct WorkRow {
  std::string kind;
  std::string payload;
  std::uint64_t attempts = 0;  // That failed.
};

struct DueWork {
  std::uint64_t id = 0;
  Instant due{};
  WorkRow work;
};

std::string encode_work(const WorkRow& work);

// The number of the `index`th work of a group: unique without a counter, since an lsn is.
std::uint64_t work_id(Lsn lsn, std::uint64_t index);

std::uint64_t work_lsn(std::uint64_t id);  // The lsn in it.

Result<void> put_work(WriteTxn& txn, std::uint64_t id, Instant due, const WorkRow& work);
// What was erased, or nothing.
Result<std::optional<WorkRow>> erase_work(WriteTxn& txn, std::uint64_t id);

// Erases work of kinds that begin with `prefix`; answers how much.
Result<std::uint64_t> erase_work_of(WriteTxn& txn, std::string_view prefix);

// Up to `count_max` of what is due at `now`, oldest first.
Result<std::vector<DueWork>> due_work(const ReadView& view, Instant now, std::size_t count_max);
// When the first work after those due at `now` is due.
Result<std::optional<Instant>> next_due(const ReadView& view);

}  // namespace cloche::engine
