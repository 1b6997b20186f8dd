// Who owns the objects of a bucket, and whether ACLs mean anything there.
//
// Buckets are made with BucketOwnerEnforced since April 2023; a bucket whose ownership controls were
// deleted behaves as ObjectWriter.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
#pragma once

#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/acl.h"
#include "s3/records.h"

namespace cloche::s3 {

enum class Ownership : std::uint8_t { ObjectWriter, BucketOwnerPreferred, BucketOwnerEnforced };

// Reads a row: for requests that bring an ACL, or that ACLs decide about.
Result<Ownership> ownership_of(const engine::ReadView& view, const BucketRecord& bucket);

// Refuses with AccessControlListNotSupported an ACL for an object of a bucket that has none, unless
// it says what is so anyway. No read if nothing is asked for.
Result<void> check_acl_allowed(const engine::ReadView& view, const BucketRecord& bucket,
                               const AskedAcl& asked);

// Gives a new object its owner and ACL, as the bucket's ownership says. Costs nothing where the
// bucket's owner writes without asking for an ACL. `writer` is an account; empty: nobody's.
Result<void> give_acl(const engine::ReadView& view, const BucketRecord& bucket,
                      std::string_view writer, const AskedAcl& asked, ObjectRecord& object);

// The account that what the caller writes belongs to; empty: that of the bucket. A caller without a
// name can own nothing.
inline std::string_view writer_of(const protocol::Caller& caller) {
  return caller.anonymous ? std::string_view() : std::string_view(caller.account);
}

// What CreateBucket says about ownership and ACL, and what a new bucket gets. Refuses with
// InvalidArgument, InvalidBucketAclWithObjectOwnership and the errors of read_asked_acl.
struct NewBucketAccess {
  Ownership ownership = Ownership::BucketOwnerEnforced;
  bool store_ownership = true;
  bool block_public_access = true;
  AskedAcl acl;
};
class S3;
Result<NewBucketAccess> plan_bucket_access(const S3& s3, const protocol::Call& call);
Result<void> apply_bucket_access(engine::WriteTxn& txn, BucketRecord& bucket,
                                 const NewBucketAccess& access);

// The list that is asked for in the place of the bucket's.
Result<void> apply_bucket_acl(engine::WriteTxn& txn, BucketRecord& bucket, const AskedAcl& asked);

}  // namespace cloche::s3
