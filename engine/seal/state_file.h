// The state of a sealed file as a database of SQLite's that a store opens as its state.db.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/seal/container.h"
#include "engine/seal/state.h"

namespace cloche::engine {

// Writes a new database at `path`; the same rows become the same bytes. `wrote` is told the bytes of
// each row.
Result<std::vector<SealedTable>> write_state_file(Env& env, const std::string& path,
                                                  const Tables& tables, CanonicalState& state,
                                                  const std::function<void(std::size_t)>& wrote);

// Refuses (Error::Kind::Damaged) a database from outside that has anything but the tables that this
// release knows, as it makes them: no trigger, view or index is run or looked at.
Result<void> check_state_file(const std::string& path, const Tables& tables);

}  // namespace cloche::engine
