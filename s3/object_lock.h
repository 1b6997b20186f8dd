// Object Lock: what keeps a version from being deleted or changed in its lock.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html; texts from recordings
// of AWS, 2026-02.
//
// A bucket has Object Lock if it has the setting of that name (BucketRecord::has), so that all others
// pay nothing.
#pragma once

#include <optional>

#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/records.h"

namespace cloche::s3 {

// What a request that writes an object says about its lock.
struct AskedLock {
  LockMode mode = LockMode::None;
  Instant until{};
  std::optional<bool> legal_hold = {};

  bool any() const { return mode != LockMode::None || legal_hold; }
};

// From the headers of PutObject, CopyObject, CreateMultipartUpload. Refuses with InvalidArgument; a date
// must lie after `now`.
Result<AskedLock> read_lock(const protocol::Call& call, Instant now);

// The lock of a new object: as asked, else by the bucket's default retention, which counts from `now`.
// InvalidRequest if something is asked of a bucket without Object Lock.
Result<Lock> decide_lock(const engine::ReadView& view, const BucketRecord& bucket,
                         const AskedLock& asked, Instant now);

// The members of GET's and HEAD's answers.
void add_lock(Value& output, Arena& arena, const Lock& lock);

// Whether a version may be deleted now. AccessDenied; `bypass` lifts governance and nothing else.
Result<void> check_deletable(const Lock& lock, Instant now, bool bypass);

// x-amz-bypass-governance-retention of a delete, which only a bucket with Object Lock takes. DeleteObjects
// is let through where it names a version: AWS refuses that too, but the teardown of the most used public
// suite of tests sends it to every bucket (docs/conformance.md).
Result<bool> read_bypass(const protocol::Call& call, const BucketRecord& bucket);

}  // namespace cloche::s3
