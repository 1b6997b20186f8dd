// Access control lists: what they are, how requests ask for one, how it is told. Judged in
// access.h.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html; order of checks
// and texts from recordings of AWS, 2025.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/records.h"
#include "services/iam/users.h"

namespace cloche::s3 {

// Bits; FULL_CONTROL has all of them.
enum Permission : std::uint8_t {
  kRead = 1,
  kWrite = 2,
  kReadAcp = 4,
  kWriteAcp = 8,
  kFullControl = 15
};

enum class Group : std::uint8_t { None, AllUsers, AuthenticatedUsers, LogDelivery };

struct Grant {
  Group group = Group::None;
  std::string id;  // A canonical user id, where the grantee is no group.
  std::uint8_t permission = 0;

  bool operator==(const Grant&) const = default;
};

struct Acl {
  std::vector<Grant> grants;

  bool operator==(const Acl&) const = default;
  // Grants everybody something ("The meaning of public"), authenticated or not.
  bool is_public() const;
  // The permissions of a caller, as bits. `with_public`: those of groups too.
  std::uint8_t permissions_of(const iam::Principal& who, bool with_public) const;
};

// The text in an object's row: "FULL_CONTROL:<id>,READ:AllUsers". Empty: the owner has all.
std::string encode(const Acl& acl);
Result<Acl> decode_acl(std::string_view text);

// The list that nobody wrote: the owner (a canonical id) has all.
Acl default_acl(std::string_view owner_id);

// What a request asks for with x-amz-acl, x-amz-grant-... or a body.
struct AskedAcl {
  enum class Form : std::uint8_t { None, Canned, Given };
  Form form = Form::None;
  std::string canned;  // "public-read"
  Acl given;

  explicit operator bool() const { return form != Form::None; }
};

enum class AclOf : std::uint8_t { Bucket, Object };

// Reads headers alone. Refuses with InvalidArgument, InvalidRequest (both forms), or
// UnresolvableGrantByEmailAddress.
Result<AskedAcl> read_asked_acl(const iam::Users& users, const Value& input, AclOf kind);
// Headers or the body of PutBucketAcl and PutObjectAcl, one of which has to be there. Refuses also
// with MalformedACLError, UnexpectedContent and MissingSecurityHeader.
Result<AskedAcl> read_put_acl(const iam::Users& users, const Value& input, AclOf kind);

// The list that is asked for, for an owner and the owner of the bucket (canonical ids).
Acl acl_of(const AskedAcl& asked, std::string_view owner_id, std::string_view bucket_owner_id);

// Adds Owner and Grants to an output.
void add_acl(Value& output, Arena& arena, const Acl& acl, std::string_view owner_id);

// The list of a bucket: what was put, else the default.
Result<Acl> read_bucket_acl(const engine::ReadView& view, const BucketRecord& bucket);
// The list of an object, and its owner's account. Where ACLs are disabled both are the bucket
// owner's; the caller looks that up (ownership.h).
Result<Acl> object_acl(const BucketRecord& bucket, const ObjectRecord& object);
std::string_view owner_of(const BucketRecord& bucket, const ObjectRecord& object);

}  // namespace cloche::s3
