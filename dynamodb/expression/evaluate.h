// Expressions applied to items. All values are canonical; nothing of an item is changed, what is
// made anew lives in the arena.
#pragma once

#include <optional>

#include "base/document.h"
#include "base/result.h"
#include "dynamodb/expression/bind.h"

namespace cloche::dynamodb {

// What `path` leads to in `item`, an attribute value; null if there is none.
const Value* find_path(const BoundExpression& expression, const DocumentPath& path,
                       const Value& item);

// Whether a condition or filter holds. `item` is an empty map where there is none.
bool holds(const BoundExpression& condition, const Value& item);

// The parts of `item` that the paths name, in its own nesting; elements of lists move together.
// `paths` are the projection's own, or those of an update.
Value project(const BoundExpression& expression, const std::vector<const DocumentPath*>& paths,
              const Value& item, Arena& arena);
std::vector<const DocumentPath*> paths_of(const Expression& expression);

// The item after an update expression. Refuses what does not fit the item: missing attributes,
// wrong types, paths into nothing.
Result<Value> update(const BoundExpression& expression, const Value& item, Arena& arena);

}  // namespace cloche::dynamodb
