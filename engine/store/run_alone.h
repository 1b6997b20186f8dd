// The wall around each closure in a commit group.
#pragma once

#include "engine/engine.h"

namespace cloche::engine {

// Runs one request's closure: what it throws becomes its own failure, and not its neighbours'.
Result<void> run_alone(WriteTxn& txn, Closure& closure) noexcept;

}  // namespace cloche::engine
