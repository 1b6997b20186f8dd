#include "s3/versions.h"

#include <algorithm>

#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/names.h"
#include "s3/object_lock.h"

namespace cloche::s3 {
namespace {

// Where a version's row stands.
struct Place {
  ObjectRecord record;
  bool newest_row;  // In s3_objects; else in s3_versions.
};

Result<std::optional<ObjectRecord>> read_object(const engine::ReadView& view, BucketId bucket,
                                                std::string_view key) {
  CLOCHE_TRY(const row, view.get(kObjects, object_key(bucket, key)));
  if (!row) return std::optional<ObjectRecord>();
  CLOCHE_TRY(record, decode_object(*row));
  return std::optional(std::move(record));
}

// The newest row of s3_versions that `wanted` takes.
template <class Wanted>
Result<std::optional<ObjectRecord>> search_versions(const engine::ReadView& view, BucketId bucket,
                                                    std::string_view key, Wanted wanted) {
  const auto cursor = view.scan(kVersions, versions_of_key(bucket, key));
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(record, decode_object(cursor->value()));
    if (wanted(record)) return std::optional(std::move(record));
  }
  CLOCHE_TRY_VOID(cursor->status());
  return std::optional<ObjectRecord>();
}

Result<std::optional<Place>> find_place(const engine::ReadView& view, const BucketRecord& bucket,
                                        std::string_view key, std::string_view version_id) {
  const std::string_view stored_id = version_id == "null" ? std::string_view() : version_id;
  CLOCHE_TRY(newest, read_object(view, bucket.id, key));
  if (newest && newest->version_id == stored_id)
    return std::optional(Place{std::move(*newest), true});
  if (bucket.versioning == Versioning::Off) return std::optional<Place>();

  std::int64_t rank = 0;
  if (rank_of_version_id(stored_id, rank)) {
    CLOCHE_TRY(const row, view.get(kVersions, version_key(bucket.id, key, rank)));
    if (!row) return std::optional<Place>();
    CLOCHE_TRY(record, decode_object(*row));
    if (record.version_id != stored_id) return std::optional<Place>();
    return std::optional(Place{std::move(record), false});
  }
  CLOCHE_TRY(null_version, search_versions(view, bucket.id, key, [](const ObjectRecord& record) {
               return record.version_id.empty();
             }));
  if (!null_version) return std::optional<Place>();
  return std::optional(Place{std::move(*null_version), false});
}

// Ranks fall with time, and always below those that are there: the clock may stand still or be set
// back.
Result<std::int64_t> next_rank(const engine::WriteTxn& txn, const BucketRecord& bucket,
                               std::string_view key) {
  const std::int64_t by_clock = rank_at(txn.now());
  CLOCHE_TRY(const newest, find_newest(txn, bucket, key));
  return newest ? std::min(by_clock, newest->rank - 1) : by_clock;
}

Result<void> put_version_row(engine::WriteTxn& txn, BucketId bucket, std::string_view key,
                             const ObjectRecord& record) {
  return txn.put(kVersions, version_key(bucket, key, record.rank), encode(record));
}

Result<void> erase_place(engine::WriteTxn& txn, BucketId bucket, std::string_view key,
                         const Place& place) {
  CLOCHE_TRY_VOID(release_extents(txn, place.record.extents));
  if (place.newest_row) return txn.erase(kObjects, object_key(bucket, key));
  return txn.erase(kVersions, version_key(bucket, key, place.record.rank));
}

Result<void> erase_null_version(engine::WriteTxn& txn, const BucketRecord& bucket,
                                std::string_view key) {
  CLOCHE_TRY(const place, find_place(txn, bucket, key, "null"));
  if (!place) return {};
  return erase_place(txn, bucket.id, key, *place);
}

// What was newest becomes an older version.
Result<void> step_back(engine::WriteTxn& txn, BucketId bucket, std::string_view key) {
  CLOCHE_TRY(const newest, read_object(txn, bucket, key));
  if (!newest) return {};
  CLOCHE_TRY_VOID(put_version_row(txn, bucket, key, *newest));
  return txn.erase(kObjects, object_key(bucket, key));
}

// After a version went: if the newest that is left is an object, a plain GET must find it again.
Result<void> promote(engine::WriteTxn& txn, BucketId bucket, std::string_view key) {
  CLOCHE_TRY(const newest, read_object(txn, bucket, key));
  if (newest) return {};
  CLOCHE_TRY(const next,
             search_versions(txn, bucket, key, [](const ObjectRecord&) { return true; }));
  if (!next || next->delete_marker) return {};
  CLOCHE_TRY_VOID(txn.erase(kVersions, version_key(bucket, key, next->rank)));
  return txn.put(kObjects, object_key(bucket, key), encode(*next));
}

// Of a version that is not there: could it have been? A bucket that never had versions has but one, "null".
Result<void> check_version_id(const BucketRecord& bucket, std::string_view version_id) {
  if (version_id == "null") return {};
  if (bucket.versioning != Versioning::Off && is_version_id(version_id)) return {};
  return invalid_argument("Invalid version id specified", "versionId", version_id);
}

std::string new_version_id(engine::WriteTxn& txn, std::int64_t rank) {
  return make_version_id(rank, txn.ids().from_alphabet(kIdAlphabet, kVersionIdTail));
}

}  // namespace

Result<void> retain_extents(engine::WriteTxn& txn, const std::vector<Extent>& extents) {
  for (const Extent& extent : extents) CLOCHE_TRY_VOID(txn.retain(extent.blob));
  return {};
}

Result<void> release_extents(engine::WriteTxn& txn, const std::vector<Extent>& extents) {
  for (const Extent& extent : extents) CLOCHE_TRY_VOID(txn.release(extent.blob));
  return {};
}

Result<std::optional<ObjectRecord>> find_newest(const engine::ReadView& view,
                                                const BucketRecord& bucket, std::string_view key) {
  CLOCHE_TRY(newest, read_object(view, bucket.id, key));
  if (newest || bucket.versioning == Versioning::Off) return newest;
  return search_versions(view, bucket.id, key, [](const ObjectRecord&) { return true; });
}

Result<std::optional<ObjectRecord>> look_for_version(const engine::ReadView& view,
                                                     const BucketRecord& bucket,
                                                     std::string_view key,
                                                     std::string_view version_id) {
  if (version_id.empty()) return find_newest(view, bucket, key);
  CLOCHE_TRY(place, find_place(view, bucket, key, version_id));
  if (!place) return std::optional<ObjectRecord>();
  return std::optional(std::move(place->record));
}

Result<ObjectRecord> find_version(const engine::ReadView& view, const BucketRecord& bucket,
                                  std::string_view key, std::string_view version_id) {
  CLOCHE_TRY(found, look_for_version(view, bucket, key, version_id));
  if (found) return std::move(*found);
  if (version_id.empty()) return no_such_key(key);
  CLOCHE_TRY_VOID(check_version_id(bucket, version_id));
  return no_such_version(key, version_id);
}

Result<ObjectRecord> store_newest(engine::WriteTxn& txn, const BucketRecord& bucket,
                                  std::string_view key, ObjectRecord object) {
  object.modified = txn.now();
  if (bucket.is_directory()) {
    // "The ETag is a random alphanumeric string and not an MD5 checksum."
    object.etag = txn.ids().from_alphabet("0123456789abcdef", 32);
    object.headers.storage_class = kExpressClass;
  }
  if (bucket.versioning == Versioning::Off) {
    CLOCHE_TRY(const before, read_object(txn, bucket.id, key));
    if (before) CLOCHE_TRY_VOID(release_extents(txn, before->extents));
  } else {
    CLOCHE_TRY(const rank, next_rank(txn, bucket, key));
    object.rank = rank;
    if (bucket.versioning == Versioning::Enabled) {
      object.version_id = new_version_id(txn, rank);
    } else {
      CLOCHE_TRY_VOID(erase_null_version(txn, bucket, key));
    }
    CLOCHE_TRY_VOID(step_back(txn, bucket.id, key));
  }
  if (object.rank == 0) object.rank = rank_at(object.modified);
  CLOCHE_TRY_VOID(txn.put(kObjects, object_key(bucket.id, key), encode(object)));
  return object;
}

Result<void> store_replica(engine::WriteTxn& txn, const BucketRecord& bucket, std::string_view key,
                           const ObjectRecord& replica) {
  CLOCHE_TRY(const before, find_place(txn, bucket, key, replica.version_id));
  if (before) {
    CLOCHE_TRY_VOID(release_extents(txn, before->record.extents));
    if (before->newest_row) return txn.put(kObjects, object_key(bucket.id, key), encode(replica));
    return put_version_row(txn, bucket.id, key, replica);
  }
  CLOCHE_TRY(const newest, find_newest(txn, bucket, key));
  if (newest && newest->rank < replica.rank) return put_version_row(txn, bucket.id, key, replica);
  CLOCHE_TRY_VOID(step_back(txn, bucket.id, key));
  if (replica.delete_marker) return put_version_row(txn, bucket.id, key, replica);
  return txn.put(kObjects, object_key(bucket.id, key), encode(replica));
}

Result<void> rewrite(engine::WriteTxn& txn, const BucketRecord& bucket, std::string_view key,
                     const ObjectRecord& object) {
  CLOCHE_TRY(const place, find_place(txn, bucket, key, shown_version_id(object.version_id)));
  if (!place) return no_such_key(key);
  if (place->newest_row) return txn.put(kObjects, object_key(bucket.id, key), encode(object));
  return put_version_row(txn, bucket.id, key, object);
}

Result<Deleted> delete_newest(engine::WriteTxn& txn, const BucketRecord& bucket,
                              std::string_view key) {
  if (bucket.versioning == Versioning::Off) {
    CLOCHE_TRY(const before, read_object(txn, bucket.id, key));
    if (before) CLOCHE_TRY_VOID(erase_place(txn, bucket.id, key, {*before, true}));
    return Deleted{};
  }
  ObjectRecord marker;
  CLOCHE_TRY(const rank, next_rank(txn, bucket, key));
  marker.rank = rank;
  marker.delete_marker = true;
  marker.modified = txn.now();
  if (bucket.versioning == Versioning::Enabled) {
    marker.version_id = new_version_id(txn, rank);
  } else {
    CLOCHE_TRY_VOID(erase_null_version(txn, bucket, key));
  }
  CLOCHE_TRY_VOID(step_back(txn, bucket.id, key));
  CLOCHE_TRY_VOID(put_version_row(txn, bucket.id, key, marker));
  return Deleted{.delete_marker = true,
                 .version_id = std::string(shown_version_id(marker.version_id))};
}

Result<Deleted> delete_version(engine::WriteTxn& txn, const BucketRecord& bucket,
                               std::string_view key, std::string_view version_id, bool bypass) {
  CLOCHE_TRY(const place, find_place(txn, bucket, key, version_id));
  Deleted deleted{.delete_marker = false, .version_id = std::string(version_id)};
  if (!place) {
    CLOCHE_TRY_VOID(check_version_id(bucket, version_id));
    return deleted;
  }
  deleted.delete_marker = place->record.delete_marker;
  CLOCHE_TRY_VOID(check_deletable(place->record.lock, txn.now(), bypass));
  CLOCHE_TRY_VOID(erase_place(txn, bucket.id, key, *place));
  if (bucket.versioning != Versioning::Off) CLOCHE_TRY_VOID(promote(txn, bucket.id, key));
  return deleted;
}

}  // namespace cloche::s3
