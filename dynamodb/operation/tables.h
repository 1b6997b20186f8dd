// What the operations on tables share.
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// TableDescription with the counts of what is in the table and its indexes now.
Value described(const engine::ReadView& view, const Table& table, std::string_view status,
                Instant now, Arena& arena);

// A stream is named after the moment at which it began.

}  // namespace cloche::dynamodb
