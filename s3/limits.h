// AWS's limits of S3, under AWS's names for them.
// Source: https://docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3 and the pages named
// beside each.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cloche::s3 {

// "Creating object key names": UTF-8, at most 1,024 bytes.
inline constexpr std::size_t kKeyBytesMax = 1024;
// "Working with object metadata": user-defined metadata in the PUT request header, names and
// values.
inline constexpr std::size_t kUserMetadataBytesMax = 2048;
// "Configuring a webpage redirect": x-amz-website-redirect-location.
inline constexpr std::size_t kRedirectBytesMax = 2048;
// "Amazon S3 multipart upload limits".
inline constexpr std::uint64_t kPutBytesMax = std::uint64_t{5} << 30;
inline constexpr std::uint64_t kPartBytesMin = std::uint64_t{5} << 20;
inline constexpr std::uint64_t kPartBytesMax = std::uint64_t{5} << 30;
inline constexpr std::uint64_t kObjectBytesMax = std::uint64_t{50} << 40;
inline constexpr std::int64_t kPartNumberMax = 10'000;
// "DeleteObjects": at most 1,000 keys per request. The same bound holds for every listing's page.
inline constexpr std::size_t kDeleteObjectsMax = 1000;
inline constexpr std::int64_t kListMax = 1000;
// "ListBuckets": MaxBuckets.
inline constexpr std::int64_t kListBucketsMax = 10'000;
// "Object tagging": tags per object, characters per key and value.
inline constexpr std::size_t kTagsMax = 10;
// "Tagging S3 buckets": tags per bucket.
inline constexpr std::size_t kBucketTagsMax = 50;
// "Elements of a CORS configuration": rules of a bucket.
inline constexpr std::size_t kCorsRulesMax = 100;
// "Routing rules for advanced conditional redirects": rules of a website.
inline constexpr std::size_t kRoutingRulesMax = 50;
// "Lifecycle configuration elements": rules of a bucket, characters of a rule's ID.
inline constexpr std::size_t kLifecycleRulesMax = 1000;
inline constexpr std::size_t kLifecycleIdMax = 255;
// "ListBucketMetricsConfigurations" and its kin: of each kind in a bucket, and in a page.
inline constexpr std::size_t kNamedSettingsMax = 1000;
inline constexpr std::size_t kNamedSettingsPage = 100;
inline constexpr std::size_t kTagKeyMax = 128;
inline constexpr std::size_t kTagValueMax = 256;

// "Bucket policies are limited to 20 KB in size" ("Using bucket policies").
inline constexpr std::size_t kBucketPolicyBytesMax = std::size_t{20} << 10;

// Ours: rows removed in one step when a bucket's left-over uploads are cleaned up, so that a group
// stays under a few MiB.
inline constexpr int kCleanupStep = 500;
// Ours: keys that lifecycle rules are applied to in one transaction; the writer waits meanwhile.
inline constexpr std::size_t kLifecycleStep = 200;

// "You can append up to 10,000 parts": directory buckets.
inline constexpr std::size_t kAppendedPartsMax = 10'000;

}  // namespace cloche::s3
