// Events of objects: what happened is told to those whom the bucket's notification configuration
// names, in the transaction that made it happen.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html,
// "Event message structure", "EventBridge event message structure"; members and versions from
// recordings of AWS, 2022 to 2025.
//
// An event is a row of s3_events until somebody delivers it: (bucket, number), with the destination
// and the whole message. The services that take messages (SQS, SNS, Lambda, EventBridge) are not
// there yet, so rows stay; the newest kUndeliveredMax of each bucket are kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/records.h"
#include "s3/replication.h"

namespace cloche::s3 {

enum class EventKind : std::uint8_t {
  CreatedPut,
  CreatedPost,
  CreatedCopy,
  CreatedComplete,  // CompleteMultipartUpload.
  RemovedDelete,
  RemovedMarker,  // A delete marker was made.
  RestorePost,
  RestoreCompleted,
  RestoreDelete,  // The restored copy has gone.
  TaggingPut,
  TaggingDelete,
  AclPut,
  ExpirationDelete,  // By lifecycle.
  ExpirationMarker,
  Transition,
};

// Who made it happen.
struct Cause {
  std::string account;  // Who asked; empty: S3 itself.
  std::string request_id, host_id, source_ip;
};
Cause cause_of(const protocol::Call& call);
Cause cause_of_lifecycle(engine::WriteTxn& txn);

// What it happened to. A bucket that has no interest in events pays one test of a bit. Call it after
// the change, with the object as it is now; of what was removed key and version id are enough.
// `extra` is a part of a record that only some kinds have, as JSON members ("glacierEventData").
Result<void> record_event(engine::WriteTxn& txn, const BucketRecord& bucket, EventKind kind,
                          const Cause& cause, std::string_view key, const ObjectRecord& object,
                          std::string_view extra = {});

// For a bucket without notifications the cause need not be put together.
inline bool wants_events(const BucketRecord& bucket) { return bucket.has(Setting::Notification); }

// The same for what a request did, and its replication.
inline Result<void> tell(engine::WriteTxn& txn, const BucketRecord& bucket, EventKind kind,
                         const protocol::Call& call, std::string_view key,
                         const ObjectRecord& object) {
  CLOCHE_TRY_VOID(replicate_later(txn, bucket, key, object));
  if (!wants_events(bucket)) return {};
  return record_event(txn, bucket, kind, cause_of(call), key, object);
}

// One test message for each queue and topic, as a new configuration sends them.
Result<void> record_test_events(engine::WriteTxn& txn, const BucketRecord& bucket,
                                const Value& configuration, const Cause& cause);

// Of each bucket: 1,000 messages of about 800 bytes, so that a bucket with an unreachable
// destination holds less than a MiB of them, and deleting it fits a transaction.
inline constexpr std::int64_t kUndeliveredMax = 1000;

struct Undelivered {
  std::int64_t number = 0;
  std::string destination;  // An ARN, or "eventbridge".
  std::string message;      // JSON, as the destination gets it.
};
// The oldest first, at most `max`.
Result<std::vector<Undelivered>> undelivered_events(const engine::ReadView& view, BucketId bucket,
                                                    std::size_t max);
Result<void> erase_event(engine::WriteTxn& txn, BucketId bucket, std::int64_t number);
Result<void> erase_events(engine::WriteTxn& txn, BucketId bucket);

}  // namespace cloche::s3
