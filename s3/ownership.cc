#include "s3/ownership.h"

#include "base/json.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/settings.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kNames[] = {"ObjectWriter", "BucketOwnerPreferred",
                                       "BucketOwnerEnforced"};

std::optional<Ownership> ownership_named(std::string_view name) {
  for (const Ownership one :
       {Ownership::ObjectWriter, Ownership::BucketOwnerPreferred, Ownership::BucketOwnerEnforced}) {
    if (kNames[static_cast<std::size_t>(one)] == name) return one;
  }
  return std::nullopt;
}

std::string controls_json(Ownership ownership) {
  return R"({"Rules":[{"ObjectOwnership":")" +
         std::string(kNames[static_cast<std::size_t>(ownership)]) + "\"}]}";
}

// The ACL that objects have anyway where the bucket's owner owns all, in any form.
bool is_owners_full_control(const AskedAcl& asked, std::string_view bucket_owner_id) {
  if (asked.form == AskedAcl::Form::Canned) return asked.canned == "bucket-owner-full-control";
  return asked.given == default_acl(bucket_owner_id);
}

Result<void> check_controls(const protocol::Call&, const Value& controls) {
  const auto rules = controls["Rules"].items();
  if (rules.size() != 1 || !ownership_named(rules[0]["ObjectOwnership"].text()))
    return malformed_xml();
  return {};
}

// A bucket whose ACL lets others in must have it withdrawn first (recording of AWS, 2025; "Disabling
// ACLs": InvalidBucketAclWithObjectOwnership).
Result<void> decide_controls(const engine::ReadView& view, const BucketRecord& bucket,
                             const Value& controls) {
  const auto wanted = ownership_named(controls["Rules"].items()[0]["ObjectOwnership"].text());
  if (wanted != Ownership::BucketOwnerEnforced) return {};
  CLOCHE_TRY(const acl, read_bucket_acl(view, bucket));
  if (acl == default_acl(canonical_id(bucket.account))) return {};
  return bucket_acl_with_ownership();
}

const StoredSetting kControls = {.kind = Setting::Ownership,
                                 .member = "OwnershipControls",
                                 .output_member = "OwnershipControls",
                                 .check = check_controls,
                                 .decide = decide_controls,
                                 .missing = no_such_ownership_controls};

}  // namespace

Result<Ownership> ownership_of(const engine::ReadView& view, const BucketRecord& bucket) {
  Arena arena;
  CLOCHE_TRY(const controls, read_setting(view, bucket, Setting::Ownership, arena));
  if (!controls) return Ownership::ObjectWriter;
  const auto rules = controls["Rules"].items();
  const auto named =
      rules.empty() ? std::nullopt : ownership_named(rules[0]["ObjectOwnership"].text());
  if (!named) return damaged("ownership controls of a bucket name no ownership");
  return *named;
}

Result<void> check_acl_allowed(const engine::ReadView& view, const BucketRecord& bucket,
                               const AskedAcl& asked) {
  if (!asked) return {};
  CLOCHE_TRY(const ownership, ownership_of(view, bucket));
  if (ownership != Ownership::BucketOwnerEnforced ||
      is_owners_full_control(asked, canonical_id(bucket.account)))
    return {};
  return acl_not_supported();
}

Result<void> give_acl(const engine::ReadView& view, const BucketRecord& bucket,
                      std::string_view writer, const AskedAcl& asked, ObjectRecord& object) {
  const bool foreign = !writer.empty() && writer != bucket.account;
  if (!foreign && !asked) return {};
  CLOCHE_TRY_VOID(check_acl_allowed(view, bucket, asked));
  CLOCHE_TRY(const ownership, ownership_of(view, bucket));
  if (ownership == Ownership::BucketOwnerEnforced) return {};
  const bool handed_over =
      ownership == Ownership::BucketOwnerPreferred && asked.canned == "bucket-owner-full-control";
  if (foreign && !handed_over) object.owner = writer;
  if (!asked || handed_over) return {};
  const std::string bucket_owner = canonical_id(bucket.account);
  const std::string owner = canonical_id(owner_of(bucket, object));
  const Acl acl = acl_of(asked, owner, bucket_owner);
  if (acl != default_acl(owner)) object.acl = encode(acl);
  return {};
}

Result<NewBucketAccess> plan_bucket_access(const S3& s3, const protocol::Call& call) {
  const Value& input = call.input();
  NewBucketAccess access;
  if (s3.options().open_new_buckets) {
    access.ownership = Ownership::ObjectWriter;
    access.block_public_access = false;
  }
  access.store_ownership = !s3.options().open_new_buckets;
  if (const Value& named = input["ObjectOwnership"]) {
    const auto ownership = ownership_named(named.text());
    if (!ownership) {
      return invalid_argument("Invalid x-amz-object-ownership header: " + named.str(),
                              "x-amz-object-ownership");
    }
    access.ownership = *ownership;
    access.store_ownership = true;
  }
  CLOCHE_TRY(asked, read_asked_acl(*s3.guard().users, input, AclOf::Bucket));
  // Who asks for the private ACL by name and says nothing of ownership gets a bucket that has ACLs,
  // so that programs that send it with every object (rclone) go on (docs/conformance.md).
  if (asked.canned == "private" && !input["ObjectOwnership"] && !s3.options().open_new_buckets)
    access.ownership = Ownership::BucketOwnerPreferred;
  const bool harmless = !asked || asked.canned == "private";
  if (!harmless && access.ownership == Ownership::BucketOwnerEnforced)
    return bucket_acl_with_ownership();
  access.acl = std::move(asked);
  return access;
}

Result<void> apply_bucket_access(engine::WriteTxn& txn, BucketRecord& bucket,
                                 const NewBucketAccess& access) {
  if (access.store_ownership)
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Ownership, controls_json(access.ownership)));
  if (access.block_public_access) {
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::PublicAccessBlock,
                                R"({"BlockPublicAcls":true,"IgnorePublicAcls":true,)"
                                R"("BlockPublicPolicy":true,"RestrictPublicBuckets":true})"));
  }
  return apply_bucket_acl(txn, bucket, access.acl);
}

Result<void> apply_bucket_acl(engine::WriteTxn& txn, BucketRecord& bucket, const AskedAcl& asked) {
  const std::string owner = canonical_id(bucket.account);
  const Acl acl = acl_of(asked, owner, owner);
  if (acl == default_acl(owner)) return erase_setting(txn, bucket, Setting::Acl);
  return put_setting(txn, bucket, Setting::Acl, R"({"Acl":")" + encode(acl) + "\"}");
}

void put_bucket_ownership_controls(S3& s3, const CallPtr& call) { put_stored(s3, call, kControls); }
void get_bucket_ownership_controls(S3& s3, const CallPtr& call) { get_stored(s3, call, kControls); }
void delete_bucket_ownership_controls(S3& s3, const CallPtr& call) {
  delete_stored(s3, call, kControls);
}

}  // namespace cloche::s3
