// Names that came from outside, checked once at the door.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::s3 {

// "Bucket naming rules" for general purpose buckets: 3-63 characters, lower-case letters, digits,
// dots and hyphens, and so on. Refuses with InvalidBucketName.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
Result<void> check_bucket_name(std::string_view name);

// Refuses with KeyTooLongError. (That keys are UTF-8 was checked when the request was routed.)
Result<void> check_key(std::string_view key);

// Version ids are 32 characters; the first 11 say the version's rank, so that a row is found by its
// id. The id of versions that were written without versioning is "null", and stored as an empty
// text.
//
// The last four are a check of the others: S3 tells an id that never was ("Invalid version id specified")
// from one that is no more.
std::string make_version_id(std::int64_t rank, std::string_view random_tail);
// False if `version_id` has not the form of one.
bool rank_of_version_id(std::string_view version_id, std::int64_t& rank);
// False if `version_id` is none that make_version_id has made.
bool is_version_id(std::string_view version_id);
inline constexpr std::size_t kVersionIdTail = 17;
inline constexpr std::string_view kIdAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// The form that S3 lists with encoding-type=url: all bytes but unreserved characters and '/' as
// %XX, ' ' as '+'.
std::string url_encoded(std::string_view text);
std::string segment_encoded(std::string_view text);  // All bytes but unreserved characters as %XX.
std::string url_decoded(
    std::string_view text);  // '+' stays as it is; a bad escape stays as it stands.

}  // namespace cloche::s3
