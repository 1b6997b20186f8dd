// PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus.
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/policy_rules.h"
#include "s3/settings.h"

namespace cloche::s3 {

// Stored as it was sent, and given back so.
void put_bucket_policy(S3& s3, const CallPtr& call) {
  const Value& input = call->input();
  if (auto policy = read_bucket_policy(input["Policy"].text(), input["Bucket"].text()); !policy)
    return call->fail(std::move(policy).error());
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Policy, call->input()["Policy"].text()));
    call->set_status(204);  // The model does not say so (recording of AWS, 2025).
    return Value::map();
  });
}

void get_bucket_policy(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const policy, find_setting(*view, bucket, Setting::Policy));
    if (!policy) return no_such_bucket_policy(bucket.name);
    Value output = Value::map();
    output.add(call->arena(), "Policy", Value::string(call->arena(), *policy));
    return output;
  }());
}

void delete_bucket_policy(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY_VOID(erase_setting(txn, bucket, Setting::Policy));
    return Value::map();
  });
}

void get_bucket_policy_status(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const json, find_setting(*view, bucket, Setting::Policy));
    if (!json) return no_such_bucket_policy(bucket.name);
    const auto policy = iam::Policy::parse(*json, iam::Policy::Kind::Resource);
    if (!policy) return damaged("a stored bucket policy can't be read");
    Value status = Value::map();
    status.add(call->arena(), "IsPublic", Value::boolean(is_public(*policy)));
    Value output = Value::map();
    output.add(call->arena(), "PolicyStatus", status);
    return output;
  }());
}

}  // namespace cloche::s3
