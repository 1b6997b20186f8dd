#include "base/error.h"

#include <system_error>

namespace cloche {

Error refused(int http_status, std::string_view code, std::string message,
              std::vector<std::pair<std::string, std::string>> details) {
  return {.kind = Error::Kind::Refused,
          .code = std::string(code),
          .message = std::move(message),
          .http_status = http_status,
          .details = std::move(details)};
}

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
