// PutBucketLogging and GetBucketLogging. Texts: recordings of AWS, 2023.
#include "s3/access_log.h"
#include "s3/errors.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

Result<void> check_logging(const protocol::Call&, const Value& status) {
  const Value& enabled = status["LoggingEnabled"];
  const Value& format = enabled["TargetObjectKeyFormat"];
  if (format && format.size() != 1) return malformed_xml();
  const Value& source = format["PartitionedPrefix"]["PartitionDateSource"];
  if (source && source.text() != "EventTime" && source.text() != "DeliveryTime")
    return malformed_xml();
  return {};
}

Result<void> decide_logging(const engine::ReadView& view, const BucketRecord& bucket,
                            const Value& status) {
  const std::string_view name = status["LoggingEnabled"]["TargetBucket"].text();
  CLOCHE_TRY(const target, find_bucket_named(view, name));
  if (!target) return invalid_logging_target("The target bucket for logging does not exist", name);
  if (target->account != bucket.account)
    return invalid_logging_target(
        "The owner for the bucket to be logged and the target bucket must be the same.", name);
  if (target->region != bucket.region) return cross_location_logging(bucket.region, target->region);
  return {};
}

const StoredSetting kLogging = {.kind = Setting::Logging,
                                .member = "BucketLoggingStatus",
                                .output_member = {},
                                .check = check_logging,
                                .decide = decide_logging,
                                .missing = nullptr};

}  // namespace

void put_bucket_logging(S3& s3, const CallPtr& call) {
  const Value& status = call->input()["BucketLoggingStatus"];
  if (!status) return call->fail(malformed_xml());
  if (!status["LoggingEnabled"]) return delete_stored(s3, call, kLogging);
  s3.access_log().expect();
  put_stored(s3, call, kLogging);
}

void get_bucket_logging(S3& s3, const CallPtr& call) { get_stored(s3, call, kLogging); }

}  // namespace cloche::s3
