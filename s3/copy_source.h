// What CopyObject and UploadPartCopy copy from, and how its bytes are read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "s3/encryption.h"
#include "s3/handlers.h"
#include "s3/stored_body.h"

namespace cloche::s3 {

struct CopySource {
  std::string bucket, key, version_id;
};

// "/bucket/key?versionId=id", URL-encoded, the first slash optional, or a URL of the same path. Refuses with InvalidArgument.
Result<CopySource> parse_copy_source(std::string_view header);

struct FoundSource {
  BucketRecord bucket;
  ObjectRecord object;
  std::optional<CustomerKey> key;  // Where the object is under one.
};

// The object that is copied, if it may be read now: it is there and no delete marker, the CopySourceIf
// conditions hold, the client's key is the right one, KMS's can be used, and it is not archived.
Result<FoundSource> find_source(const engine::ReadView& view, const protocol::Call& call,
                                const CopySource& source, Instant now);

// What reading the bytes of a source gave.
struct CopiedBytes {
  BodyDigests digests;
  std::optional<StoredBody> body;  // Written anew; else the source's extents are taken over.
};

struct CopyJob {
  std::vector<Extent> extents;
  std::uint64_t size = 0;
  Algorithm algorithm = Algorithm::Crc64nvme;
  std::optional<CustomerKey> source_key, target_key;  // With either the bytes are written anew.
};

// Reads the bytes, here or on the worker if they are many, and calls `then` once, on either thread.
void read_source(S3& s3, CopyJob job, std::shared_ptr<engine::ReadView> view,
                 std::move_only_function<void(Result<CopiedBytes>)> then);

// True if the object is no longer the one that was looked at.
bool is_changed(const ObjectRecord& seen, const ObjectRecord& now);

// CopySourceVersionId, unless it is the null version (recording of AWS, 2026-02).
void add_source_version(Value& output, Arena& arena, const FoundSource& source);

}  // namespace cloche::s3
