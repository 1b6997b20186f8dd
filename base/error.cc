#include "base/error.h"

#include <system_error>

namespace cloche {

Error unavailable(std::string_view what) {
  return {.kind = Error::Kind::Unavailable,
          .code = "ServiceUnavailable",
          .message = std::string(what),
          .http_status = 503,
          .details = {}};
}

Error damaged(std::string_view what) {
  return {.kind = Error::Kind::Damaged,
          .code = "InternalError",
          .message = std::string(what),
          .http_status = 500,
          .details = {}};
}

Error bug(std::string_view what) {
  return {.kind = Error::Kind::Bug,
          .code = "InternalError",
          .message = std::string(what),
          .http_status = 500,
          .details = {}};
}

Error system_error(std::string_view what, int error_number) {
  return unavailable(std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace cloche
