// The readers' side: one state, held until the view goes.
#pragma once

#include "base/arena.h"
#include "engine/engine.h"
#include "engine/store/layers.h"

namespace cloche::engine {

// Reads one row of a state. `row` is its name; values from SQLite are copied into `arena`, the
// others stay in their memtable.
Result<std::optional<std::string_view>> find_row(const State& state, std::string_view row,
                                                 Arena& arena);

std::unique_ptr<ReadView> make_view(Layers& layers, State state);
// A view of a store that can't be read: each call on it answers with `error`.
std::unique_ptr<ReadView> make_failed_view(Error error);

}  // namespace cloche::engine
