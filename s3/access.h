// Who may do what, under --iam=soft and enforce. One place judges each request before its handler
// (register.cc calls it); handlers that touch more than the request's own object (DeleteObjects,
// copies) ask for each of these here.
//
// Within the account of the bucket the identity's policies or the bucket's policy allow; others need
// both their own policies and a bucket policy or ACL that lets them in; who has no name needs the
// latter alone. What anything denies is denied. The public access block takes away what policy and
// ACL give to the public. Objects that another account wrote (where ACLs are on) are its own: the
// bucket's policy can't give them away.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
// and "Policy evaluation logic" of the IAM User Guide.
#pragma once

#include <string_view>

#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/records.h"
#include "services/iam/guard.h"

namespace cloche::s3 {

class S3;

// Refuses with AccessDenied what the caller may not do. Only called where the guard is on. What is
// not there (a bucket, an object that he may list) is left for the handler to say.
Result<void> judge_call(S3& s3, protocol::Call& call);

// One more action on an object, for a handler. Success where the guard is off.
Result<void> judge_object(S3& s3, const engine::ReadView& view, const protocol::Call& call,
                          std::string_view operation, const BucketRecord& bucket,
                          std::string_view key, std::string_view version_id);

// The same for a call of another service, whose input is not S3's. The guard's mode is the caller's to
// look at.
Result<void> judge_other(const iam::Guard& guard, Instant now, const engine::ReadView& view,
                         const protocol::Call& call, std::string_view operation,
                         const BucketRecord& bucket, std::string_view key);

}  // namespace cloche::s3
