// What the three PartiQL operations share.
#pragma once

#include "dynamodb/operation/service.h"
#include "dynamodb/partiql/plan.h"

namespace cloche::dynamodb {

// The table of a statement, by name or ARN.
Result<std::shared_ptr<const Table>> table_of(Service& service, const engine::ReadView& view,
                                              const protocol::Call& call,
                                              const Statement& statement);

struct Found {
  std::shared_ptr<const Table> table;
  Value item;  // Absent if there is none, or it does not fulfil the condition.
  std::size_t bytes = 0;
};
// The one item that a SELECT with a whole key asks for. `operation` is named in the refusal of one
// without. The item outlives the view: it is copied into the arena.
Result<Found> find_one(Service& service, const engine::ReadView& view, const protocol::Call& call,
                       const Statement& statement, std::string_view operation, Arena& arena);

}  // namespace cloche::dynamodb
