#include "services/iam/users.h"

#include <gtest/gtest.h>

#include "services/iam/testing.h"

namespace cloche::iam {
namespace {

constexpr const char* kFile = R"({"users": [
  {"name": "main", "account": "111122223333", "displayName": "Main", "email": "Main@example.com",
   "accessKey": "AKIAMAIN", "secretKey": "s1"},
  {"name": "ada", "account": "111122223333", "email": "ada@example.com", "accessKey": "AKIAADA",
   "secretKey": "s2", "policies": [{"Version": "2012-10-17", "Statement":
      {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}, {"Statement":
      {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::secret/*"}}]},
  {"name": "poor", "account": "444455556666", "accessKey": "AKIAPOOR", "secretKey": "s3",
   "policies": []}]})";

std::string refusal(const std::string& json) {
  const auto users = Users::parse(json, "u.json");
  return users ? "taken" : users.error().message;
}

std::string with(const std::string& members) {
  return R"({"users": [{"name": "a", "account": "111122223333", "accessKey": "K", "secretKey": "S")" +
         members + "}]}";
}

TEST(Users, AreFoundByKeyAndAddress) {
  const auto users = Users::parse(kFile, "u.json");
  ASSERT_TRUE(users.has_value()) << users.error().message;
  const User* main = users->by_access_key("AKIAMAIN");
  ASSERT_NE(main, nullptr);
  EXPECT_TRUE(main->root);
  EXPECT_EQ(main->principal().arn(), "arn:aws:iam::111122223333:root");
  EXPECT_EQ(users->by_access_key("AKIAADA")->principal().arn(),
            "arn:aws:iam::111122223333:user/ada");
  EXPECT_EQ(users->by_access_key("AKIA"), nullptr);
  ASSERT_NE(users->account_of_email("main@EXAMPLE.com"), nullptr);
  EXPECT_EQ(*users->account_of_email("main@example.com"), "111122223333");
  EXPECT_EQ(users->account_of_email("x@example.com"), nullptr);
  EXPECT_EQ(users->display_name_of("111122223333"), "Main");
  EXPECT_EQ(users->display_name_of("444455556666"), "");
}

TEST(Users, MayDoWhatTheirPoliciesAllow) {
  const auto users = Users::parse(kFile, "u.json");
  ASSERT_TRUE(users.has_value());
  const FixedContext context;
  const auto judged = [&](const char* key, const char* action, const char* resource) {
    const User* user = users->by_access_key(key);
    const Principal who = user->principal();
    return judge_identity(user, {who, action, resource, context});
  };
  EXPECT_EQ(judged("AKIAMAIN", "s3:PutObject", "arn:aws:s3:::b/k"), Verdict::Allow);
  EXPECT_EQ(judged("AKIAADA", "s3:GetObject", "arn:aws:s3:::b/k"), Verdict::Allow);
  EXPECT_EQ(judged("AKIAADA", "s3:PutObject", "arn:aws:s3:::b/k"), Verdict::None);
  EXPECT_EQ(judged("AKIAADA", "s3:GetObject", "arn:aws:s3:::secret/k"), Verdict::Deny);
  EXPECT_EQ(judged("AKIAPOOR", "s3:GetObject", "arn:aws:s3:::b/k"), Verdict::None);
  const Principal nobody{.anonymous = true};
  EXPECT_EQ(judge_identity(nullptr, {nobody, "s3:GetObject", "*", context}), Verdict::None);
}

// Each text names the file and the place in it.
TEST(Users, SayWhatIsWrongAndWhere) {
  EXPECT_TRUE(refusal("{").starts_with("u.json: is no valid JSON: "));
  EXPECT_EQ(refusal("{}"), "u.json: users: must be a list");
  EXPECT_EQ(refusal(R"({"users": [], "groups": []})"), "u.json: groups: is not known");
  EXPECT_EQ(refusal(R"({"users": ["a"]})"), "u.json: users[0]: must be an object");
  EXPECT_EQ(refusal(R"({"users": [{"name": "a"}]})"), "u.json: users[0].account: is missing");
  EXPECT_EQ(refusal(R"({"users": [{"name": "a b"}]})"),
            "u.json: users[0].name: letters, digits and +=,.@_- only, at most 64");
  EXPECT_EQ(refusal(R"({"users": [{"name": "a", "account": "12"}]})"),
            "u.json: users[0].account: must be 12 digits");
  EXPECT_EQ(refusal(with(R"(, "secret": "x")")), "u.json: users[0].secret: is not known");
  EXPECT_EQ(refusal(with(R"(, "email": 1)")), "u.json: users[0].email: must be a text");
  EXPECT_EQ(refusal(with(R"(, "policies": {})")),
            "u.json: users[0].policies: must be a list of policy documents");
  EXPECT_EQ(refusal(with(R"(, "policies": [{"Statement": [{}]}])")),
            "u.json: users[0].policies[0]: Missing required field Effect");
  EXPECT_EQ(refusal(R"({"users": [
      {"name": "a", "account": "111122223333", "accessKey": "K", "secretKey": "S"},
      {"name": "b", "account": "111122223333", "accessKey": "K", "secretKey": "S"}]})"),
            "u.json: users[1].accessKey: another user has the same");
  EXPECT_EQ(refusal(with("")), "taken");
}

}  // namespace
}  // namespace cloche::iam
