#include "s3/tables.h"

#include "s3/describe.h"
#include "s3/records.h"

namespace cloche::s3 {

using engine::ColumnType;
using engine::KeyRange;
using engine::KeyReader;
using engine::KeyWriter;

namespace {

// Each extent counts once. A row that can't be read refers to nothing: the doctor names its blobs
// as counted too often, and whoever reads it says that it is damaged.
template <class Record>
void add_blobs(const Result<Record>& record, std::vector<engine::BlobRef>& references) {
  if (!record) return;
  for (const Extent& extent : record->extents) references.push_back(extent.blob);
}

}  // namespace

std::vector<engine::TableSpec> tables() {
  const engine::Column bucket{"bucket", ColumnType::Integer};
  const engine::Column key{"key", ColumnType::Text};
  const engine::Column upload_id{"upload_id", ColumnType::Text};
  using References = std::vector<engine::BlobRef>;
  const auto of_object = [](std::string_view row, References& references) {
    add_blobs(decode_object(row), references);
  };
  const auto of_part = [](std::string_view row, References& references) {
    add_blobs(decode_part(row), references);
  };
  std::vector<engine::TableSpec> all = {
      {kBuckets, "s3_buckets", {{"name", ColumnType::Text}}},
      {kObjects, "s3_objects", {bucket, key}, of_object},
      {kVersions, "s3_versions", {bucket, key, {"rank", ColumnType::Integer}}, of_object},
      {kUploads, "s3_uploads", {bucket, key, upload_id}},
      {kParts, "s3_parts", {bucket, upload_id, {"number", ColumnType::Integer}}, of_part},
      {kCounters, "s3_counters", {{"name", ColumnType::Text}}},
      {kSettings,
       "s3_bucket_settings",
       {bucket, {"kind", ColumnType::Text}, {"id", ColumnType::Text}}},
      {kEvents, "s3_events", {bucket, {"number", ColumnType::Integer}}},
  };
  for (engine::TableSpec& table : all) table.description = description_of(table.id);
  return all;
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
