// Conditional requests: If-Match and its kin, for reading, copying, writing.
#pragma once

#include <optional>

#include "base/document.h"
#include "base/result.h"
#include "s3/records.h"

namespace cloche::s3 {

// GET and HEAD: PreconditionFailed (412) or NotModified (304), by the order of RFC 9110,
// section 13.2.2, which S3 follows ("Additional considerations about request headers" in
// GetObject's documentation).
//
// A date of If-Modified-Since that lies after `now` is none (RFC 2616, section 14.25).
Result<void> check_read_conditions(const Value& input, const ObjectRecord& object, Instant now);

// CopyObject and UploadPartCopy: the CopySourceIf* members; all failures are PreconditionFailed.
Result<void> check_copy_conditions(const Value& input, const ObjectRecord& source, Instant now);

// PutObject, CopyObject's and CompleteMultipartUpload's target. plan_...: what is wrong with the
// headers by themselves
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); check_...:
// against what is there now.
Result<void> plan_write_conditions(const Value& input);
Result<void> check_write_conditions(const Value& input, std::string_view key,
                                    const std::optional<ObjectRecord>& newest);

// Does `pattern` ('*', one ETag or a list of them, quoted or not, weak or not) match?
bool etag_matches(std::string_view pattern, std::string_view etag);

}  // namespace cloche::s3
