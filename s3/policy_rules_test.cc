#include "s3/policy_rules.h"

#include <gtest/gtest.h>

namespace cloche::s3 {
namespace {

// "public", "closed", or why a policy with this principal and condition can't be put on bucket "b".
std::string judged(const std::string& principal, const std::string& condition = "{}",
                   const std::string& action = R"("s3:GetObject")",
                   const std::string& resource = R"("arn:aws:s3:::b/*")") {
  const auto policy = read_bucket_policy(
      R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": )" + principal +
          R"(, "Action": )" + action + R"(, "Resource": )" + resource + R"(, "Condition": )" +
          condition + "}]}",
      "b");
  if (!policy) return policy.error().message;
  return is_public(*policy) ? "public" : "closed";
}

// The examples of "The meaning of 'public'".
TEST(PolicyRules, TellThePublicFromTheRest) {
  EXPECT_EQ(judged(R"("*")"), "public");
  EXPECT_EQ(judged(R"({"AWS": "111122223333"})"), "closed");
  EXPECT_EQ(judged(R"("*")", R"({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}})"), "closed");
  EXPECT_EQ(judged(R"("*")", R"({"StringLike": {"aws:SourceVpc": "vpc-*"}})"), "public");
  EXPECT_EQ(judged(R"("*")", R"({"StringLike": {"aws:PrincipalOrgID": "o-1234"}})"), "closed");
  EXPECT_EQ(judged(R"("*")", R"({"StringNotEquals": {"aws:SourceVpc": "vpc-91237329"}})"),
            "public");
  EXPECT_EQ(judged(R"("*")", R"({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-9"}})"), "public");
  EXPECT_EQ(judged(R"("*")", R"({"StringEquals": {"aws:Referer": "http://x"}})"), "public");
  EXPECT_EQ(judged(R"("*")", R"({"StringEquals": {"aws:userid": "${aws:username}"}})"), "public");
  EXPECT_EQ(judged(R"("*")", R"({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})"), "closed");
  EXPECT_EQ(judged(R"("*")", R"({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/1"]}})"),
            "public");
  EXPECT_EQ(judged(R"("*")", R"({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}})"), "closed");
  EXPECT_EQ(judged(R"("*")", R"({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}})"),
            "closed");
  EXPECT_EQ(judged(R"("*")", R"({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}})"), "public");
}

TEST(PolicyRules, KnowActionsResourcesAndKeys) {
  const std::string all = R"("*")";
  EXPECT_EQ(judged(all, "{}", R"(["s3:Get*", "s3:ListBucket"])",
                   R"(["arn:aws:s3:::b", "arn:aws:s3:::b/*"])"),
            "public");
  EXPECT_EQ(judged(all, "{}", R"("s3:*")", R"("arn:aws:s3:::b*")"), "public");
  EXPECT_EQ(judged(all, "{}", R"("s3:ListBucket")"),
            "Action does not apply to any resource(s) in statement");
  EXPECT_EQ(judged(all, "{}", R"("s3:GetObject")", R"("arn:aws:s3:::b")"),
            "Action does not apply to any resource(s) in statement");
  EXPECT_EQ(judged(all, "{}", R"("s3:Fly")"), "Policy has invalid action");
  EXPECT_EQ(judged(all, "{}", R"("s3:GetObject")", R"("arn:aws:s3:::c/*")"),
            "Policy has invalid resource");
  EXPECT_EQ(judged(all, R"({"StringEquals": {"s3:ExistingObjectTag/a": "b"}})"), "public");
  EXPECT_EQ(judged(all, R"({"StringEquals": {"s3:ExistingObjectTag/": "b"}})"),
            "Policy has an invalid condition key");
  EXPECT_EQ(judged(all, R"({"StringEquals": {"s3:prefix": "b"}})"),
            "Conditions do not apply to combination of actions and resources in statement");
}

}  // namespace
}  // namespace cloche::s3
