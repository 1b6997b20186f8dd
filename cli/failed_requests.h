// The requests that failed of late, in memory: what `cloche log` can't show otherwise, since the log holds what
// changed something. They are gone with the process.
//
// What is kept of one names who asked for what and how it was refused: no body, no query (which may be signed), no
// header, no access key, and no message, which may quote any of these. The oldest go when there are more than
// kCountMax or, together, more than kBytesMax.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/mutex.h"
#include "base/strong.h"
#include "protocol/protocol.h"

namespace cloche::cli {

struct FailedRequest {
  Instant time{};  // By the environment's clock.
  Lsn lsn{0};      // The newest record then: it failed after that.
  // "s3.GetObject"; the request line without its query where no operation is known.
  std::string operation;
  std::string
      resource;  // "bucket/key", a table's name, ...; empty if the request did not come so far.
  std::string account, region;
  std::string code;  // "NoSuchKey"
  std::string request_id;
  int status = 0;
  std::chrono::microseconds took{0};
};

// Safe to use from any thread.
class FailedRequests {
 public:
  static constexpr std::size_t kCountMax = 1'000;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  void add(FailedRequest request);
  // Newest first, until `show` answers false. How many there were beyond those that are kept.
  std::uint64_t read(const std::function<bool(const FailedRequest&)>& show) const;

 private:
  mutable Mutex mutex_;
  std::deque<FailedRequest> kept_ CLOCHE_GUARDED_BY(mutex_);
  std::size_t bytes_ CLOCHE_GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_ CLOCHE_GUARDED_BY(mutex_) = 0;
};

// What is kept of a request as the server tells it (protocol::FailureSink).
FailedRequest failed_request(const protocol::Finished& finished, std::string_view asked,
                             const Value& input, Instant time, Lsn lsn);

}  // namespace cloche::cli
