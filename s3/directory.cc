#include "s3/directory.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/digest.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/limits.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kEnding = "--x-s3";

// "API operations supported for directory buckets".
constexpr std::string_view kWrites[] = {
    "AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload",
    "DeleteObject",         "DeleteObjects",           "PutObject",  "RenameObject",
    "UploadPart",           "UploadPartCopy"};
constexpr std::string_view kReads[] = {"GetObject",  "GetObjectAttributes",  "HeadBucket",
                                       "HeadObject", "ListMultipartUploads", "ListObjectsV2",
                                       "ListParts"};
constexpr std::string_view kOfBuckets[] = {"CreateBucket",
                                           "CreateSession",
                                           "DeleteBucket",
                                           "DeleteBucketEncryption",
                                           "DeleteBucketInventoryConfiguration",
                                           "DeleteBucketLifecycle",
                                           "DeleteBucketMetricsConfiguration",
                                           "DeleteBucketPolicy",
                                           "GetBucketAbac",
                                           "GetBucketEncryption",
                                           "GetBucketInventoryConfiguration",
                                           "GetBucketLifecycleConfiguration",
                                           "GetBucketMetricsConfiguration",
                                           "GetBucketPolicy",
                                           "ListBucketInventoryConfigurations",
                                           "ListBucketMetricsConfigurations",
                                           "PutBucketAbac",
                                           "PutBucketEncryption",
                                           "PutBucketInventoryConfiguration",
                                           "PutBucketLifecycleConfiguration",
                                           "PutBucketMetricsConfiguration",
                                           "PutBucketPolicy"};

// "This functionality is not supported for directory buckets", by member and header.
constexpr std::pair<std::string_view, std::string_view> kUnknownHeaders[] = {
    {"ACL", "x-amz-acl"},
    {"GrantFullControl", "x-amz-grant-full-control"},
    {"GrantRead", "x-amz-grant-read"},
    {"GrantReadACP", "x-amz-grant-read-acp"},
    {"GrantWrite", "x-amz-grant-write"},
    {"GrantWriteACP", "x-amz-grant-write-acp"},
    {"Tagging", "x-amz-tagging"},
    {"WebsiteRedirectLocation", "x-amz-website-redirect-location"},
    {"ObjectLockMode", "x-amz-object-lock-mode"},
    {"ObjectLockRetainUntilDate", "x-amz-object-lock-retain-until-date"},
    {"ObjectLockLegalHoldStatus", "x-amz-object-lock-legal-hold"},
    {"ObjectLockEnabledForBucket", "x-amz-bucket-object-lock-enabled"},
    {"SSECustomerAlgorithm", "x-amz-server-side-encryption-customer-algorithm"},
    {"RequestPayer", "x-amz-request-payer"},
    {"MFA", "x-amz-mfa"},
    {"BypassGovernanceRetention", "x-amz-bypass-governance-retention"},
};

bool is_in(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

Result<void> check_listing(const Value& input) {
  const std::string_view prefix = input["Prefix"].text();
  const std::string_view delimiter = input["Delimiter"].text();
  if (!delimiter.empty() && delimiter != "/")
    return invalid_request("This bucket does not support a delimiter other than '/'.");
  // The text is reported (apache/arrow-rs issue 5140).
  if (!prefix.empty() && !prefix.ends_with('/')) {
    return invalid_request(
        "This bucket does not support a prefix that does not end in a delimiter. Specify a prefix "
        "path ending with a delimiter and try again.");
  }
  if (input["StartAfter"]) return invalid_request("This bucket does not support start-after.");
  return {};
}

}  // namespace

bool only_reads(std::string_view operation) { return is_in(operation, kReads); }

Result<std::string> zone_of_name(std::string_view bucket) {
  const auto refused = [&] { return invalid_bucket_name(bucket); };
  if (!is_directory_name(bucket) || bucket.size() > 63) return refused();
  const std::string_view rest = bucket.substr(0, bucket.size() - kEnding.size());
  const std::size_t dashes = rest.rfind("--");
  if (dashes == std::string_view::npos) return refused();
  const std::string_view base = rest.substr(0, dashes), zone = rest.substr(dashes + 2);
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto allowed = [&](char c) { return plain(c) || c == '-'; };
  const bool good = !base.empty() && plain(base.front()) && plain(base.back()) &&
                    std::ranges::all_of(base, allowed) && !zone.empty() && plain(zone.front()) &&
                    plain(zone.back()) && zone.contains("-az") &&
                    std::ranges::all_of(zone, allowed);
  if (!good) return refused();
  return std::string(zone);
}

std::string arn_of_bucket(const BucketRecord& bucket) {
  if (!bucket.is_directory()) return "arn:aws:s3:::" + bucket.name;
  return "arn:aws:s3express:" + bucket.region + ":" + bucket.account + ":bucket/" + bucket.name;
}

Result<std::string> zone_of_new_bucket(const Value& input) {
  const Value& configuration = input["CreateBucketConfiguration"];
  const Value& kind = configuration["Bucket"];
  const Value& location = configuration["Location"];
  const std::string_view name = input["Bucket"].text();
  if (!kind && !location) return std::string();
  if (configuration["LocationConstraint"] || kind["Type"].text() != "Directory")
    return malformed_xml();
  CLOCHE_TRY(zone, zone_of_name(name));
  const std::string_view type = location["Type"].text();
  const bool local = type == "LocalZone";
  if (!local && type != "AvailabilityZone") return malformed_xml();
  if (kind["DataRedundancy"] &&
      kind["DataRedundancy"].text() != (local ? "SingleLocalZone" : "SingleAvailabilityZone"))
    return malformed_xml();
  if (location["Name"].text() != zone) return invalid_bucket_name(name);
  return zone;
}

Result<void> check_directory_call(const protocol::Call& call) {
  const Value& input = call.input();
  const std::string_view operation = call.operation();
  const bool zonal = is_in(operation, kReads) || is_in(operation, kWrites);
  if (!zonal && !is_in(operation, kOfBuckets)) {
    return method_not_allowed_on(call.http().method(),
                                 input["Key"] ? std::string_view("OBJECT") : "BUCKET");
  }
  // "If you specify this header, the request fails with the HTTP status code 501 Not Implemented."
  if (!zonal && input["ExpectedBucketOwner"])
    return header_not_implemented("x-amz-expected-bucket-owner", "");
  for (const auto& [member, header] : kUnknownHeaders) {
    if (input[member]) return header_not_implemented(header, "");
  }
  // "For this API operation, only the null value of the version ID is supported by directory buckets."
  const Value& version = input["VersionId"];
  if (version && version.text() != "null")
    return invalid_argument("Invalid version id specified", "versionId", version.text());
  if (operation == "ListObjectsV2") return check_listing(input);
  return {};
}

void list_directory_buckets(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    const std::int64_t max = std::min(input["MaxDirectoryBuckets"].as_integer(kListMax), kListMax);
    std::string after;
    if (const Value& token = input["ContinuationToken"];
        token && !from_base64(token.text(), after)) {
      return invalid_argument("The continuation token provided is incorrect", "continuation-token");
    }
    const auto view = s3.store().view();
    engine::KeyRange range;
    if (!after.empty()) range.from = engine::KeyWriter().text(after).after().take();
    Value buckets = Value::list();
    std::string last;
    const auto cursor = view->scan(kBuckets, range);
    for (; cursor->valid(); cursor->next()) {
      const std::string name = engine::KeyReader(cursor->key()).text();
      if (!is_directory_name(name)) continue;
      CLOCHE_TRY(const bucket, decode_bucket(name, cursor->value()));
      // A Regional endpoint knows its own region's.
      if (bucket.account != call->caller().account || bucket.region != call->caller().region)
        continue;
      if (static_cast<std::int64_t>(buckets.size()) == max) break;
      Value item = Value::map();
      item.add(arena, "BucketArn", Value::string(arena, arn_of_bucket(bucket)));
      item.add(arena, "BucketRegion", Value::string(arena, bucket.region));
      item.add(arena, "CreationDate", Value::timestamp(bucket.created));
      item.add(arena, "Name", Value::string(arena, bucket.name));
      buckets.push(arena, item);
      last = bucket.name;
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    output.add(arena, "Buckets", buckets);
    if (cursor->valid() && !last.empty())
      output.add(arena, "ContinuationToken", Value::string(arena, to_base64(as_bytes(last))));
    return output;
  }());
}

}  // namespace cloche::s3
