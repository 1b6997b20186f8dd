// The public access block of a bucket, and who pays for requests. What they do is judged in
// access.h.
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kFlags[] = {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                                       "RestrictPublicBuckets"};

const StoredSetting kBlock = {.kind = Setting::PublicAccessBlock,
                              .member = "PublicAccessBlockConfiguration",
                              .output_member = "PublicAccessBlockConfiguration",
                              .missing = no_such_public_access_block};

Result<void> check_payer(const protocol::Call&, const Value& configuration) {
  const std::string_view payer = configuration["Payer"].text();
  if (payer != "Requester" && payer != "BucketOwner") return malformed_xml();
  return {};
}

const StoredSetting kPayment = {
    .kind = Setting::RequestPayment, .member = "RequestPaymentConfiguration", .check = check_payer};

}  // namespace

// A flag that is left out is off, and is told as such (recording of AWS, 2025).
void put_public_access_block(S3& s3, const CallPtr& call) {
  const Value& asked = call->input()["PublicAccessBlockConfiguration"];
  if (!asked) return call->fail(malformed_xml());
  std::string json;
  for (const std::string_view flag : kFlags) {
    json += json.empty() ? "{\"" : ",\"";
    json += flag;
    json += asked[flag].as_bool() ? "\":true" : "\":false";
  }
  json += '}';
  commit(s3, call, [call, json = std::move(json)](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::PublicAccessBlock, json));
    return Value::map();
  });
}
void get_public_access_block(S3& s3, const CallPtr& call) { get_stored(s3, call, kBlock); }
void delete_public_access_block(S3& s3, const CallPtr& call) { delete_stored(s3, call, kBlock); }

void put_bucket_request_payment(S3& s3, const CallPtr& call) { put_stored(s3, call, kPayment); }
void get_bucket_request_payment(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(payment, read_setting(*view, bucket, Setting::RequestPayment, call->arena()));
    if (payment) return payment;
    payment = Value::map();
    payment.add(call->arena(), "Payer", Value::string("BucketOwner"));
    return payment;
  }());
}

}  // namespace cloche::s3
