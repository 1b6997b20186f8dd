// Queued work that is about one table: how its payload names the table, and how it finds it again.
#pragma once

#include <memory>

#include "dynamodb/table/catalog.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// A payload's beginning.
engine::KeyWriter work_on(const Table& table);

// The table that a payload begins with. Null if it is gone, or another has its name.
Result<std::shared_ptr<const Table>> table_of_work(Catalog& catalog, const engine::ReadView& view,
                                                   engine::KeyReader& payload);

}  // namespace cloche::dynamodb
