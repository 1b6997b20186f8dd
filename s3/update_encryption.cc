// UpdateObjectEncryption: another key for an object that stays what it is, its ETag and time included.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/object_lock.h"
#include "s3/versions.h"

namespace cloche::s3 {

void update_object_encryption(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& input = call->input();
    const std::string_view key = input["Key"].text();
    CLOCHE_TRY(const bucket, find_bucket(txn, input));
    CLOCHE_TRY(object, find_version(txn, bucket, key, input["VersionId"].text()));
    if (object.delete_marker) return method_not_allowed(call->http().method());
    // "Source objects ... encrypted with either DSSE-KMS or SSE-C aren't supported by this operation."
    if (object.encryption.kind == EncryptionKind::Customer ||
        object.encryption.kind == EncryptionKind::KmsDsse) {
      return invalid_request(
          "The object's encryption type is not supported by this operation. Objects that are "
          "encrypted with SSE-S3 or SSE-KMS can be updated.");
    }
    CLOCHE_TRY_VOID(check_deletable(object.lock, txn.now(), false));
    CLOCHE_TRY(updated, updated_encryption(txn, *call, bucket, input["ObjectEncryption"]));
    object.encryption = std::move(updated);
    CLOCHE_TRY_VOID(rewrite(txn, bucket, key, object));
    return Value::map();
  });
}

}  // namespace cloche::s3
