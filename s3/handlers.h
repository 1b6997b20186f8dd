// What all handlers of this folder share. Not for other folders.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "s3/records.h"
#include "s3/s3.h"

namespace cloche::s3 {

using protocol::CallPtr;

// Fails the call, or replies with the output.
inline void answer(const CallPtr& call, Result<Value> output) {
  if (output) {
    call->reply(*output);
  } else {
    call->fail(std::move(output).error());
  }
}

// Runs `apply(txn)` -> Result<Value> in a commit group and answers with its outcome.
template <class Apply>
void commit(S3& s3, const CallPtr& call, Apply apply) {
  auto output = std::make_shared<Value>();
  const Value& input = call->input();
  std::string summary = "s3." + std::string(call->operation()) + " " + input["Bucket"].str() + "/" +
                        input["Key"].str();
  s3.store().submit(
      summary,
      [call, output, apply = std::move(apply)](engine::WriteTxn& txn) mutable -> Result<void> {
        CLOCHE_TRY(const value, apply(txn));
        *output = value;
        return {};
      },
      [call, output](Result<void> done) {
        if (done) {
          call->reply(*output);
        } else {
          call->fail(std::move(done).error());
        }
      });
}

// The bucket that the input names; refuses with NoSuchBucket, and with AccessDenied if
// ExpectedBucketOwner is another account.
Result<BucketRecord> find_bucket(const engine::ReadView& view, const Value& input);
Result<std::optional<BucketRecord>> find_bucket_named(const engine::ReadView& view,
                                                      std::string_view name);

// InvalidRequest unless the request has a digest of its body (Content-MD5, x-amz-checksum-*, or a trailer):
// for the operations whose documentation requires one. That it is right was checked before.
Result<void> require_body_digest(const protocol::Call& call);

// 64 hex digits that stand for an account, as S3's canonical user ids do.
std::string canonical_id(std::string_view account);
void add_owner(Value& output, Arena& arena, std::string_view member, std::string_view account);

// The ETag as S3 sends it, in quotes.
inline Value quoted_etag(Arena& arena, std::string_view etag) {
  return Value::string(arena, "\"" + std::string(etag) + "\"");
}
// Without the quotes that clients may or may not send.
std::string_view unquoted(std::string_view etag);

// VersionId of a version that was just made: none where versioning is suspended.
void add_new_version_id(Value& output, Arena& arena, std::string_view version_id,
                        std::string_view member = "VersionId");
// VersionId, where the bucket has or had versioning.
void add_version_id(Value& output, Arena& arena, const BucketRecord& bucket,
                    std::string_view version_id);

// directory.cc
void list_directory_buckets(S3& s3, const CallPtr& call);
// sessions.cc
void create_session(S3& s3, const CallPtr& call);
// rename.cc
void rename_object(S3& s3, const CallPtr& call);
// buckets.cc
void create_bucket(S3& s3, const CallPtr& call);
void head_bucket(S3& s3, const CallPtr& call);
void list_buckets(S3& s3, const CallPtr& call);
void delete_bucket(S3& s3, const CallPtr& call);
void get_bucket_location(S3& s3, const CallPtr& call);
void put_bucket_versioning(S3& s3, const CallPtr& call);
void get_bucket_versioning(S3& s3, const CallPtr& call);
// bucket_tags.cc
void put_bucket_tagging(S3& s3, const CallPtr& call);
void get_bucket_tagging(S3& s3, const CallPtr& call);
void delete_bucket_tagging(S3& s3, const CallPtr& call);
// bucket_policy.cc
void put_bucket_policy(S3& s3, const CallPtr& call);
void get_bucket_policy(S3& s3, const CallPtr& call);
void delete_bucket_policy(S3& s3, const CallPtr& call);
void get_bucket_policy_status(S3& s3, const CallPtr& call);
// acl_operations.cc
void put_bucket_acl(S3& s3, const CallPtr& call);
void get_bucket_acl(S3& s3, const CallPtr& call);
void put_object_acl(S3& s3, const CallPtr& call);
void get_object_acl(S3& s3, const CallPtr& call);
// ownership.cc
void put_bucket_ownership_controls(S3& s3, const CallPtr& call);
void get_bucket_ownership_controls(S3& s3, const CallPtr& call);
void delete_bucket_ownership_controls(S3& s3, const CallPtr& call);
// public_access.cc
void put_public_access_block(S3& s3, const CallPtr& call);
void get_public_access_block(S3& s3, const CallPtr& call);
void delete_public_access_block(S3& s3, const CallPtr& call);
void put_bucket_request_payment(S3& s3, const CallPtr& call);
void get_bucket_request_payment(S3& s3, const CallPtr& call);
// cors.cc
void put_bucket_cors(S3& s3, const CallPtr& call);
void get_bucket_cors(S3& s3, const CallPtr& call);
void delete_bucket_cors(S3& s3, const CallPtr& call);
// website.cc
void put_bucket_website(S3& s3, const CallPtr& call);
void get_bucket_website(S3& s3, const CallPtr& call);
void delete_bucket_website(S3& s3, const CallPtr& call);
// notifications.cc
void put_bucket_notification(S3& s3, const CallPtr& call);
void get_bucket_notification(S3& s3, const CallPtr& call);
// lifecycle_config.cc
void put_bucket_lifecycle(S3& s3, const CallPtr& call);
void get_bucket_lifecycle(S3& s3, const CallPtr& call);
void delete_bucket_lifecycle(S3& s3, const CallPtr& call);
// named_settings.cc
void put_bucket_inventory(S3& s3, const CallPtr& call);
void get_bucket_inventory(S3& s3, const CallPtr& call);
void delete_bucket_inventory(S3& s3, const CallPtr& call);
void list_bucket_inventories(S3& s3, const CallPtr& call);
void put_bucket_analytics(S3& s3, const CallPtr& call);
void get_bucket_analytics(S3& s3, const CallPtr& call);
void delete_bucket_analytics(S3& s3, const CallPtr& call);
void list_bucket_analytics(S3& s3, const CallPtr& call);
void put_bucket_metrics(S3& s3, const CallPtr& call);
void get_bucket_metrics(S3& s3, const CallPtr& call);
void delete_bucket_metrics(S3& s3, const CallPtr& call);
void list_bucket_metrics(S3& s3, const CallPtr& call);
void put_bucket_tiering(S3& s3, const CallPtr& call);
void get_bucket_tiering(S3& s3, const CallPtr& call);
void delete_bucket_tiering(S3& s3, const CallPtr& call);
void list_bucket_tierings(S3& s3, const CallPtr& call);
// plain_settings.cc
void put_bucket_accelerate(S3& s3, const CallPtr& call);
void get_bucket_accelerate(S3& s3, const CallPtr& call);
void put_bucket_abac(S3& s3, const CallPtr& call);
void get_bucket_abac(S3& s3, const CallPtr& call);
// metadata_tables.cc
void create_bucket_metadata(S3& s3, const CallPtr& call);
void get_bucket_metadata(S3& s3, const CallPtr& call);
void delete_bucket_metadata(S3& s3, const CallPtr& call);
void update_bucket_metadata_inventory(S3& s3, const CallPtr& call);
void update_bucket_metadata_journal(S3& s3, const CallPtr& call);
void create_bucket_metadata_table(S3& s3, const CallPtr& call);
void get_bucket_metadata_table(S3& s3, const CallPtr& call);
void delete_bucket_metadata_table(S3& s3, const CallPtr& call);
// replication.cc
void put_bucket_replication(S3& s3, const CallPtr& call);
void get_bucket_replication(S3& s3, const CallPtr& call);
void delete_bucket_replication(S3& s3, const CallPtr& call);
// logging.cc
void put_bucket_logging(S3& s3, const CallPtr& call);
void get_bucket_logging(S3& s3, const CallPtr& call);
// select.cc
void select_object_content(S3& s3, const CallPtr& call);
// put.cc
void put_object(S3& s3, const CallPtr& call);
// post.cc: PostObject, which hands what a form says to `put` as a PutObject.
protocol::Handler post_handler(S3& s3, protocol::Handler put);
// get.cc
void get_object(S3& s3, const CallPtr& call);
void head_object(S3& s3, const CallPtr& call);
void get_object_attributes(S3& s3, const CallPtr& call);
void get_object_torrent(S3& s3, const CallPtr& call);
// update_encryption.cc
void update_object_encryption(S3& s3, const CallPtr& call);
// restore.cc
void restore_object(S3& s3, const CallPtr& call);
// object_lock.cc
void put_object_lock_configuration(S3& s3, const CallPtr& call);
void get_object_lock_configuration(S3& s3, const CallPtr& call);
void put_object_retention(S3& s3, const CallPtr& call);
void get_object_retention(S3& s3, const CallPtr& call);
void put_object_legal_hold(S3& s3, const CallPtr& call);
void get_object_legal_hold(S3& s3, const CallPtr& call);
// bucket_encryption.cc
void put_bucket_encryption(S3& s3, const CallPtr& call);
void get_bucket_encryption(S3& s3, const CallPtr& call);
void delete_bucket_encryption(S3& s3, const CallPtr& call);
// delete.cc
void delete_object(S3& s3, const CallPtr& call);
void delete_objects(S3& s3, const CallPtr& call);
// copy.cc
void copy_object(S3& s3, const CallPtr& call);
void upload_part_copy(S3& s3, const CallPtr& call);
// multipart.cc
void create_multipart_upload(S3& s3, const CallPtr& call);
void upload_part(S3& s3, const CallPtr& call);
void abort_multipart_upload(S3& s3, const CallPtr& call);
// complete.cc
void complete_multipart_upload(S3& s3, const CallPtr& call);
// list_objects.cc, list_versions.cc, list_uploads.cc
void list_objects(S3& s3, const CallPtr& call);
void list_objects_v2(S3& s3, const CallPtr& call);
void list_object_versions(S3& s3, const CallPtr& call);
void list_multipart_uploads(S3& s3, const CallPtr& call);
void list_parts(S3& s3, const CallPtr& call);
// tags.cc
void get_object_tagging(S3& s3, const CallPtr& call);
void put_object_tagging(S3& s3, const CallPtr& call);
void delete_object_tagging(S3& s3, const CallPtr& call);

// The work that removes the uploads of a deleted bucket, in steps.
inline constexpr std::string_view kRemoveUploads = "s3.remove_uploads";
Result<void> remove_uploads_step(engine::WriteTxn& txn, const std::string& payload);

}  // namespace cloche::s3
