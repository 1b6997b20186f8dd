// What the operations on tables share.
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/operation/service.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// TableDescription with the counts of what is in the table and its indexes now.
Value described(const engine::ReadView& view, const Table& table, std::string_view status,
                Instant now, Arena& arena);

// Takes a table away: its name is free at once, and what was in it goes step by step.
Result<void> drop_table(engine::WriteTxn& txn, const Table& table);

// A stream is named after the moment at which it began.

}  // namespace cloche::dynamodb
