// S3's errors, under S3's names. Texts and members as the real service sends them (recordings;
// "Error responses", https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace cloche::s3 {

Error no_such_bucket(std::string_view bucket);
Error no_such_key(std::string_view key);
Error no_such_version(std::string_view key, std::string_view version_id);
Error no_such_upload(std::string_view upload_id);
Error no_such_tag_set(std::string_view bucket);
Error bucket_not_empty(std::string_view bucket, bool versioned);
Error bucket_already_owned_by_you(std::string_view bucket);
Error bucket_already_exists(std::string_view bucket);
Error invalid_bucket_name(std::string_view bucket);
Error illegal_location_constraint(std::string_view constraint);
Error invalid_location_constraint(std::string_view constraint);
Error illegal_versioning_configuration();
Error malformed_xml();
Error key_too_long(std::size_t size);
Error metadata_too_large(std::size_t size);
Error entity_too_large(std::uint64_t size, std::uint64_t max);
Error entity_too_small(std::uint64_t size, std::int64_t part_number, std::string_view etag);
Error invalid_argument(std::string_view message, std::string_view name, std::string_view value);
Error invalid_argument(std::string_view message, std::string_view name);
Error invalid_request(std::string_view message);
Error invalid_digest(std::string_view content_md5);
Error bad_md5(std::string_view expected, std::string_view calculated);
Error bad_checksum(std::string_view algorithm);
Error bad_content_sha256(std::string_view expected, std::string_view calculated);
Error invalid_range(std::string_view range, std::uint64_t size);
Error invalid_part_number(std::int64_t asked, std::size_t actual);
Error invalid_part(std::string_view upload_id, std::int64_t part_number, std::string_view etag);
Error invalid_part_order(std::string_view upload_id);
Error invalid_storage_class(std::string_view storage_class);
Error invalid_tag(std::string_view message, std::string_view key);
Error invalid_tag_value(std::string_view key, std::string_view value);
Error invalid_new_bucket_tag();  // CreateBucket's words for a key that begins with "aws:".
Error too_many_bucket_tags();
Error no_such_cors_configuration(std::string_view bucket);
// `why` without its "CORSResponse: ".
Error cors_forbidden(std::string_view why, std::string_view method, std::string_view resource_type);
Error no_such_lifecycle(std::string_view bucket);
// Of the configurations with ids.
Error no_such_configuration();
Error too_many_configurations();
Error id_mismatch();
Error invalid_inventory_destination();
Error no_such_replication(std::string_view bucket);
Error invalid_logging_target(std::string_view message, std::string_view target);
Error cross_location_logging(std::string_view source_region, std::string_view target_region);
// Of directory buckets.
Error invalid_write_offset();
Error too_many_parts();
Error invalid_session_token();
Error expired_session_token();
Error idempotency_mismatch();
Error no_such_metadata_configuration();
Error metadata_configuration_exists(std::string_view bucket);
Error no_such_website(std::string_view bucket);
Error bad_request(std::string_view message);
Error precondition_failed(std::string_view condition);
Error not_modified();
Error conditional_request_conflict(std::string_view condition, std::string_view key);
// A header that S3 knows but does not take here.
Error header_not_implemented(std::string_view header, std::string_view additional_message);
// GET of a delete marker by its version id.
Error method_not_allowed(std::string_view method);
Error method_not_allowed_on(std::string_view method, std::string_view resource_type);
Error missing_content_length();
Error invalid_expected_bucket_owner(std::string_view value);
Error malformed_acl();
Error unexpected_content();
Error missing_security_header(std::string_view header);
Error unresolvable_email(std::string_view email);
Error acl_not_supported();
Error bucket_acl_with_ownership();
Error no_such_ownership_controls(std::string_view bucket);
Error no_such_public_access_block(std::string_view bucket);
Error no_such_bucket_policy(std::string_view bucket);
Error malformed_policy(std::string_view message);
Error invalid_policy_document(std::string_view why);
Error missing_form_field(std::string_view name);
Error missing_form_file();
Error malformed_post();
Error form_too_large();
Error form_file_too_small(std::uint64_t size, std::uint64_t min);
Error too_many_object_tags();
Error invalid_redirect_location(std::string_view message);
Error missing_body_digest();
Error access_denied(std::string_view message = "Access Denied");
Error invalid_encryption_algorithm(std::string_view algorithm);
Error invalid_bucket_state(std::string_view message);
Error object_lock_configuration_not_found(std::string_view bucket);
Error no_such_object_lock_configuration();
Error invalid_object_state(std::string_view storage_class);
Error restore_already_in_progress();

}  // namespace cloche::s3
