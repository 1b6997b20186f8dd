// The undo side of the log's records, put together and applied.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "engine/engine.h"
#include "wal/log.h"

namespace cloche::engine {

struct Undo {
  // A row as it was at the point; nothing where there was none.
  struct Row {
    std::string_view row;  // row.h
    std::optional<std::string_view> before;
  };
  std::vector<Row> rows;  // Those that have changed since, in their order.
  std::uint64_t records = 0;
  std::unique_ptr<Arena> arena = std::make_unique<Arena>();  // What the rows are views of.
};

// What leads from the state at `head` to that at `to`. Refuses what the log does not hold. Without
// the rows that a rewind leaves alone.
Result<Undo> read_undo(const wal::Log& log, Lsn head, Lsn to);

// Applies it; answers how many rows have changed. `txn` must see the state at `head`. Refuses what
// would make a record larger than the log takes.
Result<std::uint64_t> apply_undo(WriteTxn& txn, const Undo& undo);

}  // namespace cloche::engine
