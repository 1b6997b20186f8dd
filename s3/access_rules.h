// Which actions of policies an operation needs, on what, and which permission of an ACL stands for
// them.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html,
// "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference), "Mapping
// of ACL permissions and access policy permissions" (ACL overview).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "s3/acl.h"

namespace cloche::s3 {

enum class Target : std::uint8_t { Service, Bucket, Object };

// Whose ACL may allow the action to others than the owner's account.
enum class AclSide : std::uint8_t { None, Bucket, Object };

struct AccessRule {
  std::string_view operation;
  std::string_view action;
  Target target = Target::Bucket;
  AclSide side = AclSide::None;
  std::uint8_t permission = 0;
  std::string_view version_action = {};  // Where the request names a version.
};

// Null for an operation that has no line of its own: "s3:" and its name on the bucket.
const AccessRule* rule_of(std::string_view operation);
std::span<const AccessRule> access_rules();

// The actions that bucket policies may name, and which of the two they are about.
struct KnownAction {
  std::string_view name;
  Target target;
};
std::span<const KnownAction> known_actions();

}  // namespace cloche::s3
