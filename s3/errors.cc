#include "s3/errors.h"

#include "s3/limits.h"

namespace cloche::s3 {
namespace {

using Details = std::vector<std::pair<std::string, std::string>>;

std::string text(std::string_view view) { return std::string(view); }

}  // namespace

Error no_such_bucket(std::string_view bucket) {
  return refused(404, "NoSuchBucket", "The specified bucket does not exist",
                 {{"BucketName", text(bucket)}});
}
Error no_such_key(std::string_view key) {
  return refused(404, "NoSuchKey", "The specified key does not exist.", {{"Key", text(key)}});
}
Error no_such_version(std::string_view key, std::string_view version_id) {
  return refused(404, "NoSuchVersion", "The specified version does not exist.",
                 {{"Key", text(key)}, {"VersionId", text(version_id)}});
}
Error no_such_upload(std::string_view upload_id) {
  return refused(404, "NoSuchUpload",
                 "The specified upload does not exist. The upload ID may be invalid, or the upload "
                 "may have been aborted or "
                 "completed.",
                 {{"UploadId", text(upload_id)}});
}
Error no_such_tag_set(std::string_view bucket) {
  return refused(404, "NoSuchTagSet", "The TagSet does not exist", {{"BucketName", text(bucket)}});
}
Error bucket_not_empty(std::string_view bucket, bool versioned) {
  return refused(409, "BucketNotEmpty",
                 versioned ? "The bucket you tried to delete is not empty. You must delete all "
                             "versions in the bucket."
                           : "The bucket you tried to delete is not empty",
                 {{"BucketName", text(bucket)}});
}
Error bucket_already_owned_by_you(std::string_view bucket) {
  return refused(
      409, "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
      {{"BucketName", text(bucket)}});
}
Error bucket_already_exists(std::string_view bucket) {
  return refused(409, "BucketAlreadyExists",
                 "The requested bucket name is not available. The bucket namespace is shared by "
                 "all users of the system. Please "
                 "select a different name and try again.",
                 {{"BucketName", text(bucket)}});
}
Error invalid_bucket_name(std::string_view bucket) {
  return refused(400, "InvalidBucketName", "The specified bucket is not valid.",
                 {{"BucketName", text(bucket)}});
}
Error illegal_location_constraint(std::string_view constraint) {
  return refused(400, "IllegalLocationConstraintException",
                 "The " + (constraint.empty() ? "unspecified" : text(constraint)) +
                     " location constraint is incompatible for the region specific endpoint this "
                     "request was sent to.");
}
Error invalid_location_constraint(std::string_view constraint) {
  return refused(400, "InvalidLocationConstraint", "The specified location-constraint is not valid",
                 {{"LocationConstraint", text(constraint)}});
}
Error illegal_versioning_configuration() {
  return refused(400, "IllegalVersioningConfigurationException",
                 "The Versioning element must be specified");
}
Error malformed_xml() {
  return refused(
      400, "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema");
}
Error key_too_long(std::size_t size) {
  return refused(
      400, "KeyTooLongError", "Your key is too long",
      {{"Size", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(kKeyBytesMax)}});
}
Error metadata_too_large(std::size_t size) {
  return refused(
      400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
      {{"Size", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(kUserMetadataBytesMax)}});
}
Error entity_too_large(std::uint64_t size, std::uint64_t max) {
  return refused(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size",
                 {{"ProposedSize", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(max)}});
}
Error entity_too_small(std::uint64_t size, std::int64_t part_number, std::string_view etag) {
  return refused(400, "EntityTooSmall",
                 "Your proposed upload is smaller than the minimum allowed size",
                 {{"ProposedSize", std::to_string(size)},
                  {"MinSizeAllowed", std::to_string(kPartBytesMin)},
                  {"PartNumber", std::to_string(part_number)},
                  {"ETag", text(etag)}});
}
Error invalid_argument(std::string_view message, std::string_view name, std::string_view value) {
  return refused(400, "InvalidArgument", std::string(message),
                 {{"ArgumentName", text(name)}, {"ArgumentValue", text(value)}});
}
Error invalid_argument(std::string_view message, std::string_view name) {
  return refused(400, "InvalidArgument", std::string(message), {{"ArgumentName", text(name)}});
}
Error invalid_request(std::string_view message) {
  return refused(400, "InvalidRequest", std::string(message));
}
Error invalid_digest(std::string_view content_md5) {
  return refused(400, "InvalidDigest", "The Content-MD5 you specified was invalid.",
                 {{"Content-MD5", text(content_md5)}});
}
Error bad_md5(std::string_view expected, std::string_view calculated) {
  return refused(400, "BadDigest", "The Content-MD5 you specified did not match what we received.",
                 {{"ExpectedDigest", text(expected)}, {"CalculatedDigest", text(calculated)}});
}
Error bad_checksum(std::string_view algorithm) {
  return refused(
      400, "BadDigest",
      "The " + text(algorithm) + " you specified did not match the calculated checksum.");
}
Error bad_content_sha256(std::string_view expected, std::string_view calculated) {
  return refused(400, "XAmzContentSHA256Mismatch",
                 "The provided 'x-amz-content-sha256' header does not match what was computed.",
                 {{"ClientComputedContentSHA256", text(expected)},
                  {"S3ComputedContentSHA256", text(calculated)}});
}
Error invalid_range(std::string_view range, std::uint64_t size) {
  return refused(416, "InvalidRange", "The requested range is not satisfiable",
                 {{"RangeRequested", text(range)}, {"ActualObjectSize", std::to_string(size)}});
}
Error invalid_part_number(std::int64_t asked, std::size_t actual) {
  return refused(416, "InvalidPartNumber", "The requested partnumber is not satisfiable",
                 {{"PartNumberRequested", std::to_string(asked)},
                  {"ActualPartCount", std::to_string(actual)}});
}
Error invalid_part(std::string_view upload_id, std::int64_t part_number, std::string_view etag) {
  return refused(400, "InvalidPart",
                 "One or more of the specified parts could not be found.  The part may not have "
                 "been uploaded, or the specified "
                 "entity tag may not match the part's entity tag.",
                 {{"UploadId", text(upload_id)},
                  {"PartNumber", std::to_string(part_number)},
                  {"ETag", text(etag)}});
}
Error invalid_part_order(std::string_view upload_id) {
  return refused(
      400, "InvalidPartOrder",
      "The list of parts was not in ascending order. Parts must be ordered by part number.",
      {{"UploadId", text(upload_id)}});
}
Error invalid_storage_class(std::string_view storage_class) {
  return refused(400, "InvalidStorageClass", "The storage class you specified is not valid",
                 {{"StorageClassRequested", text(storage_class)}});
}
Error invalid_tag(std::string_view message, std::string_view key) {
  return refused(400, "InvalidTag", std::string(message), {{"TagKey", text(key)}});
}
Error invalid_tag_value(std::string_view key, std::string_view value) {
  return refused(400, "InvalidTag", "The TagValue you have provided is invalid",
                 {{"TagKey", text(key)}, {"TagValue", text(value)}});
}
Error invalid_new_bucket_tag() {
  return refused(400, "InvalidTag",
                 "User-defined tag keys can't start with \"aws:\". This prefix is reserved for "
                 "system tags. Remove \"aws:\" from your tag keys and try again.");
}
Error too_many_bucket_tags() { return bad_request("Bucket tag count cannot be greater than 50"); }
Error no_such_cors_configuration(std::string_view bucket) {
  return refused(404, "NoSuchCORSConfiguration", "The CORS configuration does not exist",
                 {{"BucketName", text(bucket)}});
}
Error cors_forbidden(std::string_view why, std::string_view method,
                     std::string_view resource_type) {
  return refused(403, "AccessForbidden", "CORSResponse: " + text(why),
                 {{"Method", text(method)}, {"ResourceType", text(resource_type)}});
}
Error no_such_lifecycle(std::string_view bucket) {
  return refused(404, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist",
                 {{"BucketName", text(bucket)}});
}
Error no_such_configuration() {
  return refused(404, "NoSuchConfiguration", "The specified configuration does not exist.");
}
Error too_many_configurations() {
  return refused(400, "TooManyConfigurations",
                 "You are attempting to create a new configuration but have already reached the "
                 "1,000-configuration limit.");
}
Error id_mismatch() {
  return refused(400, "IdMismatch", "Document ID does not match the specified configuration ID.");
}
Error invalid_inventory_destination() {
  return refused(400, "InvalidS3DestinationBucket", "Invalid bucket ARN.");
}
Error no_such_replication(std::string_view bucket) {
  return refused(404, "ReplicationConfigurationNotFoundError",
                 "The replication configuration was not found", {{"BucketName", text(bucket)}});
}
Error invalid_logging_target(std::string_view message, std::string_view target) {
  return refused(400, "InvalidTargetBucketForLogging", std::string(message),
                 {{"TargetBucket", text(target)}});
}
Error cross_location_logging(std::string_view source_region, std::string_view target_region) {
  Details details;
  // us-east-1 is told as no location at all.
  if (source_region != "us-east-1") details.emplace_back("SourceBucketLocation", source_region);
  if (target_region != "us-east-1") details.emplace_back("TargetBucketLocation", target_region);
  return refused(403, "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed. ",
                 std::move(details));
}
Error invalid_write_offset() {
  return refused(
      400, "InvalidWriteOffset",
      "The write offset value that you specified does not match the current object size.");
}
Error too_many_parts() {
  return refused(400, "TooManyParts",
                 "You have attempted to add more parts than the maximum of 10000 that are allowed "
                 "for this object.");
}
Error invalid_session_token() {
  return refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
}
Error expired_session_token() {
  return refused(400, "ExpiredToken", "The provided token has expired.");
}
Error idempotency_mismatch() {
  return refused(400, "IdempotencyParameterMismatch",
                 "Parameters on this idempotent request are inconsistent with parameters used in "
                 "previous request(s).");
}
Error no_such_metadata_configuration() {
  return refused(404, "MetadataConfigurationNotFound",
                 "The metadata table configuration does not exist.");
}
Error metadata_configuration_exists(std::string_view bucket) {
  return refused(409, "MetadataConfigurationAlreadyExists",
                 "The metadata table configuration already exists.",
                 {{"BucketName", text(bucket)}});
}
Error no_such_website(std::string_view bucket) {
  return refused(404, "NoSuchWebsiteConfiguration",
                 "The specified bucket does not have a website configuration",
                 {{"BucketName", text(bucket)}});
}
Error bad_request(std::string_view message) {
  return refused(400, "BadRequest", std::string(message));
}
Error precondition_failed(std::string_view condition) {
  return refused(412, "PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold",
                 {{"Condition", text(condition)}});
}
Error not_modified() { return refused(304, "NotModified", "Not Modified"); }
Error conditional_request_conflict(std::string_view condition, std::string_view key) {
  return refused(409, "ConditionalRequestConflict",
                 "The conditional request cannot succeed due to a conflicting operation against "
                 "this resource.",
                 {{"Condition", text(condition)}, {"Key", text(key)}});
}
Error header_not_implemented(std::string_view header, std::string_view additional_message) {
  return refused(501, "NotImplemented",
                 "A header you provided implies functionality that is not implemented",
                 {{"Header", text(header)}, {"additionalMessage", text(additional_message)}});
}
Error method_not_allowed(std::string_view method) {
  return method_not_allowed_on(method, "DeleteMarker");
}
Error method_not_allowed_on(std::string_view method, std::string_view resource_type) {
  return refused(405, "MethodNotAllowed",
                 "The specified method is not allowed against this resource.",
                 {{"Method", text(method)}, {"ResourceType", text(resource_type)}});
}
Error missing_content_length() {
  return refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
}
Error invalid_expected_bucket_owner(std::string_view value) {
  return refused(400, "InvalidBucketOwnerAWSAccountID",
                 "The value of the expected bucket owner parameter must be an AWS Account ID... [" +
                     text(value) + "]");
}
Error malformed_acl() {
  return refused(
      400, "MalformedACLError",
      "The XML you provided was not well-formed or did not validate against our published schema");
}
Error unexpected_content() {
  return refused(400, "UnexpectedContent", "This request does not support content");
}
Error missing_security_header(std::string_view header) {
  return refused(400, "MissingSecurityHeader", "Your request was missing a required header",
                 {{"MissingHeaderName", text(header)}});
}
Error unresolvable_email(std::string_view email) {
  return refused(400, "UnresolvableGrantByEmailAddress",
                 "The e-mail address you provided does not match any account on record.",
                 {{"EmailAddress", text(email)}});
}
Error acl_not_supported() {
  return refused(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
}
Error bucket_acl_with_ownership() {
  return refused(400, "InvalidBucketAclWithObjectOwnership",
                 "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting");
}
Error no_such_ownership_controls(std::string_view bucket) {
  return refused(404, "OwnershipControlsNotFoundError",
                 "The bucket ownership controls were not found", {{"BucketName", text(bucket)}});
}
Error no_such_public_access_block(std::string_view bucket) {
  return refused(404, "NoSuchPublicAccessBlockConfiguration",
                 "The public access block configuration was not found",
                 {{"BucketName", text(bucket)}});
}
Error no_such_bucket_policy(std::string_view bucket) {
  return refused(404, "NoSuchBucketPolicy", "The bucket policy does not exist",
                 {{"BucketName", text(bucket)}});
}
Error invalid_policy_document(std::string_view why) {
  return refused(400, "InvalidPolicyDocument", "Invalid Policy: " + text(why));
}
Error missing_form_field(std::string_view name) {
  return refused(400, "InvalidArgument",
                 "Bucket POST must contain a field named '" + text(name) +
                     "'.  If it is specified, please check the order of the fields.",
                 {{"ArgumentName", text(name)}, {"ArgumentValue", ""}});
}
Error missing_form_file() {
  return refused(400, "InvalidArgument", "POST requires exactly one file upload per request.",
                 {{"ArgumentName", "file"}, {"ArgumentValue", "0"}});
}
Error malformed_post() {
  return refused(400, "MalformedPOSTRequest",
                 "The body of your POST request is not well-formed multipart/form-data.");
}
Error form_too_large() {
  return refused(400, "MaxPostPreDataLengthExceeded",
                 "Your POST request fields preceding the upload file were too large.");
}
Error form_file_too_small(std::uint64_t size, std::uint64_t min) {
  return refused(400, "EntityTooSmall",
                 "Your proposed upload is smaller than the minimum allowed size",
                 {{"ProposedSize", std::to_string(size)}, {"MinSizeAllowed", std::to_string(min)}});
}
Error malformed_policy(std::string_view message) {
  return refused(400, "MalformedPolicy", std::string(message));
}
Error missing_body_digest() {
  return invalid_request(
      "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
}
Error invalid_redirect_location(std::string_view message) {
  return refused(400, "InvalidRedirectLocation", std::string(message));
}
Error too_many_object_tags() {
  return refused(400, "BadRequest", "Object tags cannot be greater than 10");
}
Error access_denied(std::string_view message) {
  return refused(403, "AccessDenied", std::string(message));
}
// S3 names the header of the method, and not that of the client's algorithm.
Error invalid_encryption_algorithm(std::string_view algorithm) {
  return refused(
      400, "InvalidEncryptionAlgorithmError",
      "The Encryption request you specified is not valid. Supported value: AES256.",
      {{"ArgumentName", "x-amz-server-side-encryption"}, {"ArgumentValue", text(algorithm)}});
}
Error invalid_bucket_state(std::string_view message) {
  return refused(409, "InvalidBucketState", std::string(message));
}
Error object_lock_configuration_not_found(std::string_view bucket) {
  return refused(404, "ObjectLockConfigurationNotFoundError",
                 "Object Lock configuration does not exist for this bucket",
                 {{"BucketName", text(bucket)}});
}
Error no_such_object_lock_configuration() {
  return refused(404, "NoSuchObjectLockConfiguration",
                 "The specified object does not have a ObjectLock configuration");
}
Error invalid_object_state(std::string_view storage_class) {
  return refused(403, "InvalidObjectState",
                 "The operation is not valid for the object's storage class",
                 {{"StorageClass", text(storage_class)}});
}
Error restore_already_in_progress() {
  return refused(409, "RestoreAlreadyInProgress", "Object restore is already in progress");
}

}  // namespace cloche::s3
