// Objects for the other services of this Cloche: what they read and write, in their own
// transactions and under the rules that a client's request is under (ownership, encryption, locks,
// versions, replication, events). The one header of this folder that they include.
//
// A body goes into a blob first and its object is made in a transaction, so that a slow source never
// holds the writer:
//
//   s3::Upload upload(store);
//   upload.append(bytes);
//   CLOCHE_TRY(const body, upload.finish());
//   store.write("...", [&](engine::WriteTxn& txn) { return s3::put_object(txn, user, object, body); });
//
// Errors are S3's own, as a client would get them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "services/iam/guard.h"

namespace cloche::s3 {

// A bucket, and on whose behalf it is used.
struct BucketUse {
  std::string bucket;
  std::string owner;    // The account that the bucket has to belong to; empty: any.
  std::string account;  // Who asks: owns what is written where the bucket's ownership says so.
};

// Refuses with NoSuchBucket, and with AccessDenied if the bucket is another's than `owner`.
Result<void> check_bucket(const engine::ReadView& view, const BucketUse& use);

// Whether the caller of a request may himself do `operation` ("PutObject", "GetObject",
// "ListObjectsV2") on a key of the bucket, which need not be there; refuses with AccessDenied. Success where the guard is off, or there is no such bucket.
Result<void> judge_for(const iam::Guard& guard, Instant now, const engine::ReadView& view,
                       const protocol::Call& call, std::string_view operation,
                       std::string_view bucket, std::string_view key);

// A body that is in place. Adopted by put_object; vanishes if it never is.
class UploadedBody {
 public:
  struct Impl;
  explicit UploadedBody(std::unique_ptr<Impl> impl);
  UploadedBody(UploadedBody&&) noexcept;
  ~UploadedBody();

  std::uint64_t size() const;
  std::string md5_base64() const;
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Takes a body piece by piece; memory is bounded whatever its length. One thread at a time.
class Upload {
 public:
  explicit Upload(engine::Store& store);
  ~Upload();
  Result<void> append(std::string_view bytes);
  Result<UploadedBody> finish();  // Once.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct NewObject {
  std::string key;
  std::string content_type;
  bool kms = false;     // SSE-KMS instead of SSE-S3.
  std::string kms_key;  // In any of its forms; empty: the key that AWS manages.
};

// Makes the object the newest version of its key, and answers with its ETag (without quotes).
// Refuses as check_bucket does, and what KMS refuses.
Result<std::string> put_object(engine::WriteTxn& txn, const BucketUse& use, const NewObject& object,
                               const UploadedBody& body);

struct ListedObject {
  std::string key;
  std::uint64_t size = 0;
};
// The newest versions whose keys begin with `prefix` and come after the key `after`, in order, at
// most `max`. Refuses as check_bucket does.
Result<std::vector<ListedObject>> list_objects(const engine::ReadView& view, const BucketUse& use,
                                               std::string_view prefix, std::string_view after,
                                               std::size_t max);

// Shows all bytes of an object to `visit`, in pieces of at most 256 KiB; an error of `visit` ends
// it. Refuses also with NoSuchKey, and what can't be read: archived objects, those under a client's
// key, or under one of KMS that can't be used. Not for io threads.
Result<void> read_object(engine::Store& store, const engine::ReadView& view, const BucketUse& use,
                         std::string_view key,
                         const std::function<Result<void>(std::string_view)>& visit);

}  // namespace cloche::s3
