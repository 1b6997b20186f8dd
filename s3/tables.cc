#include "s3/tables.h"

namespace cloche::s3 {

using engine::ColumnType;
using engine::KeyRange;
using engine::KeyReader;
using engine::KeyWriter;

std::vector<engine::TableSpec> tables() {
  const engine::Column bucket{"bucket", ColumnType::Integer};
  const engine::Column key{"key", ColumnType::Text};
  const engine::Column upload_id{"upload_id", ColumnType::Text};
  return {
      {kBuckets, "s3_buckets", {{"name", ColumnType::Text}}},
      {kObjects, "s3_objects", {bucket, key}},
      {kVersions, "s3_versions", {bucket, key, {"rank", ColumnType::Integer}}},
      {kUploads, "s3_uploads", {bucket, key, upload_id}},
      {kParts, "s3_parts", {bucket, upload_id, {"number", ColumnType::Integer}}},
      {kCounters, "s3_counters", {{"name", ColumnType::Text}}},
  };
}

std::string bucket_key(std::string_view name) { return KeyWriter().text(name).take(); }

std::string object_key(BucketId bucket, std::string_view key) {
  return KeyWriter().integer(bucket).text(key).take();
}

std::string version_key(BucketId bucket, std::string_view key, std::int64_t rank) {
  return KeyWriter().integer(bucket).text(key).integer(rank).take();
}

std::string upload_key(BucketId bucket, std::string_view key, std::string_view upload_id) {
  return KeyWriter().integer(bucket).text(key).text(upload_id).take();
}

std::string part_key(BucketId bucket, std::string_view upload_id, std::int64_t number) {
  return KeyWriter().integer(bucket).text(upload_id).integer(number).take();
}

KeyRange rows_of_bucket(BucketId bucket) { return KeyRange::of(KeyWriter().integer(bucket)); }

KeyRange versions_of_key(BucketId bucket, std::string_view key) {
  return KeyRange::of(KeyWriter().integer(bucket).text(key));
}

KeyRange parts_of_upload(BucketId bucket, std::string_view upload_id) {
  return KeyRange::of(KeyWriter().integer(bucket).text(upload_id));
}

std::string key_of_row(std::string_view row_key) {
  KeyReader reader(row_key);
  reader.integer();
  return reader.text();
}

}  // namespace cloche::s3
