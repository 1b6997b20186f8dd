// Configurations that are a switch or are just kept: acceleration and ABAC. What they would
// speed up or judge is not imitated.
#include "s3/errors.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

Result<void> check_accelerate(const protocol::Call& call, const Value& configuration) {
  if (call.input()["Bucket"].text().contains('.'))
    return invalid_request(
        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names");
  const std::string_view status = configuration["Status"].text();
  if (status != "Enabled" && status != "Suspended") return malformed_xml();
  return {};
}

Result<void> check_abac(const protocol::Call&, const Value& configuration) {
  const std::string_view status = configuration["Status"].text();
  if (status != "Enabled" && status != "Disabled") return malformed_xml();
  return {};
}

const StoredSetting kAccelerate = {.kind = Setting::Accelerate,
                                   .member = "AccelerateConfiguration",
                                   .output_member = {},
                                   .check = check_accelerate,
                                   .decide = nullptr,
                                   .missing = nullptr};
const StoredSetting kAbac = {.kind = Setting::Abac,
                             .member = "AbacStatus",
                             .output_member = "AbacStatus",
                             .check = check_abac,
                             .decide = nullptr,
                             .missing = nullptr};

}  // namespace

void put_bucket_accelerate(S3& s3, const CallPtr& call) { put_stored(s3, call, kAccelerate); }
void get_bucket_accelerate(S3& s3, const CallPtr& call) { get_stored(s3, call, kAccelerate); }

void put_bucket_abac(S3& s3, const CallPtr& call) { put_stored(s3, call, kAbac); }

// "GetBucketAbac": a bucket that was never asked has it disabled.
void get_bucket_abac(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    Arena& arena = call->arena();
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(status, read_setting(*view, bucket, Setting::Abac, arena));
    if (!status) {
      status = Value::map();
      status.add(arena, "Status", Value::string("Disabled"));
    }
    Value output = Value::map();
    output.add(arena, "AbacStatus", status);
    return output;
  }());
}

}  // namespace cloche::s3
