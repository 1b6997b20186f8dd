#include <gtest/gtest.h>

#include "services/iam/iam.h"
#include "services/iam/testing.h"

namespace cloche::iam {
namespace {

const Principal kAda{.account = "111122223333", .user = "ada"};
const Principal kRoot{.account = "111122223333"};
const Principal kStranger{.account = "444455556666", .user = "eve"};
const Principal kNobody{.anonymous = true};

std::string statement(const std::string& members) {
  return R"({"Version": "2012-10-17", "Statement": [{)" + members + "}]}";
}

Verdict judged(const std::string& policy, const Principal& who,
               std::string_view action = "s3:GetObject",
               std::string_view resource = "arn:aws:s3:::b/k", const FixedContext& context = {},
               Policy::Kind kind = Policy::Kind::Resource) {
  const auto parsed = Policy::parse(policy, kind);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return parsed ? parsed->judge({who, action, resource, context}) : Verdict::None;
}

std::string refusal(const std::string& policy, Policy::Kind kind = Policy::Kind::Resource) {
  const auto parsed = Policy::parse(policy, kind);
  if (parsed) return "taken";
  EXPECT_EQ(parsed.error().code, "MalformedPolicy");
  return parsed.error().message;
}

std::string principal(const std::string& json) {
  return statement(R"("Effect": "Allow", "Principal": )" + json +
                   R"(, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*")");
}

// Who names the account hands the question on to it; who names the user lets him in.
TEST(Policy, TellsWhomItNames) {
  for (const char* everyone : {R"("*")", R"({"AWS": "*"})", R"({"AWS": ["*"]})"}) {
    EXPECT_EQ(judged(principal(everyone), kNobody), Verdict::Allow);
    EXPECT_EQ(judged(principal(everyone), kAda), Verdict::Allow);
  }
  for (const std::string& account :
       {std::string(R"({"AWS": "111122223333"})"),
        std::string(R"({"AWS": "arn:aws:iam::111122223333:root"})"),
        R"({"CanonicalUser": ")" + canonical_id("111122223333") + "\"}"}) {
    EXPECT_EQ(judged(principal(account), kAda), Verdict::AllowAccount);
    EXPECT_EQ(judged(principal(account), kRoot), Verdict::Allow);
    EXPECT_EQ(judged(principal(account), kStranger), Verdict::None);
    EXPECT_EQ(judged(principal(account), kNobody), Verdict::None);
  }
  const std::string user = R"({"AWS": ["arn:aws:iam::111122223333:user/ada"]})";
  EXPECT_EQ(judged(principal(user), kAda), Verdict::Allow);
  EXPECT_EQ(judged(principal(user), kRoot), Verdict::None);
  EXPECT_EQ(judged(principal(R"({"Service": "logging.s3.amazonaws.com"})"), kAda), Verdict::None);
}

// "IAM JSON policy elements: NotPrincipal": the user and his account both have to be named.
TEST(Policy, LeavesOutWhoIsNamedWhole) {
  const auto deny = [](const std::string& who) {
    return statement(R"("Effect": "Deny", "NotPrincipal": {"AWS": )" + who +
                     R"(}, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*")");
  };
  const std::string both =
      R"(["arn:aws:iam::111122223333:user/ada", "arn:aws:iam::111122223333:root"])";
  EXPECT_EQ(judged(deny(both), kAda), Verdict::None);
  EXPECT_EQ(judged(deny(both), kRoot), Verdict::None);
  EXPECT_EQ(judged(deny(both), kStranger), Verdict::Deny);
  EXPECT_EQ(judged(deny(both), kNobody), Verdict::Deny);
  EXPECT_EQ(judged(deny(R"("arn:aws:iam::111122223333:user/ada")"), kAda), Verdict::Deny);
  EXPECT_EQ(judged(deny(R"("arn:aws:iam::111122223333:root")"), kAda), Verdict::Deny);
}

TEST(Policy, CoversActionsAndResources) {
  const auto one = [](const std::string& members) {
    return statement(R"("Effect": "Allow", "Principal": "*", )" + members);
  };
  const std::string get = one(R"("Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*")");
  EXPECT_EQ(judged(get, kAda, "s3:GetObject"), Verdict::Allow);
  EXPECT_EQ(judged(get, kAda, "s3:PutObject"), Verdict::None);
  EXPECT_EQ(judged(get, kAda, "s3:GetBucketAcl", "arn:aws:s3:::b"), Verdict::None);
  const std::string others = one(R"("NotAction": ["s3:Delete*", "S3:PUTOBJECT"], "Resource": "*")");
  EXPECT_EQ(judged(others, kAda, "s3:GetObject"), Verdict::Allow);
  EXPECT_EQ(judged(others, kAda, "s3:PutObject"), Verdict::None);
  const std::string outside = one(R"("Action": "*", "NotResource": "arn:aws:s3:::b/secret/*")");
  EXPECT_EQ(judged(outside, kAda, "s3:GetObject", "arn:aws:s3:::b/k"), Verdict::Allow);
  EXPECT_EQ(judged(outside, kAda, "s3:GetObject", "arn:aws:s3:::b/secret/k"), Verdict::None);
}

// Variables came with the version of 2012; before it they are plain text.
TEST(Policy, PutsVariablesIntoResources) {
  const std::string rest =
      R"("Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*",
                       "Resource": "arn:aws:s3:::b/${aws:username}/*"}})";
  const FixedContext ada{{"aws:username", {"ada"}}};
  const std::string now = R"({"Version": "2012-10-17", )" + rest;
  EXPECT_EQ(judged(now, kAda, "s3:GetObject", "arn:aws:s3:::b/ada/k", ada), Verdict::Allow);
  EXPECT_EQ(judged(now, kAda, "s3:GetObject", "arn:aws:s3:::b/eve/k", ada), Verdict::None);
  EXPECT_EQ(judged(now, kNobody, "s3:GetObject", "arn:aws:s3:::b/ada/k"), Verdict::None);
  const std::string old = "{" + rest;
  EXPECT_EQ(judged(old, kAda, "s3:GetObject", "arn:aws:s3:::b/ada/k", ada), Verdict::None);
  EXPECT_EQ(judged(old, kAda, "s3:GetObject", "arn:aws:s3:::b/${aws:username}/k", ada),
            Verdict::Allow);
}

TEST(Policy, DeniesWhateverElseAllows) {
  const std::string both = R"({"Statement": [
      {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"},
      {"Sid": "b", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*",
       "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]})";
  const FixedContext plain{{"aws:securetransport", {"false"}}};
  const FixedContext tls{{"aws:securetransport", {"true"}}};
  EXPECT_EQ(judged(both, kRoot, "s3:PutObject", "arn:aws:s3:::b/k", plain), Verdict::Deny);
  EXPECT_EQ(judged(both, kRoot, "s3:PutObject", "arn:aws:s3:::b/k", tls), Verdict::Allow);
  EXPECT_EQ(judged(both, kRoot, "s3:GetObject", "arn:aws:s3:::b/k", plain), Verdict::Allow);
}

TEST(Policy, OfAnIdentityNamesNobody) {
  const std::string own =
      statement(R"("Effect": "Allow", "Action": "dynamodb:*", "Resource": "*")");
  EXPECT_EQ(judged(own, kAda, "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:1:table/t", {},
                   Policy::Kind::Identity),
            Verdict::Allow);
  const std::string twice =
      R"({"Statement": [{"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"},
                        {"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"}]})";
  EXPECT_EQ(refusal(twice, Policy::Kind::Identity),
            "The Statement Ids in the policy are not unique!");
  EXPECT_EQ(refusal(principal(R"("*")"), Policy::Kind::Identity),
            "Policy document should not specify a principal.");
}

TEST(Policy, RefusesInTheWordsOfS3) {
  EXPECT_EQ(refusal(""), "Policies must be valid JSON and the first byte must be '{'");
  EXPECT_EQ(refusal("[]"), "Policies must be valid JSON and the first byte must be '{'");
  EXPECT_EQ(refusal("{"), "This policy contains invalid Json");
  EXPECT_EQ(refusal("{}"), "Missing required field Statement");
  EXPECT_EQ(refusal(R"({"Statement": []})"), "Could not parse the policy: Statement is empty!");
  EXPECT_EQ(refusal(R"({"Version": "2020-01-01", "Statement": []})"),
            "The policy must contain a valid version string");
  EXPECT_EQ(refusal(R"({"Statements": []})"), "Unknown field Statements");
  EXPECT_EQ(refusal(statement(R"("Principal": "*")")), "Missing required field Effect");
  EXPECT_EQ(refusal(statement(R"("Effect": "allow")")), "Invalid effect: allow");
  EXPECT_EQ(refusal(statement(R"("Effect": "Allow")")), "Missing required field Principal");
  EXPECT_EQ(refusal(statement(R"("Effect": "Allow", "Principal": "*")")),
            "Missing required field Action");
  EXPECT_EQ(refusal(statement(R"("Effect": "Allow", "Principal": "*", "Action": "s3:*")")),
            "Missing required field Resource");
  EXPECT_EQ(refusal(statement(R"("Effect": "Allow", "Principal": "*", "Action": "everything")")),
            "Policy has invalid action");
  for (const char* nobody :
       {R"("me")", R"({"AWS": "me"})", R"({})", R"({"AWS": []})", R"({"People": "*"})",
        R"({"AWS": "arn:aws:iam::111122223333:user/*"})", R"({"AWS": "arn:aws:iam::1:root"})"}) {
    EXPECT_EQ(refusal(principal(nobody)), "Invalid principal in policy") << nobody;
  }
  EXPECT_EQ(refusal(principal(R"("*")")), "taken");
}

TEST(Principal, HasTheNamesOfAws) {
  EXPECT_EQ(kAda.arn(), "arn:aws:iam::111122223333:user/ada");
  EXPECT_EQ(kRoot.arn(), "arn:aws:iam::111122223333:root");
  EXPECT_EQ(kNobody.arn(), "");
  EXPECT_EQ(kRoot.id(), "111122223333");
  EXPECT_EQ(kAda.id().size(), 21U);
  EXPECT_TRUE(kAda.id().starts_with("AIDA"));
  EXPECT_EQ(canonical_id("111122223333").size(), 64U);
}

}  // namespace
}  // namespace cloche::iam
