// Versions of a key: which one a request means, and what putting and deleting do to the others.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html and the
// pages beside it.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "s3/records.h"

namespace cloche::s3 {

// The newest version of a key; nothing if there is none. It may be a delete marker.
Result<std::optional<ObjectRecord>> find_newest(const engine::ReadView& view,
                                                const BucketRecord& bucket, std::string_view key);

// The version that a request means: `version_id` as the client sent it, or the newest one if empty.
// Refuses with NoSuchKey, NoSuchVersion, or InvalidArgument for what can't be a version id. The
// answer may be a delete marker.
Result<ObjectRecord> find_version(const engine::ReadView& view, const BucketRecord& bucket,
                                  std::string_view key, std::string_view version_id);
// The same without errors for what is not there.
Result<std::optional<ObjectRecord>> look_for_version(const engine::ReadView& view,
                                                     const BucketRecord& bucket,
                                                     std::string_view key,
                                                     std::string_view version_id);

// The rank of a version made at this time, where no other has it: later is lower.
inline std::int64_t rank_at(Instant at) {
  return std::numeric_limits<std::int64_t>::max() - at.time_since_epoch().count();
}

// Makes `object` the newest version of `key`: gives it its version id, rank and time, moves or
// replaces what was there as the bucket's versioning says, and releases the blobs of what is gone.
// Its own extents must have been adopted or retained.
Result<ObjectRecord> store_newest(engine::WriteTxn& txn, const BucketRecord& bucket,
                                  std::string_view key, ObjectRecord object);

// Puts a replica, which brings its version id and rank, at its place among the versions of `key`;
// one of the same id is replaced. Its extents must have been retained.
Result<void> store_replica(engine::WriteTxn& txn, const BucketRecord& bucket, std::string_view key,
                           const ObjectRecord& replica);

// Writes a changed record of a version that is there (tags, say).
Result<void> rewrite(engine::WriteTxn& txn, const BucketRecord& bucket, std::string_view key,
                     const ObjectRecord& object);

struct Deleted {
  bool delete_marker = false;  // A marker was made, or the version that was removed was one.
  std::string version_id;  // Of that marker or version, for the answer; "null" where that is its
                           // id; empty if there is none.
};

// DELETE without a version id: removes the object, or puts a delete marker on top, as the bucket's
// versioning says.
Result<Deleted> delete_newest(engine::WriteTxn& txn, const BucketRecord& bucket,
                              std::string_view key);
// DELETE of one version. Deleting what is not there succeeds; AccessDenied if it is locked, where
// `bypass` lifts a lock of governance mode.
Result<Deleted> delete_version(engine::WriteTxn& txn, const BucketRecord& bucket,
                               std::string_view key, std::string_view version_id,
                               bool bypass = false);

Result<void> retain_extents(engine::WriteTxn& txn, const std::vector<Extent>& extents);
Result<void> release_extents(engine::WriteTxn& txn, const std::vector<Extent>& extents);

// The version id as S3 shows it.
inline std::string_view shown_version_id(std::string_view version_id) {
  return version_id.empty() ? std::string_view("null") : version_id;
}

}  // namespace cloche::s3
