// The two halves of a pull (pull.h).
#pragma once

#include <string>
#include <string_view>

#include "transfer/crew.h"
#include "transfer/pull.h"
#include "transfer/pull_state.h"

namespace cloche::transfer {

struct Pull {
  const PullWish& wish;
  Crew& crew;
  Sides& sides;  // The main thread's own.
  Progress& progress;
  PullState& state;

  bool wants(std::string_view service, std::string_view name) const;
};

Result<void> pull_buckets(Pull& pull);
Result<void> pull_tables(Pull& pull);

// "bucket b: AccessDenied: ..."
std::string told(std::string_view what, const Error& error);
// The same in front of an error that goes on.
Error told_of(std::string_view what, Error error);

}  // namespace cloche::transfer
