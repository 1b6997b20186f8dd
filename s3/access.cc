#include "s3/access.h"

#include <algorithm>
#include <memory>

#include "base/json.h"
#include "s3/access_context.h"
#include "s3/access_rules.h"
#include "s3/copy_source.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/object_headers.h"
#include "s3/ownership.h"
#include "s3/policy_rules.h"
#include "s3/sessions.h"
#include "s3/settings.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// The four flags; all false where a bucket has no block.
struct PublicBlock {
  bool block_acls = false, ignore_acls = false, block_policy = false, restrict_buckets = false;
};

Result<PublicBlock> read_block(const engine::ReadView& view, const BucketRecord& bucket) {
  Arena arena;
  CLOCHE_TRY(const stored, read_setting(view, bucket, Setting::PublicAccessBlock, arena));
  return PublicBlock{.block_acls = stored["BlockPublicAcls"].as_bool(),
                     .ignore_acls = stored["IgnorePublicAcls"].as_bool(),
                     .block_policy = stored["BlockPublicPolicy"].as_bool(),
                     .restrict_buckets = stored["RestrictPublicBuckets"].as_bool()};
}

// Parsing a policy costs more than all else here, so each thread remembers the last one.
Result<std::shared_ptr<const iam::Policy>> read_policy(const engine::ReadView& view,
                                                       const BucketRecord& bucket) {
  CLOCHE_TRY(const json, find_setting(view, bucket, Setting::Policy));
  if (!json) return std::shared_ptr<const iam::Policy>();
  thread_local std::string last_json;
  thread_local std::shared_ptr<const iam::Policy> last;
  if (last == nullptr || last_json != *json) {
    auto policy = iam::Policy::parse(*json, iam::Policy::Kind::Resource);
    if (!policy) return damaged("a stored bucket policy can't be read");
    last = std::make_shared<const iam::Policy>(*std::move(policy));
    last_json = *json;
  }
  return last;
}

std::string arn_of(const BucketRecord& bucket, std::string_view key) {
  std::string out = arn_of_bucket(bucket);
  if (!key.empty()) out.append("/").append(key);
  return out;
}

// One thing that a request wants to do.
struct Wish {
  std::string_view action;
  const BucketRecord& bucket;
  std::string_view key = {};                    // Empty: the bucket itself.
  const std::optional<ObjectRecord>* object{};  // As it is now, where the action is about one.
  AclSide side = AclSide::None;
  std::uint8_t permission = 0;
  std::string_view version_id = {};
  std::string_view listed_key = {};  // Of a listing that is only thought of.
};

// Judges wishes of one call on one state.
class Judge {
 public:
  Judge(const S3& s3, const engine::ReadView& view, const protocol::Call& call, Instant now)
      : Judge(s3, view, call, call.caller(), now) {}
  // As if somebody else asked: who made the request's session.
  Judge(const S3& s3, const engine::ReadView& view, const protocol::Call& call,
        const protocol::Caller& caller, Instant now)
      : Judge(s3.guard(), view, call, caller, now) {}
  Judge(const iam::Guard& guard, const engine::ReadView& view, const protocol::Call& call,
        const protocol::Caller& caller, Instant now)
      : view_(view),
        call_(call),
        now_(now),
        who_(iam::principal_of(caller)),
        user_(guard.user_of(caller)) {}

  const iam::Principal& who() const { return who_; }
  bool is_owner(const BucketRecord& bucket) const {
    return !who_.anonymous && who_.account == bucket.account;
  }

  Result<void> allow(const Wish& wish) const;
  // For what is about no bucket that is there (ListBuckets, CreateBucket).
  Result<void> allow_by_identity(std::string_view action, std::string_view resource) const;
  // AWS says why to callers of the bucket's own account only.
  Error refuse(const BucketRecord& bucket, const iam::Request& request, iam::Refusal why) const {
    if (!is_owner(bucket)) return access_denied();
    return access_denied(iam::refusal_text(request, why, true));
  }

 private:
  Result<bool> allowed_by_acl(const Wish& wish, Ownership ownership, bool ignore_public) const;

  const engine::ReadView& view_;
  const protocol::Call& call_;
  const Instant now_;
  const iam::Principal who_;
  const iam::User* const user_;
};

const ObjectRecord* object_of(const Wish& wish) {
  return wish.object != nullptr && wish.object->has_value() ? &**wish.object : nullptr;
}

Result<bool> Judge::allowed_by_acl(const Wish& wish, Ownership ownership,
                                   bool ignore_public) const {
  if (wish.side == AclSide::None || ownership == Ownership::BucketOwnerEnforced) return false;
  std::string_view owner = wish.bucket.account;
  Acl acl;
  if (wish.side == AclSide::Bucket) {
    CLOCHE_TRY(read, read_bucket_acl(view_, wish.bucket));
    acl = std::move(read);
  } else {
    const ObjectRecord* object = object_of(wish);
    if (object == nullptr) return false;
    owner = owner_of(wish.bucket, *object);
    CLOCHE_TRY(read, object_acl(wish.bucket, *object));
    acl = std::move(read);
  }
  std::uint8_t bits = acl.permissions_of(who_, !ignore_public);
  // "The owner can always read and write the ACL."
  if (!who_.anonymous && who_.account == owner)
    bits = static_cast<std::uint8_t>(bits | kReadAcp | kWriteAcp);
  return (bits & wish.permission) == wish.permission;
}

// The root of the bucket's account can't be locked out of the policy ("DeleteBucketPolicy").
bool can_always(const iam::Principal& who, const BucketRecord& bucket, std::string_view action) {
  return who.is_root() && who.account == bucket.account &&
         (action == "s3:PutBucketPolicy" || action == "s3:GetBucketPolicy" ||
          action == "s3:DeleteBucketPolicy");
}

Result<void> Judge::allow(const Wish& wish) const {
  const ObjectRecord* const object = object_of(wish);
  AccessContext context(call_, who_, now_, &wish.bucket, object, wish.version_id);
  context.as_listing_of(wish.listed_key);
  const std::string resource = arn_of(wish.bucket, wish.key);
  const iam::Request request{who_, wish.action, resource, context};
  const iam::Verdict identity = iam::judge_identity(user_, request);
  if (identity == iam::Verdict::Deny)
    return refuse(wish.bucket, request, iam::Refusal::DenyOfIdentity);

  CLOCHE_TRY(const policy, read_policy(view_, wish.bucket));
  iam::Verdict by_policy = policy ? policy->judge(request) : iam::Verdict::None;
  if (by_policy == iam::Verdict::Deny && !can_always(who_, wish.bucket, wish.action))
    return refuse(wish.bucket, request, iam::Refusal::DenyOfResource);

  // Most requests end here: the owner's, for what is his.
  const bool foreign = wish.side == AclSide::Object && object != nullptr && !object->owner.empty();
  if (!foreign && is_owner(wish.bucket)) {
    if (identity == iam::Verdict::Allow || by_policy == iam::Verdict::Allow) return {};
    return refuse(wish.bucket, request, iam::Refusal::NoIdentityPolicy);
  }
  CLOCHE_TRY(const ownership, ownership_of(view_, wish.bucket));
  CLOCHE_TRY(const block, read_block(view_, wish.bucket));
  const bool others_own = foreign && ownership != Ownership::BucketOwnerEnforced;
  if (!others_own && is_owner(wish.bucket) && identity == iam::Verdict::Allow) return {};
  if (others_own || (block.restrict_buckets && policy && is_public(*policy)))
    by_policy = iam::Verdict::None;
  CLOCHE_TRY(const by_acl, allowed_by_acl(wish, ownership, block.ignore_acls));
  if (who_.anonymous)
    return by_acl || by_policy == iam::Verdict::Allow ? Result<void>() : access_denied();
  const bool let_in = by_acl || by_policy >= iam::Verdict::AllowAccount;
  if (let_in && identity == iam::Verdict::Allow) return {};
  return refuse(wish.bucket, request, iam::Refusal::NoIdentityPolicy);
}

Result<void> Judge::allow_by_identity(std::string_view action, std::string_view resource) const {
  const AccessContext context(call_, who_, now_, nullptr, nullptr, {});
  const iam::Request request{who_, action, resource, context};
  const iam::Verdict verdict = iam::judge_identity(user_, request);
  if (verdict == iam::Verdict::Allow) return {};
  if (who_.anonymous) return access_denied();
  return access_denied(iam::refusal_text(
      request,
      verdict == iam::Verdict::Deny ? iam::Refusal::DenyOfIdentity : iam::Refusal::NoIdentityPolicy,
      true));
}

// Whether the request is an operation that reads an object, which 404 must not be told of to who
// may not list.
bool reads_object(const AccessRule& rule) {
  return rule.target == Target::Object && rule.side != AclSide::Bucket;
}

// "If the object you request doesn't exist, the error that S3 returns depends on whether you also
// have the s3:ListBucket permission" (GetObject).
Result<void> allow_missing(const Judge& judge, const Wish& wish) {
  return judge.allow({.action = "s3:ListBucket",
                      .bucket = wish.bucket,
                      .side = AclSide::Bucket,
                      .permission = kRead,
                      .listed_key = wish.key});
}

Result<void> allow_on_object(const Judge& judge, const engine::ReadView& view,
                             const AccessRule& rule, const BucketRecord& bucket,
                             std::string_view key, std::string_view version_id) {
  CLOCHE_TRY(const object, look_for_version(view, bucket, key, version_id));
  const Wish wish{.action = version_id.empty() || rule.version_action.empty() ? rule.action
                                                                              : rule.version_action,
                  .bucket = bucket,
                  .key = key,
                  .object = &object,
                  .side = rule.side,
                  .permission = rule.permission,
                  .version_id = version_id};
  if (!reads_object(rule) || (object && !object->delete_marker)) return judge.allow(wish);
  auto listed = allow_missing(judge, wish);
  if (!listed) return listed;
  // Who may list learns of what is not there even where only its ACL could have let him in.
  auto allowed = judge.allow(wish);
  return allowed || wish.side == AclSide::Object ? Result<void>() : allowed;
}

// A second action that comes with a member of the input, on the same object.
struct Companion {
  std::string_view member, action;
};
constexpr Companion kCompanions[] = {
    {"Tagging", "s3:PutObjectTagging"},
    {"ACL", "s3:PutObjectAcl"},
    {"GrantFullControl", "s3:PutObjectAcl"},
    {"GrantRead", "s3:PutObjectAcl"},
    {"GrantReadACP", "s3:PutObjectAcl"},
    {"GrantWriteACP", "s3:PutObjectAcl"},
    {"ObjectLockMode", "s3:PutObjectRetention"},
    {"ObjectLockLegalHoldStatus", "s3:PutObjectLegalHold"},
    {"BypassGovernanceRetention", "s3:BypassGovernanceRetention"},
};

bool writes_object(const AccessRule& rule) {
  return rule.side == AclSide::Bucket && rule.target == Target::Object;
}

// Whether an ACL gives something to others than the writer and the bucket's owner. "Requiring the
// bucket owner to get full control" (bucket policy examples) asks for s3:PutObject alone.
bool gives_to_others(const S3& s3, const Value& input, const BucketRecord& bucket) {
  const auto asked = read_asked_acl(*s3.guard().users, input, AclOf::Object);
  if (!asked || !*asked) return false;  // The handler says what is wrong with it.
  const std::string owner = canonical_id(bucket.account);
  const Acl acl = acl_of(*asked, owner, owner);
  return std::ranges::any_of(acl.grants, [&](const Grant& grant) { return grant.id != owner; });
}

// Tags, ACL, locks that a write brings along. Who may write by an ACL of the bucket may give what he
// writes an ACL, but no more.
Result<void> allow_companions(const S3& s3, const Judge& judge, const protocol::Call& call,
                              const AccessRule& rule, const BucketRecord& bucket,
                              std::string_view key) {
  if (!writes_object(rule)) return {};
  for (const Companion& companion : kCompanions) {
    const Value& member = call.input()[companion.member];
    if (!member || (member.is(Value::Kind::Bool) && !member.as_bool())) continue;
    Wish wish{.action = companion.action, .bucket = bucket, .key = key};
    if (companion.action == "s3:PutObjectAcl") {
      if (!gives_to_others(s3, call.input(), bucket)) continue;
      wish.side = AclSide::Bucket;
      wish.permission = kWrite;
    }
    CLOCHE_TRY_VOID(judge.allow(wish));
  }
  return {};
}

Result<void> allow_source(const Judge& judge, const engine::ReadView& view,
                          const protocol::Call& call) {
  const Value& header = call.input()["CopySource"];
  if (!header) return {};
  const auto source = parse_copy_source(header.text());
  if (!source) return {};  // The handler says what is wrong with it.
  CLOCHE_TRY(const bucket, find_bucket_named(view, source->bucket));
  if (!bucket) return {};
  CLOCHE_TRY_VOID(allow_on_object(judge, view, *rule_of("GetObject"), *bucket, source->key,
                                  source->version_id));
  if (call.operation() != "CopyObject" || call.input()["TaggingDirective"].text() == "REPLACE")
    return {};
  CLOCHE_TRY(const object, look_for_version(view, *bucket, source->key, source->version_id));
  if (!object || object->headers.tagging.empty()) return {};
  return allow_on_object(judge, view, *rule_of("GetObjectTagging"), *bucket, source->key,
                         source->version_id);
}

// What the block keeps out: ACLs and policies that would let in the public.
Result<void> check_block(const S3& s3, const Judge& judge, const engine::ReadView& view,
                         const protocol::Call& call, const BucketRecord& bucket,
                         std::string_view action, std::string_view key) {
  if (!bucket.has(Setting::PublicAccessBlock)) return {};
  const Value& input = call.input();
  const bool policy = call.operation() == "PutBucketPolicy";
  const AclOf kind = key.empty() ? AclOf::Bucket : AclOf::Object;
  const auto acl = input["AccessControlPolicy"] ? read_put_acl(*s3.guard().users, input, kind)
                                                : read_asked_acl(*s3.guard().users, input, kind);
  if (!policy && (!acl || !*acl)) return {};
  CLOCHE_TRY(const block, read_block(view, bucket));
  std::string_view why;
  if (policy && block.block_policy) {
    const auto asked = iam::Policy::parse(input["Policy"].text(), iam::Policy::Kind::Resource);
    if (asked && is_public(*asked)) why = "public policies are blocked by the BlockPublicPolicy";
  } else if (!policy && block.block_acls && acl_of(*acl, "-", "-").is_public()) {
    why = "public access control lists (ACLs) are blocked by the BlockPublicAcls";
  }
  if (why.empty()) return {};
  if (!judge.is_owner(bucket)) return access_denied();
  return access_denied("User: " + judge.who().arn() + " is not authorized to perform: " +
                       std::string(action) + " on resource: \"" + arn_of(bucket, key) +
                       "\" because " + std::string(why) + " block public access setting.");
}

// "Requester Pays buckets": everybody but the owner has to say that he pays.
Result<void> check_payer(const Judge& judge, const engine::ReadView& view, protocol::Call& call,
                         const BucketRecord& bucket) {
  if (!bucket.has(Setting::RequestPayment) || judge.is_owner(bucket)) return {};
  Arena arena;
  CLOCHE_TRY(const payment, read_setting(view, bucket, Setting::RequestPayment, arena));
  if (payment["Payer"].text() != "Requester") return {};
  if (judge.who().anonymous || call.input()["RequestPayer"].text() != "requester")
    return access_denied();
  call.set_header("x-amz-request-charged", "requester");
  return {};
}

Result<void> judge_bucket_call(const S3& s3, const Judge& judge, const engine::ReadView& view,
                               protocol::Call& call, const AccessRule& rule,
                               const BucketRecord& bucket) {
  const Value& input = call.input();
  const std::string_view key =
      rule.target == Target::Object ? input["Key"].text() : std::string_view();
  CLOCHE_TRY_VOID(check_payer(judge, view, call, bucket));
  // Each of its keys is judged by itself, and has its own place in the answer.
  if (call.operation() == "DeleteObjects") return {};
  if (rule.target == Target::Object) {
    const std::string_view version_id = input["VersionId"].text();
    CLOCHE_TRY_VOID(allow_on_object(judge, view, rule, bucket, key, version_id));
    // It tells what GetObject tells, and needs both ("GetObjectAttributes", Permissions).
    if (rule.operation == "GetObjectAttributes")
      CLOCHE_TRY_VOID(allow_on_object(judge, view, *rule_of("GetObject"), bucket, key, version_id));
  } else {
    CLOCHE_TRY_VOID(judge.allow({.action = rule.action,
                                 .bucket = bucket,
                                 .side = rule.side,
                                 .permission = rule.permission}));
  }
  // "If you have PutBucketPolicy permissions but do not use an identity of the bucket owner's
  // account, S3 returns 405" (PutBucketPolicy).
  if (rule.action.ends_with("BucketPolicy") && !judge.is_owner(bucket))
    return method_not_allowed_on(call.http().method(), "BUCKETPOLICY");
  CLOCHE_TRY_VOID(allow_companions(s3, judge, call, rule, bucket, key));
  CLOCHE_TRY_VOID(allow_source(judge, view, call));
  return check_block(s3, judge, view, call, bucket, rule.action, key);
}

// What is done to the objects of a directory bucket s3express:CreateSession allows, and a session then; the rest
// has actions of its own ("IAM identity-based policies for directory buckets").
Result<void> judge_directory(S3& s3, const engine::ReadView& view, const protocol::Call& call,
                             const AccessRule& rule) {
  const Value& input = call.input();
  const bool of_objects = input["Key"] || call.operation() == "DeleteObjects" ||
                          call.operation() == "CreateSession" || only_reads(call.operation());
  const Instant now = s3.store().clock().now();
  CLOCHE_TRY(const session, session_of(s3, call, now));
  // That the session is for this was looked at before (register.cc).
  if (of_objects && session) {
    const auto source = parse_copy_source(input["CopySource"].text());
    const bool elsewhere =
        input["CopySource"] && source && source->bucket != input["Bucket"].text();
    return elsewhere ? access_denied() : Result<void>();
  }
  const Judge judge(s3, view, call, session ? session->maker : call.caller(), now);
  const std::string action =
      of_objects ? "s3express:CreateSession" : "s3express:" + std::string(rule.action.substr(3));
  CLOCHE_TRY(const bucket, find_bucket_named(view, input["Bucket"].text()));
  if (bucket) {
    CLOCHE_TRY_VOID(judge.allow({.action = action, .bucket = *bucket}));
    return allow_source(judge, view, call);
  }
  if (!of_objects || call.operation() == "CreateSession") {
    return judge.allow_by_identity(action, "arn:aws:s3express:" + call.caller().region + ":" +
                                               call.caller().account + ":bucket/" +
                                               input["Bucket"].str());
  }
  return {};
}

Result<void> judged(S3& s3, protocol::Call& call) {
  const auto view = s3.store().view();
  const Judge judge(s3, *view, call, s3.store().clock().now());
  const std::string action = "s3:" + std::string(call.operation());
  AccessRule rule{.operation = call.operation(), .action = action};
  if (const AccessRule* known = rule_of(call.operation())) rule = *known;
  if (rule.target == Target::Service) return judge.allow_by_identity(rule.action, "arn:aws:s3:::*");
  const std::string_view name = call.input()["Bucket"].text();
  if (is_directory_name(name)) return judge_directory(s3, *view, call, rule);
  if (rule.operation == "CreateBucket")
    return judge.allow_by_identity(rule.action, "arn:aws:s3:::" + std::string(name));
  CLOCHE_TRY(const bucket, find_bucket_named(*view, name));
  if (!bucket) return {};
  return judge_bucket_call(s3, judge, *view, call, rule, *bucket);
}

}  // namespace

Result<void> judge_call(S3& s3, protocol::Call& call) {
  return s3.guard().settle(call, judged(s3, call));
}

Result<void> judge_object(S3& s3, const engine::ReadView& view, const protocol::Call& call,
                          std::string_view operation, const BucketRecord& bucket,
                          std::string_view key, std::string_view version_id) {
  if (!s3.guard().is_on()) return {};
  const Judge judge(s3, view, call, s3.store().clock().now());
  auto allowed = allow_on_object(judge, view, *rule_of(operation), bucket, key, version_id);
  // DeleteObjects says once for all of its keys that locks are to be passed by.
  if (allowed && !version_id.empty() && call.input()["BypassGovernanceRetention"].as_bool()) {
    allowed = judge.allow({.action = "s3:BypassGovernanceRetention", .bucket = bucket, .key = key});
  }
  return s3.guard().settle(call, std::move(allowed));
}

Result<void> judge_other(const iam::Guard& guard, Instant now, const engine::ReadView& view,
                         const protocol::Call& call, std::string_view operation,
                         const BucketRecord& bucket, std::string_view key) {
  const Judge judge(guard, view, call, call.caller(), now);
  const AccessRule& rule = *rule_of(operation);
  Wish wish{
      .action = rule.action, .bucket = bucket, .side = rule.side, .permission = rule.permission};
  if (rule.target != Target::Object) return judge.allow(wish);
  CLOCHE_TRY(const object, look_for_version(view, bucket, key, ""));
  wish.key = key;
  wish.object = &object;
  return judge.allow(wish);
}

}  // namespace cloche::s3
