// Who may do what: policies, and the judgement of one request by them. A pure library: it knows no
// service, no store and no clock. A service says what is asked for (an action, a resource, and the
// condition keys of the request), and joins the verdicts of the policies that speak about it.
//
//   CLOCHE_TRY(const policy, Policy::parse(text, Policy::Kind::Resource));
//   const Verdict verdict = policy.judge({who, "s3:GetObject", "arn:aws:s3:::b/k", context});
//
// An explicit deny of any policy refuses, whatever others say. Without one, within the account of
// the resource one Allow does, of the identity's policies or of the resource's; between accounts it
// takes both. Verdict::AllowAccount is what a resource's policy says that names an account: it
// hands the question on to that account's identity policies, and allows nobody by itself.
//
// Source: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements reference", "Policy
// grammar".
//
// Values are immutable once made and may be shared between threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"

namespace cloche::iam {

// Limits of the grammar that are ours: AWS's are by size alone (20 KiB for a bucket policy, 6,144
// characters for a managed one), which the services check.
inline constexpr std::size_t kStatementsMax = 1'000;

// Who asks.
struct Principal {
  bool anonymous = false;
  std::string account{};  // 12 digits.
  std::string user{};     // The name of an IAM user; empty: the account itself (its root).

  bool is_root() const { return !anonymous && user.empty(); }
  // "arn:aws:iam::123456789012:user/ada", "arn:aws:iam::123456789012:root"; empty if anonymous.
  std::string arn() const;
  // The unique id that aws:userid shows: the account of a root, else "AIDA" and 17 characters that
  // are always the same for this user.
  std::string id() const;
};

// 64 hex digits that stand for an account wherever S3 speaks of a "canonical user".
std::string canonical_id(std::string_view account);

// The condition keys of a request. Asked only for keys that a policy names.
class Context {
 public:
  virtual ~Context() = default;
  // `key` is in lower case up to its first '/': "aws:sourceip", "s3:existingobjecttag/Team".
  // Nothing: the request has no such key. Several: the key has more than one value.
  virtual std::optional<std::vector<std::string>> find(std::string_view key) const = 0;
};

struct Request {
  const Principal& who;
  std::string_view action;    // "s3:GetObject"
  std::string_view resource;  // "arn:aws:s3:::bucket/key"
  const Context& context;
};

enum class Verdict : std::uint8_t { None, AllowAccount, Allow, Deny };

enum class Operator : std::uint8_t {
  StringEquals,
  StringEqualsIgnoreCase,
  StringLike,
  NumericEquals,
  NumericLess,
  NumericLessEquals,
  NumericGreater,
  NumericGreaterEquals,
  DateEquals,
  DateLess,
  DateLessEquals,
  DateGreater,
  DateGreaterEquals,
  Bool,
  BinaryEquals,
  IpAddress,
  ArnLike,  // ArnEquals is the same.
  Null
};

// "ForAnyValue:StringNotLikeIfExists": {"aws:PrincipalArn": ["..."]}
struct Condition {
  enum class Quantifier : std::uint8_t { One, ForAnyValue, ForAllValues };
  Operator op = Operator::StringEquals;
  bool negated = false;
  bool if_exists = false;
  Quantifier quantifier = Quantifier::One;
  std::string key;  // As Context takes it.
  std::vector<std::string> values;
};

struct Principals {
  bool everyone = false;              // "*", or {"AWS": "*"}
  std::vector<std::string> accounts;  // 12 digits; roots' ARNs are such.
  std::vector<std::string> arns;
  std::vector<std::string> canonical_ids;
  std::vector<std::string> services;
  std::vector<std::string> federated;
};

struct Statement {
  std::string sid;
  bool allow = false;
  std::optional<Principals> principals;  // None: the policy is an identity's.
  bool not_principal = false, not_action = false, not_resource = false;
  std::vector<std::string> actions, resources;
  std::vector<Condition> conditions;
};

class Policy {
 public:
  enum class Kind : std::uint8_t { Identity, Resource };

  // Refuses with code MalformedPolicy, in the words of S3, which says most precisely of AWS's
  // services what is wrong. What only a service can know (are these actions and condition keys its
  // own, is the resource the one that the policy is put on) is left to it.
  static Result<Policy> parse(std::string_view json, Kind kind);
  // The same of a document that is parsed already.
  static Result<Policy> read(const Value& document, Kind kind);

  Verdict judge(const Request& request) const;

  const std::vector<Statement>& statements() const { return statements_; }

 private:
  std::vector<Statement> statements_;
  bool variables_ = false;  // Version 2012-10-17 has policy variables, 2008-10-17 has none.
};

// Whether a pattern of an action ("s3:Get*") covers an action; case does not matter.
bool covers_action(std::string_view pattern, std::string_view action);
// Whether a pattern with * and ? covers a text.
bool covers(std::string_view pattern, std::string_view text);

}  // namespace cloche::iam
