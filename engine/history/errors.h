// Refusals of what is asked of the history.
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

}  // namespace cloche::engine
