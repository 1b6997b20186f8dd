// Writes sealed files (seal.h).
#pragma once

#include "engine/blob.h"
#include "engine/engine.h"
#include "engine/schema/schema.h"
#include "engine/seal.h"

namespace cloche::engine {

struct SealParts {
  Env& env;
  Store& store;
  const Tables& tables;
};
Result<Sealed> seal(const SealParts& parts, const SealWish& wish, const SealProgress& progress);

}  // namespace cloche::engine
