#include "transfer/s3/bucket.h"

#include <algorithm>

#include "transfer/s3/listing.h"
#include "transfer/s3/object.h"

namespace cloche::transfer {
namespace {

Value named(std::string_view bucket, Arena& arena) {
  Value input = Value::map();
  input.add(arena, "Bucket", Value::string(arena, bucket));
  return input;
}

}  // namespace

Result<std::vector<std::string>> list_buckets(Client& client) {
  std::vector<std::string> names;
  std::string token;
  do {
    Arena arena;
    Value input = Value::map();
    if (!token.empty()) input.add(arena, "ContinuationToken", Value::string(token));
    CLOCHE_TRY(const answer, client.call_s3("ListBuckets", input, {}, arena));
    for (const Value& bucket : answer["Buckets"].items()) names.push_back(bucket["Name"].str());
    token = answer["ContinuationToken"].str();
  } while (!token.empty());
  std::ranges::sort(names);
  return names;
}

Result<void> set_versioning(Client& client, const Bucket& bucket, std::string_view status) {
  Arena arena;
  Value configuration = Value::map();
  configuration.add(arena, "Status", Value::string(status));
  Value input = named(bucket.name, arena);
  input.add(arena, "VersioningConfiguration", configuration);
  CLOCHE_TRY_VOID(client.call_s3("PutBucketVersioning", input, bucket.region, arena));
  return {};
}

Result<Bucket> describe_bucket(Client& client, const std::string& name) {
  Arena arena;
  Bucket bucket{.name = name, .region = client.endpoint().region, .versioning{}};
  const auto location = client.call_s3("GetBucketLocation", named(name, arena), {}, arena);
  if (location) {
    const std::string_view told = (*location)["LocationConstraint"].text();
    bucket.region = told.empty() ? "us-east-1" : told == "EU" ? "eu-west-1" : std::string(told);
  }
  CLOCHE_TRY(const versioning,
             client.call_s3("GetBucketVersioning", named(name, arena), bucket.region, arena));
  bucket.versioning = versioning["Status"].str();
  const auto lock =
      client.call_s3("GetObjectLockConfiguration", named(name, arena), bucket.region, arena);
  bucket.locks =
      lock && (*lock)["ObjectLockConfiguration"]["ObjectLockEnabled"].text() == "Enabled";
  return bucket;
}

Result<void> make_bucket(Client& client, Bucket& bucket) {
  Arena arena;
  const auto there = client.call_s3("HeadBucket", named(bucket.name, arena), bucket.region, arena);
  if (there) return {};
  if (there.error().http_status != 404) return there.error();
  Value input = named(bucket.name, arena);
  if (bucket.region != "us-east-1") {
    Value configuration = Value::map();
    configuration.add(arena, "LocationConstraint", Value::string(bucket.region));
    input.add(arena, "CreateBucketConfiguration", configuration);
  }
  if (bucket.locks) input.add(arena, "ObjectLockEnabledForBucket", Value::boolean(true));
  CLOCHE_TRY_VOID(client.call_s3("CreateBucket", input, bucket.region, arena));
  bucket.is_new = true;
  return {};
}

Result<void> remove_bucket(Client& client, const std::string& name) {
  CLOCHE_TRY(const bucket, describe_bucket(client, name));
  Arena arena;
  CLOCHE_TRY(const uploads,
             client.call_s3("ListMultipartUploads", named(name, arena), bucket.region, arena));
  for (const Value& upload : uploads["Uploads"].items()) {
    Unsigned abort = object_request(
        "DELETE", {.bucket = name, .key = upload["Key"].str(), .region = bucket.region}, {});
    abort.query.emplace_back("uploadId", upload["UploadId"].str());
    CLOCHE_TRY_VOID(client.ask_s3(std::move(abort), {}, bucket.region));
  }
  VersionListing listing(client, name, bucket.region);
  while (true) {
    CLOCHE_TRY(const next, listing.next());
    if (!next) break;
    const ObjectPlace place{.bucket = name, .key = next->key, .region = bucket.region};
    for (const Version& version : next->versions)
      CLOCHE_TRY_VOID(
          client.ask_s3(object_request("DELETE", place, version.id), {}, bucket.region));
  }
  CLOCHE_TRY_VOID(client.call_s3("DeleteBucket", named(name, arena), bucket.region, arena));
  return {};
}

}  // namespace cloche::transfer
