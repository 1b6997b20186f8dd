// S3's rows. Keys are drawn here, values in records.h.
//
//   s3_buckets   (name)                      one per bucket; names are global, as on AWS
//   s3_objects   (bucket, key)               what a plain GET finds: the newest version, unless it
//                                            is a delete marker
//   s3_versions  (bucket, key, rank)         all older versions and all delete markers, newest first
//   s3_uploads   (bucket, key, upload_id)    multipart uploads in progress, by key and then by time
//   s3_parts     (bucket, upload_id, number) their parts
//   s3_counters  (name)                      the last bucket id given out
//   s3_bucket_settings (bucket, kind, id)    configurations of buckets, drawn in settings.h
//   s3_events    (bucket, number)            events that wait for delivery, drawn in events.h
//
// So a bucket without versioning has one row per object, a listing walks just the rows that it may
// show, and the newest version of a key is found without knowing how many there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/key.h"
#include "engine/schema.h"

namespace cloche::s3 {

inline constexpr engine::TableId kBuckets = 100;
inline constexpr engine::TableId kObjects = 101;
inline constexpr engine::TableId kVersions = 102;
inline constexpr engine::TableId kUploads = 103;
inline constexpr engine::TableId kParts = 104;
inline constexpr engine::TableId kCounters = 105;
inline constexpr engine::TableId kSettings = 106;
inline constexpr engine::TableId kEvents = 107;

// The row of s3_counters with the last bucket id.
inline constexpr std::string_view kBucketCounter = "bucket";

std::vector<engine::TableSpec> tables();

using BucketId = std::int64_t;

std::string bucket_key(std::string_view name);
std::string object_key(BucketId bucket, std::string_view key);
// `rank` falls as time goes on (rank_after), so that the newest version comes first.
std::string version_key(BucketId bucket, std::string_view key, std::int64_t rank);
std::string upload_key(BucketId bucket, std::string_view key, std::string_view upload_id);
std::string part_key(BucketId bucket, std::string_view upload_id, std::int64_t number);

// All rows of a bucket in a table whose first column is the bucket.
engine::KeyRange rows_of_bucket(BucketId bucket);
engine::KeyRange versions_of_key(BucketId bucket, std::string_view key);
engine::KeyRange parts_of_upload(BucketId bucket, std::string_view upload_id);

// The object key in an s3_objects, s3_versions or s3_uploads row's key.
std::string key_of_row(std::string_view row_key);

}  // namespace cloche::s3
