// Reading the past out of the log: what rows were before the changes that followed.
#pragma once

#include <optional>

#include "engine/engine.h"
#include "engine/history.h"
#include "wal/log.h"

namespace cloche::engine {

// See Store::changed_since. Reads the records from `head` back to `at`.
Result<std::optional<PastRows>> changed_since(const wal::Log& log, TableId table,
                                              const KeyRange& range, Instant at, Lsn head);

// See History::changed_between. Reads the records from `head` back to `after`.
Result<std::optional<ChangedRows>> changed_between(const wal::Log& log, TableId table,
                                                   const KeyRange& range, Instant after,
                                                   Instant until, Lsn head);

// The time of the oldest record; nothing if there is none.
Result<std::optional<Instant>> history_begins(const wal::Log& log);

}  // namespace cloche::engine
