// How requests ask for an ACL.
#include <algorithm>
#include <array>

#include "s3/acl.h"
#include "s3/errors.h"

namespace cloche::s3 {
namespace {

struct GrantHeader {
  std::string_view member, header;
  std::uint8_t permission;
};
constexpr std::array<GrantHeader, 5> kGrantHeaders = {
    {{"GrantFullControl", "x-amz-grant-full-control", kFullControl},
     {"GrantRead", "x-amz-grant-read", kRead},
     {"GrantReadACP", "x-amz-grant-read-acp", kReadAcp},
     {"GrantWrite", "x-amz-grant-write", kWrite},
     {"GrantWriteACP", "x-amz-grant-write-acp", kWriteAcp}}};

// "Canned ACL". Those of objects' owners mean nothing for a bucket, and are taken for private.
constexpr std::array kCannedAcls = {
    "private",       "public-read",       "public-read-write",         "authenticated-read",
    "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"};

// Who fetches AMI bundles ("Canned ACL", aws-exec-read).
constexpr std::string_view kEc2Id =
    "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";

constexpr std::array kGroupUris = {
    std::pair(std::string_view("http://acs.amazonaws.com/groups/global/AllUsers"), Group::AllUsers),
    std::pair(std::string_view("http://acs.amazonaws.com/groups/global/AuthenticatedUsers"),
              Group::AuthenticatedUsers),
    std::pair(std::string_view("http://acs.amazonaws.com/groups/s3/LogDelivery"),
              Group::LogDelivery)};

// Every account that could be has an id of this form, so no such id can be told to be a stranger's.
bool is_canonical_id(std::string_view id) {
  return id.size() == 64 && std::ranges::all_of(id, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

// The three kinds of grantees, named as the place in the request that they came from.
Result<Grant> grant_to_id(std::string_view id, std::string_view argument) {
  if (!is_canonical_id(id)) return invalid_argument("Invalid id", argument, id);
  return Grant{.group = Group::None, .id = std::string(id), .permission = 0};
}

Result<Grant> grant_to_uri(std::string_view uri, std::string_view argument) {
  for (const auto& [known, group] : kGroupUris) {
    if (uri == known) return Grant{.group = group, .id = {}, .permission = 0};
  }
  return invalid_argument("Invalid group uri", argument, uri);
}

Result<Grant> grant_to_email(const iam::Users& users, std::string_view email) {
  const std::string* account = users.account_of_email(email);
  if (account == nullptr) return unresolvable_email(email);
  return Grant{.group = Group::None, .id = iam::canonical_id(*account), .permission = 0};
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// uri="...", id="...", emailAddress="...": quotes may be left away.
Result<Grant> read_grantee(const iam::Users& users, std::string_view text,
                           std::string_view header) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    return invalid_argument("Argument format not recognized", header, text);
  const std::string_view kind = trimmed(text.substr(0, equals));
  std::string_view value = trimmed(text.substr(equals + 1));
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
    value = value.substr(1, value.size() - 2);
  if (kind == "id") return grant_to_id(value, "id");
  if (kind == "uri") return grant_to_uri(value, "uri");
  if (kind == "emailAddress") return grant_to_email(users, value);
  return invalid_argument("Argument format not recognized", header, text);
}

Result<void> read_grant_header(const iam::Users& users, std::string_view text,
                               const GrantHeader& header, Acl& into) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view one = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    CLOCHE_TRY(grant, read_grantee(users, one, header.header));
    grant.permission = header.permission;
    into.grants.push_back(std::move(grant));
  }
  return {};
}

Result<std::uint8_t> read_permission(std::string_view name) {
  for (const auto& [known, bits] :
       {std::pair("FULL_CONTROL", kFullControl), std::pair("READ", kRead),
        std::pair("WRITE", kWrite), std::pair("READ_ACP", kReadAcp),
        std::pair("WRITE_ACP", kWriteAcp)}) {
    if (name == known) return static_cast<std::uint8_t>(bits);
  }
  return malformed_acl();
}

Result<Grant> read_xml_grant(const iam::Users& users, const Value& item) {
  CLOCHE_TRY(const permission, read_permission(item["Permission"].text()));
  const Value& grantee = item["Grantee"];
  const std::string_view type = grantee["Type"].text();
  const auto read = [&]() -> Result<Grant> {
    if (type == "CanonicalUser") return grant_to_id(grantee["ID"].text(), "CanonicalUser/ID");
    if (type == "Group") return grant_to_uri(grantee["URI"].text(), "Group/URI");
    if (type == "AmazonCustomerByEmail")
      return grant_to_email(users, grantee["EmailAddress"].text());
    return malformed_acl();
  };
  CLOCHE_TRY(grant, read());
  grant.permission = permission;
  return grant;
}

Result<AskedAcl> read_policy(const iam::Users& users, const Value& policy) {
  const Value& owner = policy["Owner"];
  if (!owner || !policy["Grants"]) return malformed_acl();
  AskedAcl asked;
  asked.form = AskedAcl::Form::Given;
  if (const Value& id = owner["ID"]) CLOCHE_TRY_VOID(grant_to_id(id.text(), "CanonicalUser/ID"));
  for (const Value& item : policy["Grants"].items()) {
    CLOCHE_TRY(grant, read_xml_grant(users, item));
    asked.given.grants.push_back(std::move(grant));
  }
  // "You can have up to 100 grants" (ACL overview).
  if (asked.given.grants.size() > 100) return malformed_acl();
  return asked;
}

bool is_canned(std::string_view name, AclOf kind) {
  if (name == "log-delivery-write" && kind == AclOf::Object) return false;
  return std::ranges::find(kCannedAcls, name) != kCannedAcls.end();
}

}  // namespace

Result<AskedAcl> read_asked_acl(const iam::Users& users, const Value& input, AclOf kind) {
  AskedAcl asked;
  bool grants = false;
  for (const GrantHeader& header : kGrantHeaders) grants = grants || input[header.member].present();
  if (const Value& canned = input["ACL"]) {
    if (grants)
      return invalid_request("Specifying both Canned ACLs and Header Grants is not allowed");
    if (!is_canned(canned.text(), kind)) return invalid_argument("", "x-amz-acl", canned.text());
    asked.form = AskedAcl::Form::Canned;
    asked.canned = canned.text();
    return asked;
  }
  if (!grants) return asked;
  asked.form = AskedAcl::Form::Given;
  for (const GrantHeader& header : kGrantHeaders)
    CLOCHE_TRY_VOID(read_grant_header(users, input[header.member].text(), header, asked.given));
  return asked;
}

Result<AskedAcl> read_put_acl(const iam::Users& users, const Value& input, AclOf kind) {
  CLOCHE_TRY(asked, read_asked_acl(users, input, kind));
  const Value& policy = input["AccessControlPolicy"];
  if (asked) {
    if (policy) return unexpected_content();
    return asked;
  }
  if (!policy) return missing_security_header("x-amz-acl");
  return read_policy(users, policy);
}

Acl acl_of(const AskedAcl& asked, std::string_view owner_id, std::string_view bucket_owner_id) {
  if (asked.form == AskedAcl::Form::Given) return asked.given;
  Acl acl = default_acl(owner_id);
  const auto grant = [&](Group group, std::string_view id, std::uint8_t permission) {
    acl.grants.push_back({.group = group, .id = std::string(id), .permission = permission});
  };
  if (asked.canned.starts_with("public-read")) grant(Group::AllUsers, "", kRead);
  if (asked.canned == "public-read-write") grant(Group::AllUsers, "", kWrite);
  if (asked.canned == "authenticated-read") grant(Group::AuthenticatedUsers, "", kRead);
  if (asked.canned == "aws-exec-read") grant(Group::None, kEc2Id, kRead);
  if (asked.canned == "log-delivery-write") {
    grant(Group::LogDelivery, "", kWrite);
    grant(Group::LogDelivery, "", kReadAcp);
  }
  if (owner_id == bucket_owner_id) return acl;
  if (asked.canned == "bucket-owner-read") grant(Group::None, bucket_owner_id, kRead);
  if (asked.canned == "bucket-owner-full-control")
    grant(Group::None, bucket_owner_id, kFullControl);
  return acl;
}

}  // namespace cloche::s3
