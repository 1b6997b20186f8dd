// Replication: what a bucket's rules name is copied into other buckets of this Cloche, with its
// version id, soon after it was written.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
// and the pages around it; texts from recordings of AWS, 2023.
//
// A new object that a rule takes is PENDING; work queued in its transaction makes the replicas
// (REPLICA, by extents: no bytes move) and says COMPLETED or FAILED. Replicas are not replicated
// further. Tags that change are sent on. A destination counts as AWS's would in any region and
// account; the role is not asked for leave.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/engine.h"
#include "s3/records.h"

namespace cloche::s3 {

inline constexpr std::string_view kPending = "PENDING";
inline constexpr std::string_view kReplica = "REPLICA";

// Before a new object is stored: makes it PENDING if a rule takes it. A bucket without rules pays
// one test of a bit.
Result<void> plan_replication(const engine::ReadView& view, const BucketRecord& bucket,
                              std::string_view key, ObjectRecord& object);

// After a version was stored or its tags were changed, or a delete marker was made: queues its
// replication if it is wanted.
Result<void> replicate_later(engine::WriteTxn& txn, const BucketRecord& bucket,
                             std::string_view key, const ObjectRecord& version);

inline constexpr std::string_view kReplicationWork = "s3.replicate";
Result<void> replication_step(engine::WriteTxn& txn, const std::string& payload);

}  // namespace cloche::s3
