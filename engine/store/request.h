// What submit() was given.
#pragma once

#include <string>

#include "engine/engine.h"

namespace cloche::engine {

struct Request {
  std::string summary;
  Closure closure;
  Done done;
};

}  // namespace cloche::engine
