// The JSON of events, as queues, topics, functions and EventBridge get it. Sources as in events.h.
#pragma once

#include <string>
#include <string_view>

#include "s3/events.h"

namespace cloche::s3 {

struct Happening {
  EventKind kind;
  const BucketRecord& bucket;
  const Cause& cause;
  std::string_view key;
  const ObjectRecord& object;
  Instant at;
  std::int64_t sequence = 0;  // Grows with each event of a bucket: orders events of one time.
  std::string_view extra;
};

inline constexpr std::string_view kEventBridge = "eventbridge";

// "s3:ObjectCreated:Put", as configurations name it.
std::string_view api_name(EventKind kind);

// {"Records": [...]} with the one record.
std::string record_message(const Happening& happening, std::string_view configuration_id);
std::string event_bridge_message(const Happening& happening, std::string_view id);
std::string test_message(const BucketRecord& bucket, const Cause& cause, Instant at);

}  // namespace cloche::s3
