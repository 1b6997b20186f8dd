// Operation name to handler. What is not here answers NotImplemented by its name.
#include "s3/access.h"
#include "s3/access_log.h"
#include "s3/cors.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/replication.h"
#include "s3/sessions.h"
#include "s3/website.h"

namespace cloche::s3 {
namespace {

// A directory bucket has rules of its own, and sessions, which are looked at whoever judges.
Result<void> check_directory(S3& s3, const protocol::Call& call) {
  CLOCHE_TRY_VOID(check_directory_call(call));
  CLOCHE_TRY(const session, session_of(s3, call, s3.store().clock().now()));
  if (!session) return {};
  const bool may = session->bucket == call.input()["Bucket"].text() &&
                   (!session->read_only || only_reads(call.operation()));
  return may ? Result<void>() : access_denied();
}

void serve(S3& s3, const CallPtr& call, void (*handler)(S3&, const CallPtr&)) {
  if (is_directory_name(call->input()["Bucket"].text())) {
    if (auto checked = check_directory(s3, *call); !checked)
      return call->fail(std::move(checked).error());
  }
  if (s3.guard().is_on()) {
    if (auto judged = judge_call(s3, *call); !judged) return call->fail(std::move(judged).error());
  }
  handler(s3, call);
}

}  // namespace

void register_s3(protocol::Registry& registry, S3& s3) {
  protocol::Service& service = registry.add("s3");
  const auto on = [&](std::string_view operation, void (*handler)(S3&, const CallPtr&)) {
    service.on(operation, [&s3, handler](const CallPtr& call) { serve(s3, call, handler); });
  };

  on("CreateBucket", create_bucket);
  on("HeadBucket", head_bucket);
  on("ListBuckets", list_buckets);
  on("ListDirectoryBuckets", list_directory_buckets);
  on("CreateSession", create_session);
  on("DeleteBucket", delete_bucket);
  on("GetBucketLocation", get_bucket_location);
  on("PutBucketVersioning", put_bucket_versioning);
  on("GetBucketVersioning", get_bucket_versioning);

  on("PutBucketPolicy", put_bucket_policy);
  on("GetBucketPolicy", get_bucket_policy);
  on("DeleteBucketPolicy", delete_bucket_policy);
  on("GetBucketPolicyStatus", get_bucket_policy_status);
  on("PutBucketAcl", put_bucket_acl);
  on("GetBucketAcl", get_bucket_acl);
  on("PutObjectAcl", put_object_acl);
  on("GetObjectAcl", get_object_acl);
  on("PutBucketOwnershipControls", put_bucket_ownership_controls);
  on("GetBucketOwnershipControls", get_bucket_ownership_controls);
  on("DeleteBucketOwnershipControls", delete_bucket_ownership_controls);
  on("PutPublicAccessBlock", put_public_access_block);
  on("GetPublicAccessBlock", get_public_access_block);
  on("DeletePublicAccessBlock", delete_public_access_block);
  on("PutBucketRequestPayment", put_bucket_request_payment);
  on("GetBucketRequestPayment", get_bucket_request_payment);

  on("PutBucketTagging", put_bucket_tagging);
  on("GetBucketTagging", get_bucket_tagging);
  on("DeleteBucketTagging", delete_bucket_tagging);

  on("PutBucketCors", put_bucket_cors);
  on("GetBucketCors", get_bucket_cors);
  on("DeleteBucketCors", delete_bucket_cors);
  service.judge_origins(cors_judge(s3));

  on("PutBucketWebsite", put_bucket_website);
  on("GetBucketWebsite", get_bucket_website);
  on("DeleteBucketWebsite", delete_bucket_website);
  service.on_site(
      "GetObject",
      [](const protocol::HttpRequest& http) { return !website_bucket(http.host()).empty(); },
      website_visitor(s3, [&s3](const CallPtr& call) { serve(s3, call, get_object); }));

  on("PutBucketNotificationConfiguration", put_bucket_notification);
  on("GetBucketNotificationConfiguration", get_bucket_notification);

  on("PutBucketLifecycleConfiguration", put_bucket_lifecycle);
  on("GetBucketLifecycleConfiguration", get_bucket_lifecycle);
  on("DeleteBucketLifecycle", delete_bucket_lifecycle);
  s3.store().on_work(std::string(kLifecycleWork), lifecycle_step);

  on("PutBucketInventoryConfiguration", put_bucket_inventory);
  on("GetBucketInventoryConfiguration", get_bucket_inventory);
  on("DeleteBucketInventoryConfiguration", delete_bucket_inventory);
  on("ListBucketInventoryConfigurations", list_bucket_inventories);
  on("PutBucketAnalyticsConfiguration", put_bucket_analytics);
  on("GetBucketAnalyticsConfiguration", get_bucket_analytics);
  on("DeleteBucketAnalyticsConfiguration", delete_bucket_analytics);
  on("ListBucketAnalyticsConfigurations", list_bucket_analytics);
  on("PutBucketMetricsConfiguration", put_bucket_metrics);
  on("GetBucketMetricsConfiguration", get_bucket_metrics);
  on("DeleteBucketMetricsConfiguration", delete_bucket_metrics);
  on("ListBucketMetricsConfigurations", list_bucket_metrics);
  on("PutBucketIntelligentTieringConfiguration", put_bucket_tiering);
  on("GetBucketIntelligentTieringConfiguration", get_bucket_tiering);
  on("DeleteBucketIntelligentTieringConfiguration", delete_bucket_tiering);
  on("ListBucketIntelligentTieringConfigurations", list_bucket_tierings);
  on("PutBucketAccelerateConfiguration", put_bucket_accelerate);
  on("GetBucketAccelerateConfiguration", get_bucket_accelerate);
  on("PutBucketAbac", put_bucket_abac);
  on("GetBucketAbac", get_bucket_abac);

  on("CreateBucketMetadataConfiguration", create_bucket_metadata);
  on("GetBucketMetadataConfiguration", get_bucket_metadata);
  on("DeleteBucketMetadataConfiguration", delete_bucket_metadata);
  on("UpdateBucketMetadataInventoryTableConfiguration", update_bucket_metadata_inventory);
  on("UpdateBucketMetadataJournalTableConfiguration", update_bucket_metadata_journal);
  on("CreateBucketMetadataTableConfiguration", create_bucket_metadata_table);
  on("GetBucketMetadataTableConfiguration", get_bucket_metadata_table);
  on("DeleteBucketMetadataTableConfiguration", delete_bucket_metadata_table);

  on("PutBucketReplication", put_bucket_replication);
  on("GetBucketReplication", get_bucket_replication);
  on("DeleteBucketReplication", delete_bucket_replication);
  s3.store().on_work(std::string(kReplicationWork), replication_step);

  on("PutBucketLogging", put_bucket_logging);
  on("GetBucketLogging", get_bucket_logging);
  service.observe([&s3](const protocol::Finished& finished) { s3.access_log().observe(finished); });
  s3.store().on_work(std::string(kLogWork),
                     [log = std::weak_ptr(s3.share_access_log())](
                         engine::WriteTxn&, const std::string&) -> Result<void> {
                       if (const auto there = log.lock()) there->begin_delivery();
                       return {};
                     });

  on("SelectObjectContent", select_object_content);

  on("PutObject", put_object);
  service.on("PostObject",
             post_handler(s3, [&s3](const CallPtr& call) { serve(s3, call, put_object); }));
  on("GetObject", get_object);
  on("HeadObject", head_object);
  on("GetObjectAttributes", get_object_attributes);
  on("DeleteObject", delete_object);
  on("DeleteObjects", delete_objects);
  on("CopyObject", copy_object);
  on("GetObjectTorrent", get_object_torrent);
  on("UpdateObjectEncryption", update_object_encryption);
  on("RestoreObject", restore_object);
  on("RenameObject", rename_object);
  on("PutObjectLockConfiguration", put_object_lock_configuration);
  on("GetObjectLockConfiguration", get_object_lock_configuration);
  on("PutObjectRetention", put_object_retention);
  on("GetObjectRetention", get_object_retention);
  on("PutObjectLegalHold", put_object_legal_hold);
  on("GetObjectLegalHold", get_object_legal_hold);
  on("PutBucketEncryption", put_bucket_encryption);
  on("GetBucketEncryption", get_bucket_encryption);
  on("DeleteBucketEncryption", delete_bucket_encryption);
  on("GetObjectTagging", get_object_tagging);
  on("PutObjectTagging", put_object_tagging);
  on("DeleteObjectTagging", delete_object_tagging);

  on("ListObjects", list_objects);
  on("ListObjectsV2", list_objects_v2);
  on("ListObjectVersions", list_object_versions);

  on("CreateMultipartUpload", create_multipart_upload);
  on("UploadPart", upload_part);
  on("UploadPartCopy", upload_part_copy);
  on("CompleteMultipartUpload", complete_multipart_upload);
  on("AbortMultipartUpload", abort_multipart_upload);
  on("ListParts", list_parts);
  on("ListMultipartUploads", list_multipart_uploads);

  s3.store().on_work(std::string(kRemoveUploads), remove_uploads_step);
}

}  // namespace cloche::s3
