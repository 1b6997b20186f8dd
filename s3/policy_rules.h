// What S3 alone can say about a bucket policy: whether it may be put on a bucket, and whether it
// lets in the public.
#pragma once

#include <string_view>

#include "base/result.h"
#include "services/iam/iam.h"

namespace cloche::s3 {

// Parses and checks a policy for a bucket. Refuses with MalformedPolicy in AWS's words.
Result<iam::Policy> read_bucket_policy(std::string_view json, std::string_view bucket);

// "The meaning of 'public'": an Allow for everybody that no condition ties to fixed values.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
bool is_public(const iam::Policy& policy);

}  // namespace cloche::s3
