// What a tag may be, of a bucket or an object.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html, "User-defined
// tag restrictions" of AWS Billing; texts from recordings of AWS, 2025.
#pragma once

#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "s3/records.h"

namespace cloche::s3 {

// Keys of 1 to 128 and values of up to 256 characters (not bytes), of letters, digits, blanks and
// _ . : / = + - @. Refuses with InvalidTag. That "aws:" may not begin a key is each resource's own
// to say, in its own words. All characters beyond ASCII are taken for letters.
Result<void> check_tag(std::string_view key, std::string_view value);

// The tags of a bucket as PutBucketTagging and CreateBucket take them: each one by itself and
// against those before it, then their number (that order was seen on AWS: scality/cloudserver, pull
// request 4451).
Result<void> check_bucket_tags(const Value& tag_set, bool creating);

// The tags of an object, in a tag set or in x-amz-tagging. Refuses with InvalidTag, or BadRequest if they
// are too many.
Result<void> check_object_tags(const Pairs& tags);

}  // namespace cloche::s3
