// Keys are scalars: no expression may look into one.
#pragma once

#include "dynamodb/expression/bind.h"
#include "dynamodb/table/table.h"

namespace cloche::dynamodb {

// Refuses a path with more than one step that begins at a key of the table or of any of its
// indexes, anywhere in `expression`.
Result<void> refuse_paths_into_keys(const Table& table, const BoundExpression& expression);

}  // namespace cloche::dynamodb
