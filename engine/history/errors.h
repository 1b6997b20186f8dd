// Refusals of what is asked of the history, and the end of a walk through it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/strong.h"
#include "wal/log.h"

namespace cloche::engine {

inline Error refusal(std::string_view code, std::string message, int http_status = 400) {
  return refused(http_status, code, std::move(message));
}

// Ends a walk through the log early. Told from true errors by the caller's own flag.
inline Error enough() { return unavailable("enough"); }

// Whether the log holds all that leads from `head` back to `to`.
inline Result<void> check_point(const wal::Log& log, Lsn head, Lsn to) {
  if (to > head) {
    return refusal("PointInTheFuture", "the history ends at lsn " + std::to_string(head.value()) +
                                           ", there is no " + std::to_string(to.value()));
  }
  const Lsn oldest = log.oldest();
  if (to == head || to.value() + 1 >= oldest.value()) return {};
  return refusal("PointBeforeHistory", "the log begins after lsn " +
                                           std::to_string(oldest.value() - 1) +
                                           ": what was before is not kept");
}

}  // namespace cloche::engine
