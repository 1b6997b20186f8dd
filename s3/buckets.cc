#include <algorithm>

#include "base/digest.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/ownership.h"
#include "s3/settings.h"
#include "s3/tag_rules.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// https://docs.aws.amazon.com/general/latest/gr/s3.html, the aws partition.
constexpr std::string_view kRegions[] = {
    "af-south-1",     "ap-east-1",      "ap-east-2",      "ap-northeast-1", "ap-northeast-2",
    "ap-northeast-3", "ap-south-1",     "ap-south-2",     "ap-southeast-1", "ap-southeast-2",
    "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
    "ca-central-1",   "ca-west-1",      "eu-central-1",   "eu-central-2",   "eu-north-1",
    "eu-south-1",     "eu-south-2",     "eu-west-1",      "eu-west-2",      "eu-west-3",
    "il-central-1",   "me-central-1",   "me-south-1",     "mx-central-1",   "sa-east-1",
    "us-east-2",      "us-west-1",      "us-west-2"};
constexpr std::string_view kHomeRegion = "us-east-1";

bool is_region(std::string_view name) {
  return std::ranges::find(kRegions, name) != std::end(kRegions);
}

// Where the bucket goes. The endpoint of us-east-1 makes buckets anywhere but has no name for its
// own region; every other endpoint makes them in its own region, which must be said.
// ("CreateBucket", LocationConstraint.)
Result<std::string> region_of_new_bucket(const protocol::Call& call) {
  const Value& constraint = call.input()["CreateBucketConfiguration"]["LocationConstraint"];
  const std::string_view endpoint = call.caller().region;
  if (endpoint == kHomeRegion) {
    if (!constraint) return std::string(kHomeRegion);
    if (constraint.text() == "EU") return std::string("eu-west-1");
    if (!is_region(constraint.text())) return invalid_location_constraint(constraint.text());
    return constraint.str();
  }
  if (constraint.text() == endpoint || (constraint.text() == "EU" && endpoint == "eu-west-1"))
    return std::string(endpoint);
  return illegal_location_constraint(constraint.text());
}

Result<BucketId> next_bucket_id(engine::WriteTxn& txn) {
  const std::string key = bucket_key(kBucketCounter);
  CLOCHE_TRY(const row, txn.get(kCounters, key));
  const BucketId id = row ? Value::string(*row).as_integer(0) + 1 : 1;
  CLOCHE_TRY_VOID(txn.put(kCounters, key, std::to_string(id)));
  return id;
}

Result<bool> has_rows(const engine::ReadView& view, engine::TableId table, BucketId bucket) {
  const auto cursor = view.scan(table, rows_of_bucket(bucket));
  const bool any = cursor->valid();
  CLOCHE_TRY_VOID(cursor->status());
  return any;
}

// Where the bucket is: a directory bucket in a zone, and not at the ends of all regions.
struct Place {
  std::string region, zone;
};

Result<Place> place_of_new_bucket(const protocol::Call& call) {
  CLOCHE_TRY(zone, zone_of_new_bucket(call.input()));
  if (!zone.empty()) return Place{.region = call.caller().region, .zone = std::move(zone)};
  CLOCHE_TRY_VOID(check_bucket_name(call.input()["Bucket"].text()));
  CLOCHE_TRY(region, region_of_new_bucket(call));
  return Place{.region = std::move(region), .zone = {}};
}

std::string location_of(std::string_view name, const Place& place) {
  if (!place.zone.empty())
    return "https://" + std::string(name) + ".s3express-" + place.zone + '.' + place.region +
           ".amazonaws.com/";
  if (place.region == kHomeRegion) return "/" + std::string(name);
  return "http://" + std::string(name) + ".s3.amazonaws.com/";
}

Result<Value> apply_create(engine::WriteTxn& txn, protocol::Call& call, const Place& place,
                           const NewBucketAccess& access) {
  const std::string& region = place.region;
  const std::string_view name = call.input()["Bucket"].text();
  CLOCHE_TRY(const existing, find_bucket_named(txn, name));
  if (existing && existing->account != call.caller().account) return bucket_already_exists(name);
  // In us-east-1 alone creating one's own bucket again succeeds ("CreateBucket",
  // BucketAlreadyOwnedByYou).
  // But not with tags (recording of AWS, 2025-11).
  const Value& tags = call.input()["CreateBucketConfiguration"]["Tags"];
  if (existing && (existing->is_directory() || existing->region != kHomeRegion ||
                   region != kHomeRegion || !tags.empty()))
    return bucket_already_owned_by_you(name);
  // "...returns 200 OK and resets the bucket ACLs" (CreateBucket, BucketAlreadyOwnedByYou).
  BucketRecord bucket;
  if (existing) {
    bucket = *existing;
    CLOCHE_TRY_VOID(apply_bucket_acl(txn, bucket, access.acl));
  } else {
    CLOCHE_TRY(const id, next_bucket_id(txn));
    bucket.id = id;
    bucket.account = call.caller().account;
    bucket.region = region;
    bucket.zone = place.zone;
    bucket.eu = call.input()["CreateBucketConfiguration"]["LocationConstraint"].text() == "EU";
    bucket.created = txn.now();
    bucket.name = name;
    // Object Lock works on versions only, so that it brings versioning along.
    const bool locks = call.input()["ObjectLockEnabledForBucket"].as_bool();
    if (locks) bucket.versioning = Versioning::Enabled;
    CLOCHE_TRY_VOID(txn.put(kBuckets, bucket_key(name), encode(bucket)));
    CLOCHE_TRY_VOID(apply_bucket_access(txn, bucket, access));
    if (locks) {
      CLOCHE_TRY_VOID(
          put_setting(txn, bucket, Setting::ObjectLock, R"({"ObjectLockEnabled":"Enabled"})"));
    }
    if (!tags.empty()) {
      Value tagging = Value::map();
      tagging.add(call.arena(), "TagSet", tags);
      CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Tagging, tagging));
    }
  }
  Value output = Value::map();
  output.add(call.arena(), "BucketArn", Value::string(call.arena(), arn_of_bucket(bucket)));
  output.add(call.arena(), "Location", Value::string(call.arena(), location_of(name, place)));
  return output;
}

Result<Value> apply_delete(engine::WriteTxn& txn, const protocol::Call& call) {
  CLOCHE_TRY(const bucket, find_bucket(txn, call.input()));
  CLOCHE_TRY(const objects, has_rows(txn, kObjects, bucket.id));
  CLOCHE_TRY(const versions, has_rows(txn, kVersions, bucket.id));
  if (objects || versions)
    return bucket_not_empty(bucket.name, bucket.versioning != Versioning::Off);
  CLOCHE_TRY_VOID(txn.erase(kBuckets, bucket_key(bucket.name)));
  CLOCHE_TRY_VOID(erase_settings(txn, bucket));
  CLOCHE_TRY_VOID(erase_events(txn, bucket.id));
  // Ids are never given out twice, so what uploads left can go later.
  CLOCHE_TRY(const uploads, has_rows(txn, kUploads, bucket.id));
  if (uploads)
    CLOCHE_TRY_VOID(txn.later(
        {.kind = std::string(kRemoveUploads), .payload = std::to_string(bucket.id), .due = {}}));
  return Value::map();
}

Value describe_bucket(Arena& arena, const BucketRecord& bucket, bool with_region) {
  Value item = Value::map();
  item.add(arena, "Name", Value::string(arena, bucket.name));
  item.add(arena, "CreationDate", Value::timestamp(bucket.created));
  if (with_region) item.add(arena, "BucketRegion", Value::string(arena, bucket.region));
  item.add(arena, "BucketArn", Value::string(arena, arn_of_bucket(bucket)));
  return item;
}

}  // namespace

void create_bucket(S3& s3, const CallPtr& call) {
  auto place = place_of_new_bucket(*call);
  if (auto checked = check_bucket_tags(call->input()["CreateBucketConfiguration"]["Tags"], true);
      place && !checked)
    return call->fail(std::move(checked).error());
  if (!place) return call->fail(std::move(place).error());
  auto access = plan_bucket_access(s3, *call);
  if (!access) return call->fail(std::move(access).error());
  commit(s3, call,
         [call, place = *std::move(place), access = *std::move(access)](engine::WriteTxn& txn) {
           return apply_create(txn, *call, place, access);
         });
}

void delete_bucket(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) { return apply_delete(txn, *call); });
}

void head_bucket(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*s3.store().view(), call->input()));
    Arena& arena = call->arena();
    Value output = Value::map();
    output.add(arena, "BucketArn", Value::string(arena, arn_of_bucket(bucket)));
    if (bucket.is_directory()) {
      output.add(arena, "BucketLocationType",
                 Value::string(bucket.zone.find("-az") == bucket.zone.rfind('-') &&
                                       bucket.zone.find('-') == bucket.zone.rfind('-')
                                   ? "AvailabilityZone"
                                   : "LocalZone"));
      output.add(arena, "BucketLocationName", Value::string(arena, bucket.zone));
    }
    output.add(arena, "BucketRegion", Value::string(arena, bucket.region));
    output.add(arena, "AccessPointAlias", Value::boolean(false));
    call->set_header("Content-Type", "application/xml");  // Of no body (recorded, 2026-02).
    return output;
  }());
}

void list_buckets(S3& s3, const CallPtr& call) {
  const Value& input = call->input();
  Arena& arena = call->arena();
  const auto list = [&]() -> Result<Value> {
    const std::string_view prefix = input["Prefix"].text();
    const std::string_view region = input["BucketRegion"].text();
    const bool paged = input["MaxBuckets"].present() || input["ContinuationToken"].present() ||
                       !prefix.empty() || !region.empty();
    const std::int64_t max = input["MaxBuckets"].as_integer(kListBucketsMax);
    if (!region.empty() && region != kHomeRegion && !is_region(region)) {
      return invalid_argument(
          "Argument value " + std::string(region) + " is not a valid AWS Region", "bucket-region");
    }
    std::string after;
    if (const Value& token = input["ContinuationToken"];
        token && !from_base64(token.text(), after)) {
      return invalid_argument("The continuation token provided is incorrect", "continuation-token");
    }
    const auto view = s3.store().view();
    engine::KeyRange range{.from = engine::KeyWriter().text_prefix(prefix).take(),
                           .to = engine::KeyWriter().text_prefix(prefix).after().take()};
    if (!after.empty()) range.from = engine::KeyWriter().text(after).after().take();
    Value buckets = Value::list();
    std::string last;
    const auto cursor = view->scan(kBuckets, range);
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(const bucket,
                 decode_bucket(engine::KeyReader(cursor->key()).text(), cursor->value()));
      if (bucket.is_directory()) continue;  // ListDirectoryBuckets has them.
      if (bucket.account != call->caller().account || (!region.empty() && bucket.region != region))
        continue;
      if (static_cast<std::int64_t>(buckets.size()) == max) break;
      buckets.push(arena, describe_bucket(arena, bucket, paged));
      last = bucket.name;
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    add_owner(output, arena, "Owner", call->caller().account);
    output.add(arena, "Buckets", buckets);
    if (cursor->valid())
      output.add(arena, "ContinuationToken", Value::string(arena, to_base64(as_bytes(last))));
    if (!prefix.empty()) output.add(arena, "Prefix", Value::string(prefix));
    return output;
  };
  answer(call, list());
}

void get_bucket_location(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*s3.store().view(), call->input()));
    Value output = Value::map();
    if (bucket.region != kHomeRegion)
      output.add(call->arena(), "LocationConstraint",
                 Value::string(call->arena(), bucket.eu ? "EU" : bucket.region));
    return output;
  }());
}

void put_bucket_versioning(S3& s3, const CallPtr& call) {
  const std::string_view status = call->input()["VersioningConfiguration"]["Status"].text();
  // Recording of AWS, 2025: no state is another error than one that there is not.
  if (status.empty()) return call->fail(illegal_versioning_configuration());
  if (status != "Enabled" && status != "Suspended") return call->fail(malformed_xml());
  commit(s3, call, [call, enabled = status == "Enabled"](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    if (!enabled && bucket.has(Setting::ObjectLock)) {
      return invalid_bucket_state(
          "An Object Lock configuration is present on this bucket, so the versioning state cannot "
          "be "
          "changed.");
    }
    bucket.versioning = enabled ? Versioning::Enabled : Versioning::Suspended;
    CLOCHE_TRY_VOID(txn.put(kBuckets, bucket_key(bucket.name), encode(bucket)));
    return Value::map();
  });
}

void get_bucket_versioning(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*s3.store().view(), call->input()));
    Value output = Value::map();
    if (bucket.versioning == Versioning::Enabled)
      output.add(call->arena(), "Status", Value::string("Enabled"));
    if (bucket.versioning == Versioning::Suspended)
      output.add(call->arena(), "Status", Value::string("Suspended"));
    return output;
  }());
}

}  // namespace cloche::s3
