#include "s3/acl.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "s3/errors.h"
#include "s3/settings.h"

namespace cloche::s3 {
namespace {

struct NamedPermission {
  std::string_view name;
  std::uint8_t bits;
};
constexpr std::array<NamedPermission, 5> kPermissions = {{{"FULL_CONTROL", kFullControl},
                                                          {"READ", kRead},
                                                          {"WRITE", kWrite},
                                                          {"READ_ACP", kReadAcp},
                                                          {"WRITE_ACP", kWriteAcp}}};

struct NamedGroup {
  std::string_view name, uri;
  Group group;
};
constexpr std::array<NamedGroup, 3> kGroups = {
    {{"AllUsers", "http://acs.amazonaws.com/groups/global/AllUsers", Group::AllUsers},
     {"AuthenticatedUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
      Group::AuthenticatedUsers},
     {"LogDelivery", "http://acs.amazonaws.com/groups/s3/LogDelivery", Group::LogDelivery}}};

std::string_view name_of_permission(std::uint8_t bits) {
  return std::ranges::find(kPermissions, bits, &NamedPermission::bits)->name;
}

const NamedGroup& group_named(Group group) {
  return *std::ranges::find(kGroups, group, &NamedGroup::group);
}

Value describe(Arena& arena, const Grant& grant) {
  Value grantee = Value::map();
  if (grant.group == Group::None) {
    grantee.add(arena, "ID", Value::string(arena, grant.id));
    grantee.add(arena, "Type", Value::string("CanonicalUser"));
  } else {
    grantee.add(arena, "Type", Value::string("Group"));
    grantee.add(arena, "URI", Value::string(group_named(grant.group).uri));
  }
  Value out = Value::map();
  out.add(arena, "Grantee", grantee);
  out.add(arena, "Permission", Value::string(name_of_permission(grant.permission)));
  return out;
}

}  // namespace

bool Acl::is_public() const {
  return std::ranges::any_of(grants, [](const Grant& grant) {
    return grant.group == Group::AllUsers || grant.group == Group::AuthenticatedUsers;
  });
}

std::uint8_t Acl::permissions_of(const iam::Principal& who, bool with_public) const {
  const std::string id = who.anonymous ? std::string() : iam::canonical_id(who.account);
  std::uint8_t bits = 0;
  for (const Grant& grant : grants) {
    const bool his = grant.group == Group::None && !id.empty() && grant.id == id;
    const bool everybodys =
        with_public && (grant.group == Group::AllUsers ||
                        (grant.group == Group::AuthenticatedUsers && !who.anonymous));
    if (his || everybodys) bits = static_cast<std::uint8_t>(bits | grant.permission);
  }
  return bits;
}

std::string encode(const Acl& acl) {
  std::string out;
  for (const Grant& grant : acl.grants) {
    if (!out.empty()) out += ',';
    out += name_of_permission(grant.permission);
    out += ':';
    out += grant.group == Group::None ? std::string_view(grant.id) : group_named(grant.group).name;
  }
  // A list that grants nothing is not the same as none.
  return out.empty() ? "-" : out;
}

Result<Acl> decode_acl(std::string_view text) {
  Acl acl;
  if (text == "-") return acl;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const auto colon = one.find(':');
    const auto permission =
        std::ranges::find(kPermissions, one.substr(0, colon), &NamedPermission::name);
    if (colon == std::string_view::npos || permission == kPermissions.end())
      return damaged("an acl in an s3 row names no permission");
    const std::string_view grantee = one.substr(colon + 1);
    Grant grant{.group = Group::None, .id = {}, .permission = permission->bits};
    if (const auto group = std::ranges::find(kGroups, grantee, &NamedGroup::name);
        group != kGroups.end()) {
      grant.group = group->group;
    } else {
      grant.id = grantee;
    }
    acl.grants.push_back(std::move(grant));
  }
  return acl;
}

Acl default_acl(std::string_view owner_id) {
  return {{{.group = Group::None, .id = std::string(owner_id), .permission = kFullControl}}};
}

void add_acl(Value& output, Arena& arena, const Acl& acl, std::string_view owner_id) {
  Value owner = Value::map();
  owner.add(arena, "ID", Value::string(arena, owner_id));
  output.add(arena, "Owner", owner);
  Value grants = Value::list();
  for (const Grant& grant : acl.grants) grants.push(arena, describe(arena, grant));
  output.add(arena, "Grants", grants);
}

Result<Acl> read_bucket_acl(const engine::ReadView& view, const BucketRecord& bucket) {
  Arena arena;
  CLOCHE_TRY(const stored, read_setting(view, bucket, Setting::Acl, arena));
  if (!stored) return default_acl(iam::canonical_id(bucket.account));
  return decode_acl(stored["Acl"].text());
}

Result<Acl> object_acl(const BucketRecord& bucket, const ObjectRecord& object) {
  if (!object.acl.empty()) return decode_acl(object.acl);
  return default_acl(iam::canonical_id(owner_of(bucket, object)));
}

std::string_view owner_of(const BucketRecord& bucket, const ObjectRecord& object) {
  return object.owner.empty() ? std::string_view(bucket.account) : object.owner;
}

}  // namespace cloche::s3
