// Words for what is wrong with a policy. Not for other folders.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace cloche::iam {

inline Error malformed(std::string message) {
  return {.kind = Error::Kind::Refused,
          .code = "MalformedPolicy",
          .message = std::move(message),
          .http_status = 400,
          .details = {}};
}

inline Error invalid_syntax() { return malformed("Invalid policy syntax."); }

}  // namespace cloche::iam
