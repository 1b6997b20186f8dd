// PutBucketAcl, GetBucketAcl, PutObjectAcl, GetObjectAcl.
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/names.h"
#include "s3/ownership.h"
#include "s3/settings.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// Owner is no member that could be changed ("PutBucketAcl"): who names another is refused.
Result<void> check_owner(const Value& input, std::string_view owner_id) {
  const Value& named = input["AccessControlPolicy"]["Owner"]["ID"];
  if (named && named.text() != owner_id) return access_denied();
  return {};
}

Result<Value> apply_put(engine::WriteTxn& txn, protocol::Call& call, const AskedAcl& asked) {
  CLOCHE_TRY(bucket, find_bucket(txn, call.input()));
  CLOCHE_TRY(const ownership, ownership_of(txn, bucket));
  if (ownership == Ownership::BucketOwnerEnforced) return acl_not_supported();
  const std::string owner = canonical_id(bucket.account);
  CLOCHE_TRY_VOID(check_owner(call.input(), owner));
  CLOCHE_TRY_VOID(apply_bucket_acl(txn, bucket, asked));
  return Value::map();
}

Result<ObjectRecord> find_with_acl(const engine::ReadView& view, const protocol::Call& call,
                                   const BucketRecord& bucket) {
  const Value& input = call.input();
  const bool reads = call.http().method() == "GET";
  CLOCHE_TRY(object, find_version(view, bucket, input["Key"].text(), input["VersionId"].text()));
  // A GET of what a marker hides finds no key; all else is not allowed upon one (recording of AWS,
  // 2025).
  if (object.delete_marker && reads && !input["VersionId"]) return no_such_key(input["Key"].text());
  if (object.delete_marker) return method_not_allowed(call.http().method());
  return object;
}

Result<Value> apply_object_acl(engine::WriteTxn& txn, protocol::Call& call, const AskedAcl& asked) {
  CLOCHE_TRY(const bucket, find_bucket(txn, call.input()));
  CLOCHE_TRY(object, find_with_acl(txn, call, bucket));
  CLOCHE_TRY(const ownership, ownership_of(txn, bucket));
  if (ownership == Ownership::BucketOwnerEnforced) return acl_not_supported();
  const std::string owner = canonical_id(owner_of(bucket, object));
  CLOCHE_TRY_VOID(check_owner(call.input(), owner));
  const Acl acl = acl_of(asked, owner, canonical_id(bucket.account));
  object.acl = acl == default_acl(owner) ? std::string() : encode(acl);
  const std::string_view key = call.input()["Key"].text();
  CLOCHE_TRY_VOID(rewrite(txn, bucket, key, object));
  CLOCHE_TRY_VOID(tell(txn, bucket, EventKind::AclPut, call, key, object));
  Value output = Value::map();
  add_version_id(output, call.arena(), bucket, object.version_id);
  return output;
}

}  // namespace

void put_bucket_acl(S3& s3, const CallPtr& call) {
  auto asked = read_put_acl(*s3.guard().users, call->input(), AclOf::Bucket);
  if (!asked) return call->fail(std::move(asked).error());
  commit(s3, call, [call, asked = *std::move(asked)](engine::WriteTxn& txn) {
    return apply_put(txn, *call, asked);
  });
}

void get_bucket_acl(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const acl, read_bucket_acl(*view, bucket));
    Value output = Value::map();
    add_acl(output, call->arena(), acl, canonical_id(bucket.account));
    return output;
  }());
}

void put_object_acl(S3& s3, const CallPtr& call) {
  auto asked = read_put_acl(*s3.guard().users, call->input(), AclOf::Object);
  if (!asked) return call->fail(std::move(asked).error());
  commit(s3, call, [call, asked = *std::move(asked)](engine::WriteTxn& txn) {
    return apply_object_acl(txn, *call, asked);
  });
}

void get_object_acl(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const object, find_with_acl(*view, *call, bucket));
    CLOCHE_TRY(const ownership, ownership_of(*view, bucket));
    const bool enforced = ownership == Ownership::BucketOwnerEnforced;
    const std::string owner = canonical_id(enforced ? bucket.account : owner_of(bucket, object));
    Acl acl = default_acl(owner);
    if (!enforced) {
      CLOCHE_TRY(own, object_acl(bucket, object));
      acl = std::move(own);
    }
    Value output = Value::map();
    add_acl(output, call->arena(), acl, owner);
    return output;
  }());
}

}  // namespace cloche::s3
