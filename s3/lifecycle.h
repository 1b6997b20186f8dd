// Lifecycle rules of buckets: what they may be, when they are due, and their execution.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html and the
// pages below it; texts from recordings of AWS, 2023 to 2025.
//
// Days end at midnight: an action of N days is due at the first midnight UTC that is at least N
// days after its event ("How Amazon S3 calculates how long an object has been noncurrent",
// "Understanding ... expire objects"). So rules are looked at when they are put, and then at each
// midnight of the engine's clock, where AWS may be a day late.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/records.h"

namespace cloche::s3 {

// Refuses as PutBucketLifecycleConfiguration does.
Result<void> check_lifecycle(const Value& configuration);

// The first midnight UTC that is `days` whole days after `from`.
Instant due_after(Instant from, std::int64_t days);

// What a rule's filter asks of an object.
struct Subject {
  std::string_view key;
  std::uint64_t size = 0;
  const Pairs& tags;
};
bool rule_takes(const Value& rule, const Subject& subject);

// When the current version goes, and by which rule; nothing if no rule expires it. The earliest
// wins.
struct Expiry {
  Instant at{};
  std::string_view rule_id;
};
std::optional<Expiry> expiry_of(const Value& configuration, const Subject& subject,
                                Instant modified);

// The storage class that a version should have by now; empty if it keeps its own. `since`: when it
// was made, or for a noncurrent one when it was replaced; `newer`: how many newer noncurrent
// versions there are.
std::string_view transition_of(const Value& configuration, const Subject& subject,
                               std::string_view storage_class, Instant since, Instant now);
std::string_view noncurrent_transition_of(const Value& configuration, const Subject& subject,
                                          std::string_view storage_class, Instant since,
                                          std::int64_t newer, Instant now);
// Is a noncurrent version to be removed?
bool noncurrent_expired(const Value& configuration, const Subject& subject, Instant since,
                        std::int64_t newer, Instant now);
// Is a delete marker that stands alone to be removed?
bool marker_expired(const Value& configuration, std::string_view key, Instant modified,
                    Instant now);
// When an upload in progress is aborted, and by which rule.
std::optional<Expiry> abort_of(const Value& configuration, std::string_view key, Instant initiated);

// Adds Expiration (x-amz-expiration) to the output of an operation that shows or made the current
// version, and AbortDate and AbortRuleId to those of uploads. A bucket without rules pays one test
// of a bit.
Result<void> add_expiration(Value& output, Arena& arena, const engine::ReadView& view,
                            const BucketRecord& bucket, std::string_view key,
                            const ObjectRecord& object);
Result<void> add_abort(Value& output, Arena& arena, const engine::ReadView& view,
                       const BucketRecord& bucket, std::string_view key, Instant initiated);

// The work that carries out a bucket's rules, in steps, and comes again at the next midnight.
inline constexpr std::string_view kLifecycleWork = "s3.lifecycle";
Result<void> lifecycle_step(engine::WriteTxn& txn, const std::string& payload);
// Begins it for a configuration that was just put (its Stamp ends the work of an earlier one).
Result<void> start_lifecycle(engine::WriteTxn& txn, const BucketRecord& bucket,
                             std::string_view stamp);

}  // namespace cloche::s3
