// Words for what is wrong with a policy. Not for other folders.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace cloche::iam {

inline Error malformed(std::string message) {
  return refused(400, "MalformedPolicy", std::move(message));
}

inline Error invalid_syntax() { return malformed("Invalid policy syntax."); }

}  // namespace cloche::iam
