// What the operations on tables share.
#pragma once

#include <string>
#include <string_view>

#include "dynamodb/operation/service.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// TableDescription with the counts of what is in the table and its indexes now, and its replicas.
Value described(Service& service, const engine::ReadView& view, const Table& table,
                std::string_view status, Instant now, Arena& arena);

// Takes a table away: its name is free at once, and what was in it goes step by step.
Result<void> drop_table(engine::WriteTxn& txn, const Table& table);

// The ARN of the key that an SSESpecification asks for; empty: none. One that ends in ":key/" is to
// be the account's own, which make_table names.
std::string asked_key(const Value& encryption, const Place& place);

// Gives a planned table its name, place, time and numbers, and stores it.
Result<void> make_table(engine::WriteTxn& txn, const Place& place, std::string_view name,
                        Table& table);

}  // namespace cloche::dynamodb
