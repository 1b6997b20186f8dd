// What DynamoDB's rows are to a person (engine/describe.h): tables, items, backups. Index entries,
// stream records and what is queued belong to their table, and are shown to nobody: they follow
// from the items.
#pragma once

#include "engine/describe.h"

namespace cloche::dynamodb {

// Null for a table of the engine that belongs to no table.
const engine::TableDescription* description_of(engine::TableId table);

}  // namespace cloche::dynamodb
