#include "services/iam/condition.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "services/iam/testing.h"
#include "services/iam/wildcard.h"

namespace cloche::iam {
namespace {

// "error: TEXT", or whether all conditions hold.
std::string judged(const std::string& json, const FixedContext& context, bool variables = true) {
  Arena arena;
  const auto document = parse_json(json, arena);
  if (!document) return "no json";
  const auto conditions = parse_conditions(*document);
  if (!conditions) return "error: " + conditions.error().message;
  for (const Condition& condition : *conditions) {
    if (!holds(condition, context, variables)) return "no";
  }
  return "yes";
}

const FixedContext kRequest{{"aws:sourceip", {"203.0.113.9"}},
                            {"aws:securetransport", {"false"}},
                            {"aws:username", {"ada"}},
                            {"aws:currenttime", {"2026-11-21T12:00:00Z"}},
                            {"aws:epochtime", {"1795262400"}},
                            {"aws:principalarn", {"arn:aws:iam::111122223333:user/ada"}},
                            {"aws:odd", {"*"}},
                            {"s3:max-keys", {"10"}},
                            {"s3:prefix", {"home/ada/x"}},
                            {"s3:requestobjecttagkeys", {"a", "b"}},
                            {"s3:existingobjecttag/Team", {"Red"}}};

TEST(Condition, ComparesTexts) {
  EXPECT_EQ(judged(R"({"StringEquals": {"AWS:UserName": ["bob", "ada"]}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringEquals": {"aws:username": "Ada"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringEqualsIgnoreCase": {"aws:username": "Ada"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringNotEquals": {"aws:username": ["bob", "ada"]}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringNotEquals": {"aws:username": ["bob", "eve"]}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringNotEqualsIgnoreCase": {"aws:username": "ADA"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "home/*/?"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringEquals": {"s3:prefix": "home/*"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringNotLike": {"s3:prefix": "home/*"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringEquals": {"s3:ExistingObjectTag/Team": "Red"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringEquals": {"s3:max-keys": 10}})", kRequest), "yes");
}

// All conditions of a statement have to hold, and all keys of an operator.
TEST(Condition, JoinsOperatorsAndKeys) {
  EXPECT_EQ(judged(R"({"StringEquals": {"aws:username": "ada", "s3:max-keys": "10"},
                       "Bool": {"aws:SecureTransport": "false"}})",
                   kRequest),
            "yes");
  EXPECT_EQ(judged(R"({"StringEquals": {"aws:username": "ada", "s3:max-keys": "11"}})", kRequest),
            "no");
}

TEST(Condition, ComparesNumbersDatesAndTruth) {
  EXPECT_EQ(judged(R"({"NumericEquals": {"s3:max-keys": "10.0"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"NumericNotEquals": {"s3:max-keys": "10"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"NumericLessThan": {"s3:max-keys": 10}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"NumericLessThanEquals": {"s3:max-keys": 10}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"NumericGreaterThan": {"s3:max-keys": 9}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"NumericGreaterThanEquals": {"s3:max-keys": 11}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"NumericLessThan": {"s3:max-keys": "many"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}})", kRequest),
            "yes");
  EXPECT_EQ(judged(R"({"DateGreaterThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}})", kRequest),
            "no");
  EXPECT_EQ(judged(R"({"DateLessThanEquals": {"aws:EpochTime": 1795262400}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"Bool": {"aws:SecureTransport": false}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"Bool": {"aws:SecureTransport": "True"}})", kRequest), "no");
}

TEST(Condition, ComparesAddresses) {
  EXPECT_EQ(
      judged(R"({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/28"]}})", kRequest),
      "yes");
  EXPECT_EQ(judged(R"({"IpAddress": {"aws:SourceIp": "203.0.113.0/29"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"IpAddress": {"aws:SourceIp": "203.0.113.9"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"IpAddress": {"aws:SourceIp": "::/0"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"IpAddress": {"aws:SourceIp": "300.0.0.0/8"}})", kRequest),
            "error: Invalid IP address in Conditions");
  const FixedContext six{{"aws:sourceip", {"2001:db8::5"}}};
  EXPECT_EQ(judged(R"({"IpAddress": {"aws:SourceIp": "2001:db8::/33"}})", six), "yes");
}

// Each part of an ARN is compared by itself.
TEST(Condition, ComparesArns) {
  EXPECT_EQ(judged(R"({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}})", kRequest),
            "yes");
  EXPECT_EQ(judged(R"({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/a?a"}})",
                   kRequest),
            "yes");
  EXPECT_EQ(judged(R"({"ArnLike": {"aws:PrincipalArn": "arn:*:user/ada"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}})", kRequest),
            "yes");
}

// "Condition operators", "...IfExists" and "Null".
TEST(Condition, KnowsWhatIsAbsent) {
  EXPECT_EQ(judged(R"({"StringEquals": {"aws:Referer": "x"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringNotEquals": {"aws:Referer": "x"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringEqualsIfExists": {"aws:Referer": "x"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringEqualsIfExists": {"aws:username": "x"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"Null": {"aws:Referer": "true"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"Null": {"aws:username": true}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"Null": {"aws:username": "false"}})", kRequest), "yes");
}

TEST(Condition, ComparesSets) {
  const auto tags = [](const std::string& op, const std::string& values) {
    return judged("{\"" + op + "\": {\"s3:RequestObjectTagKeys\": " + values + "}}", kRequest);
  };
  EXPECT_EQ(tags("ForAllValues:StringEquals", R"(["a", "b", "c"])"), "yes");
  EXPECT_EQ(tags("ForAllValues:StringEquals", R"(["a"])"), "no");
  EXPECT_EQ(tags("ForAnyValue:StringEquals", R"(["b", "c"])"), "yes");
  EXPECT_EQ(tags("ForAnyValue:StringEquals", R"(["c"])"), "no");
  EXPECT_EQ(tags("ForAnyValue:StringNotEquals", R"(["a"])"), "yes");
  EXPECT_EQ(tags("ForAllValues:StringNotEquals", R"(["a"])"), "no");
  EXPECT_EQ(tags("ForAllValues:StringNotEquals", R"(["c"])"), "yes");
  const FixedContext none;
  EXPECT_EQ(judged(R"({"ForAllValues:StringEquals": {"aws:TagKeys": "a"}})", none), "yes");
  EXPECT_EQ(judged(R"({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}})", none), "no");
  EXPECT_EQ(judged(R"({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}})", none), "no");
}

// What a variable stands for has no wildcards, and what has no value matches nothing.
TEST(Condition, PutsInVariables) {
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "home/${aws:username}/*"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "home/${AWS:UserName}/*"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "home/${aws:username}/*"}})", kRequest, false),
            "no");
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "${aws:odd}"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringLike": {"aws:odd": "${*}"}})", kRequest), "yes");
  EXPECT_EQ(judged(R"({"StringLike": {"aws:username": "${*}"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "${aws:none}*"}})", kRequest), "no");
  EXPECT_EQ(judged(R"({"StringLike": {"s3:prefix": "${aws:none, 'home'}/*"}})", kRequest), "yes");
}

TEST(Condition, RefusesWhatItCannotRead) {
  EXPECT_EQ(judged(R"({"StringSounds": {"a:b": "c"}})", kRequest),
            "error: Invalid Condition type : StringSounds");
  EXPECT_EQ(judged(R"({"NullIfExists": {"a:b": "true"}})", kRequest),
            "error: Invalid Condition type : NullIfExists");
  EXPECT_EQ(judged(R"({"StringEquals": {"nokey": "c"}})", kRequest),
            "error: Policy has an invalid condition key");
  EXPECT_EQ(judged(R"({"StringEquals": {"a:b": {}}})", kRequest), "error: Invalid policy syntax.");
  EXPECT_EQ(judged(R"({"StringEquals": "c"})", kRequest), "error: Invalid policy syntax.");
}

TEST(Wildcard, MatchesRunsAndCharacters) {
  EXPECT_TRUE(covers("*", ""));
  EXPECT_TRUE(covers("a*b*c", "a--b-b--c"));
  EXPECT_FALSE(covers("a*b*c", "a--b-b--d"));
  EXPECT_TRUE(covers("a?c",
                     "a\xC3\xA9"
                     "c"));  // One character of two bytes.
  EXPECT_FALSE(covers("a?c", "ac"));
  EXPECT_TRUE(covers("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y"));
  EXPECT_FALSE(covers("arn:aws:s3:::b/*", "arn:aws:s3:::b"));
  EXPECT_TRUE(covers_action("s3:get*", "s3:GetObject"));
  EXPECT_FALSE(covers_action("s3:Put*", "s3:GetObject"));
}

}  // namespace
}  // namespace cloche::iam
