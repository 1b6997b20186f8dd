// Copies what another endpoint has into a running Cloche, through the public API of both sides.
//
// Buckets come with their settings and all versions of all keys, oldest first, each with its
// metadata, tags, class, locks and checksum, and in the parts that it was made of, so that ETags are
// the same. Tables come with keys, indexes, throughput, tags, stream, time to live and items. What no
// public API can set is new: version ids, times, stream records. Bodies and pages stream: memory does
// not grow with what is copied.
//
// A second run goes on: keys whose versions are there are passed over by comparing listings, tables
// by a state file that keeps how far each scan came.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "transfer/aws/client.h"
#include "transfer/progress.h"

namespace cloche::transfer {

struct PullWish {
  Endpoint from, to;
  std::vector<std::string> services;  // "s3", "dynamodb"
  std::vector<std::string> only;      // "s3:bucket", "dynamodb:table"; empty: all.
  std::string state_file;             // Empty: how far tables are is not kept.
  int threads = 8;
};

// Refused or Unavailable where nothing could be begun, "Cancelled" where the stop of both sides was set; what failed on the way is in `progress`.
Result<void> pull(Env& env, const PullWish& wish, Progress& progress);

// Where the state of a pull between those two is kept if the caller does not say.
std::string usual_state_file(const std::string& from, const std::string& to);

}  // namespace cloche::transfer
