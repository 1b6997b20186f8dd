// The undo side of the log's records, put together and applied.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "wal/log.h"

namespace cloche::engine {

struct Undo {
  // Rows as they were at the point, by table and key (row.h), as far as they have changed since;
  // nothing where there was none.
  std::map<std::string, std::optional<std::string>, std::less<>> rows;
  std::uint64_t records = 0;
};

// What leads from the state at `head` to that at `to`. Refuses what the log does not hold. Without
// the rows that a rewind leaves alone.
Result<Undo> read_undo(const wal::Log& log, Lsn head, Lsn to);

// Applies it; answers how many rows have changed. `txn` must see the state at `head`. Refuses what
// would make a record larger than the log takes.
Result<std::uint64_t> apply_undo(WriteTxn& txn, const Undo& undo);

}  // namespace cloche::engine
