#include "s3/policy_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "s3/access_rules.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/limits.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kArnPrefix = "arn:aws:s3:::";

// The condition keys of S3 ("Actions, resources, and condition keys for Amazon S3"), without the
// prefix; a '/' at the end stands for a name that follows.
constexpr auto kConditionKeys = std::to_array<std::string_view>({
    "authtype",
    "accessgrantsinstancearn",
    "accesspointnetworkorigin",
    "bucketkeyenabled",
    "buckettag/",
    "dataaccesspointaccount",
    "dataaccesspointarn",
    "delimiter",
    "destinationregion",
    "existingobjecttag/",
    "existingjoboperation",
    "if-match",
    "if-none-match",
    "inventoryaccessibleoptionalfields",
    "jobsuspendedcause",
    "locationconstraint",
    "max-keys",
    "object-lock-legal-hold",
    "object-lock-mode",
    "object-lock-remaining-retention-days",
    "object-lock-retain-until-date",
    "objectcreationoperation",
    "prefix",
    "requestjoboperation",
    "requestobjecttag/",
    "requestobjecttagkeys",
    "requestjobpriority",
    "resourceaccount",
    "signatureage",
    "signatureversion",
    "tlsversion",
    "versionid",
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
});

constexpr std::string_view kExpressActions = "s3express:";

bool is_condition_key(std::string_view key) {
  if (key.starts_with("aws:")) return true;
  if (key.starts_with(kExpressActions)) return true;
  if (!key.starts_with("s3:")) return false;
  const std::string_view name = key.substr(3);
  return std::ranges::any_of(kConditionKeys, [&](std::string_view known) {
    return known.ends_with('/') ? name.starts_with(known) && name.size() > known.size()
                                : name == known;
  });
}

bool is_action(std::string_view pattern) {
  if (pattern == "*" || pattern.starts_with(kExpressActions)) return true;
  return std::ranges::any_of(known_actions(), [&](const KnownAction& known) {
    return iam::covers_action(pattern, known.name);
  });
}

// A pattern for the bucket itself has no slash; "*" alone is none.
bool is_resource(std::string_view pattern, std::string_view bucket) {
  // A directory bucket's policy speaks of the bucket alone.
  if (is_directory_name(bucket))
    return pattern.starts_with("arn:aws:s3express:") &&
           iam::covers(pattern.substr(pattern.rfind('/') + 1), bucket);
  if (!pattern.starts_with(kArnPrefix)) return false;
  const std::string_view rest = pattern.substr(kArnPrefix.size());
  return iam::covers(rest.substr(0, rest.find('/')), bucket);
}

bool has_resource_for(const iam::Statement& statement, Target target) {
  if (statement.not_resource) return true;
  return std::ranges::any_of(statement.resources, [&](const std::string& pattern) {
    const std::string_view rest = std::string_view(pattern).substr(kArnPrefix.size());
    const bool object = rest.find('/') != std::string_view::npos;
    // "bucket*" is the bucket, and all that is in it.
    return (target == Target::Object) == object || (!object && rest.ends_with('*'));
  });
}

// Each action must have something in the statement that it can be done to.
bool applies(const iam::Statement& statement, std::string_view action) {
  if (action == "*" || action.starts_with(kExpressActions)) return true;
  return std::ranges::any_of(known_actions(), [&](const KnownAction& known) {
    return iam::covers_action(action, known.name) && has_resource_for(statement, known.target);
  });
}

// Keys that say something about listings alone.
bool is_listing_key(std::string_view key) {
  return key == "s3:prefix" || key == "s3:delimiter" || key == "s3:max-keys";
}

bool lists(const iam::Statement& statement) {
  if (statement.not_action) return true;
  return std::ranges::any_of(statement.actions, [](const std::string& action) {
    return action == "*" || iam::covers_action(action, "s3:ListBucket") ||
           iam::covers_action(action, "s3:ListBucketVersions");
  });
}

Result<void> check_statement(const iam::Statement& statement, std::string_view bucket) {
  for (const std::string& action : statement.actions) {
    if (!is_action(action)) return malformed_policy("Policy has invalid action");
  }
  for (const std::string& resource : statement.resources) {
    if (!is_resource(resource, bucket)) return malformed_policy("Policy has invalid resource");
  }
  for (const iam::Condition& condition : statement.conditions) {
    if (!is_condition_key(condition.key))
      return malformed_policy("Policy has an invalid condition key");
    if (is_listing_key(condition.key) && !lists(statement)) {
      return malformed_policy(
          "Conditions do not apply to combination of actions and resources in statement");
    }
  }
  if (statement.not_action) return {};
  for (const std::string& action : statement.actions) {
    if (!applies(statement, action))
      return malformed_policy("Action does not apply to any resource(s) in statement");
  }
  return {};
}

// The keys that tie an Allow for everybody to somebody.
constexpr std::array kFixingKeys = {"aws:sourcearn",
                                    "aws:sourcevpc",
                                    "aws:sourcevpce",
                                    "aws:sourceowner",
                                    "aws:sourceaccount",
                                    "aws:sourceip",
                                    "aws:principalorgid",
                                    "aws:principalaccount",
                                    "aws:principalarn",
                                    "aws:userid",
                                    "s3:dataaccesspointarn",
                                    "s3:dataaccesspointaccount",
                                    "s3:x-amz-server-side-encryption-aws-kms-key-id"};

// More than 1/256 of all IPv4 addresses is the public (/8), and more than /32 of IPv6.
bool is_narrow_range(std::string_view range) {
  const auto slash = range.find('/');
  if (slash == std::string_view::npos) return true;
  int bits = 0;
  std::from_chars(range.data() + slash + 1, range.data() + range.size(), bits);
  return bits >= (range.find(':') == std::string_view::npos ? 8 : 32);
}

bool is_fixed_value(const iam::Condition& condition, std::string_view value) {
  if (condition.key == "aws:sourceip") return is_narrow_range(value);
  // An ARN may leave open all but the account ("arn:aws:sns:*:111122223333:*").
  if (condition.op == iam::Operator::ArnLike && condition.key != "aws:principalarn") {
    std::size_t at = 0;
    for (int colons = 0; colons < 4 && at != std::string_view::npos; ++colons)
      at = value.find(':', at == 0 ? 0 : at + 1);
    if (at == std::string_view::npos) return false;
    const std::string_view account = value.substr(at + 1, value.find(':', at + 1) - at - 1);
    return !account.empty() && account.find_first_of("*?$") == std::string_view::npos;
  }
  return value.find_first_of("*?") == std::string_view::npos &&
         value.find("${") == std::string_view::npos;
}

bool ties_down(const iam::Condition& condition) {
  if (condition.negated || condition.if_exists || condition.op == iam::Operator::Null ||
      condition.quantifier == iam::Condition::Quantifier::ForAllValues)
    return false;
  if (std::ranges::find(kFixingKeys, condition.key) == kFixingKeys.end()) return false;
  return std::ranges::all_of(
      condition.values, [&](const std::string& value) { return is_fixed_value(condition, value); });
}

}  // namespace

Result<iam::Policy> read_bucket_policy(std::string_view json, std::string_view bucket) {
  if (json.size() > kBucketPolicyBytesMax)
    return malformed_policy("Policy exceeds the maximum allowed document size.");
  CLOCHE_TRY(policy, iam::Policy::parse(json, iam::Policy::Kind::Resource));
  for (const iam::Statement& statement : policy.statements())
    CLOCHE_TRY_VOID(check_statement(statement, bucket));
  return policy;
}

bool is_public(const iam::Policy& policy) {
  return std::ranges::any_of(policy.statements(), [](const iam::Statement& statement) {
    return statement.allow && statement.principals && statement.principals->everyone &&
           std::ranges::none_of(statement.conditions, ties_down);
  });
}

}  // namespace cloche::s3
