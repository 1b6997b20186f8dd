// What submit() was given.
#pragma once

#include <string>

#include "engine/engine.h"

namespace cloche::engine {

struct Request {
  std::string summary;
  Closure closure;
  Done done;
  bool alone = false;  // In a group of its own: all before it is in the log.
};

}  // namespace cloche::engine
