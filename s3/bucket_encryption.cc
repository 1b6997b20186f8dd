// A bucket's default encryption. Source: "PutBucketEncryption", "GetBucketEncryption"; texts and the
// default's form from recordings of AWS, 2026-02.
//
// SSE-C is not blocked on new buckets, as in those recordings and for accounts that have used it; since
// April 2026 AWS blocks it for others (docs/decisions/0017).
#include <algorithm>

#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/settings.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kMethods[] = {"AES256", "aws:kms", "aws:kms:dsse"};

Result<void> check_rule(const Value& rule) {
  const Value& by_default = rule["ApplyServerSideEncryptionByDefault"];
  const Value& blocked = rule["BlockedEncryptionTypes"]["EncryptionType"];
  if (!by_default && !blocked) return malformed_xml();
  if (by_default &&
      std::ranges::find(kMethods, by_default["SSEAlgorithm"].text()) == std::end(kMethods))
    return malformed_xml();
  if (by_default["KMSMasterKeyID"] && by_default["SSEAlgorithm"].text() == "AES256") {
    return invalid_argument(
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
        "aws:kms:dsse",
        "ApplyServerSideEncryptionByDefault");
  }
  for (const Value& type : blocked.items()) {
    if (type.text() != "NONE" && type.text() != "SSE-C") return malformed_xml();
  }
  return {};
}

// What was put, and of what was not said: the default that was there, and that bucket keys are off.
Value completed(Arena& arena, const Value& rule, const Value& before) {
  Value by_default = rule["ApplyServerSideEncryptionByDefault"];
  if (!by_default) by_default = before["ApplyServerSideEncryptionByDefault"];
  if (!by_default) {
    by_default = Value::map();
    by_default.add(arena, "SSEAlgorithm", Value::string("AES256"));
  }
  Value whole = Value::map();
  whole.add(arena, "ApplyServerSideEncryptionByDefault", by_default);
  whole.add(arena, "BucketKeyEnabled", Value::boolean(rule["BucketKeyEnabled"].as_bool()));
  const Value& blocked = rule["BlockedEncryptionTypes"];
  // Leaving it out does not lift a block (seen on AWS, 2026-04).
  if (const Value& kept = blocked ? blocked : before["BlockedEncryptionTypes"])
    whole.add(arena, "BlockedEncryptionTypes", kept);
  return whole;
}

Value configuration_of(Arena& arena, const Value& rule) {
  Value rules = Value::list();
  rules.push(arena, rule);
  Value configuration = Value::map();
  configuration.add(arena, "Rules", rules);
  return configuration;
}

}  // namespace

void put_bucket_encryption(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    CLOCHE_TRY(bucket, find_bucket(txn, input));
    const Value& rules = input["ServerSideEncryptionConfiguration"]["Rules"];
    if (rules.size() != 1) return malformed_xml();
    const Value& rule = rules.items().front();
    CLOCHE_TRY_VOID(check_rule(rule));
    CLOCHE_TRY(const before, read_setting(txn, bucket, Setting::Encryption, arena));
    const auto old_rules = before["Rules"].items();
    const Value whole = completed(arena, rule, old_rules.empty() ? Value() : old_rules.front());
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Encryption, configuration_of(arena, whole)));
    return Value::map();
  });
}

void get_bucket_encryption(S3& s3, const CallPtr& call) {
  answer(call, [&]() -> Result<Value> {
    Arena& arena = call->arena();
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(configuration, read_setting(*view, bucket, Setting::Encryption, arena));
    if (!configuration) configuration = configuration_of(arena, completed(arena, Value(), Value()));
    Value output = Value::map();
    output.add(arena, "ServerSideEncryptionConfiguration", configuration);
    return output;
  }());
}

void delete_bucket_encryption(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY_VOID(erase_setting(txn, bucket, Setting::Encryption));
    return Value::map();
  });
}

}  // namespace cloche::s3
