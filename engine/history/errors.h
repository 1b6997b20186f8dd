// Refusals of what is asked of the history, and the end of a walk through it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace cloche::engine {

inline Error refusal(std::string_view code, std::string message, int http_status = 400) {
  return {.kind = Error::Kind::Refused,
          .code = std::string(code),
          .message = std::move(message),
          .http_status = http_status,
          .details = {}};
}

// Ends a walk through the log early. Told from true errors by the caller's own flag.
inline Error enough() { return unavailable("enough"); }

}  // namespace cloche::engine
