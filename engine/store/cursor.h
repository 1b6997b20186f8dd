// A walk over one table of a state: overlay, memtables and SQLite merged; the newest has its way,
// and gone rows are passed over.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/store/layers.h"
#include "engine/store/overlay.h"

namespace cloche::engine {

// `overlay` is null for a view. The state and the overlay must outlive the cursor.
std::unique_ptr<Cursor> make_cursor(const State& state, const Overlay* overlay, TableId table,
                                    const KeyRange& range, Direction direction);

}  // namespace cloche::engine
