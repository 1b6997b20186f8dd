// Directory buckets: in one zone, for S3 Express One Zone. They are buckets with fewer operations and rules of
// their own, which stand here and in sessions.h; what a bucket is its name tells (BASE--ZONE--x-s3), so that
// others pay a look at the end of their name.
//
// Sources: "Directory bucket naming rules", "Differences for directory buckets", "Appending data to objects in
// directory buckets", "Renaming objects in directory buckets", and the API Reference. Which errors AWS has for
// parameters that directory buckets lack is published for few: 501 NotImplemented names the header, as it does
// for x-amz-expected-bucket-owner ("PutBucketPolicy").
#pragma once

#include <string>
#include <string_view>

#include "protocol/protocol.h"
#include "s3/records.h"

namespace cloche::s3 {

inline constexpr std::string_view kExpressClass = "EXPRESS_ONEZONE";

inline bool is_directory_name(std::string_view bucket) { return bucket.ends_with("--x-s3"); }

// Which zone the name says. Refuses with InvalidBucketName.
Result<std::string> zone_of_name(std::string_view bucket);

// "arn:aws:s3express:REGION:ACCOUNT:bucket/NAME", or a general purpose bucket's "arn:aws:s3:::NAME".
std::string arn_of_bucket(const BucketRecord& bucket);

// What CreateBucket's configuration says of a directory bucket: its zone, which is the name's. Empty for a
// general purpose bucket. Refuses with InvalidBucketName, InvalidRequest, MalformedXML.
Result<std::string> zone_of_new_bucket(const Value& input);

// What directory buckets do not know: MethodNotAllowed for operations, NotImplemented for headers,
// InvalidRequest for listings. For each request to one, before its handler.
Result<void> check_directory_call(const protocol::Call& call);

// Whether the operation changes nothing: a ReadOnly session may do it.
bool only_reads(std::string_view operation);

}  // namespace cloche::s3
