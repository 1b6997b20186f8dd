// Requests refused for their throughput: what a table or index was provisioned with
// (--dynamodb-throttle), and by chance, as LocalStack's DYNAMODB_ERROR_PROBABILITY has it.
//
// What a table does not use is kept for 300 seconds ("Burst capacity", Developer Guide). A request
// is let in while anything is left, and is charged with what it has consumed, so that one large
// request can leave a debt; the next ones wait until it is paid. A write is let in only if the
// table's global indexes have something left too. Tables on demand are never limited.
//
// Service::throttle is null unless asked for, and that is all that it costs then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/mutex.h"
#include "dynamodb/dynamodb.h"
#include "dynamodb/operation/capacity.h"

namespace cloche::dynamodb {

inline constexpr std::int64_t kBurstSeconds = 300;

class Throttle {
 public:
  enum class Kind : std::uint8_t { Read, Write };

  // `now` is the engine's clock. Safe to use from any thread.
  Throttle(const ThrottleOptions& options, std::function<Instant()> now)
      : options_(options), now_(std::move(now)) {}

  // Refuses with ProvisionedThroughputExceededException when nothing is left. `index` is that of a
  // read, or null.
  Result<void> admit(const Table& table, const Index* index, Kind kind);
  void charge(const Table& table, const ConsumedHalves& consumed, Kind kind);

  // Whether chance refuses an operation ("PutItem"), or one item of a batch.
  bool draws(std::string_view operation) const;

 private:
  struct Bucket {
    double halves = 0;  // Less than nothing: a debt.
    Instant filled{};
  };
  Bucket& bucket(std::int64_t id, Kind kind, std::int64_t units, Instant made)
      CLOCHE_REQUIRES(mutex_);

  const ThrottleOptions options_;
  const std::function<Instant()> now_;
  Mutex mutex_;
  std::map<std::pair<std::int64_t, Kind>, Bucket> buckets_ CLOCHE_GUARDED_BY(mutex_);
};

// Nothing, or the refusal of `throttle` for a table that is written.
inline Result<void> admit_write(Throttle* throttle, const Table& table) {
  return throttle == nullptr ? Result<void>()
                             : throttle->admit(table, nullptr, Throttle::Kind::Write);
}

}  // namespace cloche::dynamodb
