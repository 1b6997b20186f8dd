#include "s3/acl.h"

#include <gtest/gtest.h>

namespace cloche::s3 {
namespace {

const iam::Principal kOwner{.account = "111122223333"};
const iam::Principal kOther{.account = "444455556666", .user = "eve"};
const iam::Principal kNobody{.anonymous = true};

Acl canned(const std::string& name, const iam::Principal& writer = kOwner) {
  AskedAcl asked;
  asked.form = AskedAcl::Form::Canned;
  asked.canned = name;
  return acl_of(asked, iam::canonical_id(writer.account), iam::canonical_id(kOwner.account));
}

TEST(Acl, GivesEachHisPermissions) {
  const Acl acl = canned("public-read-write");
  EXPECT_EQ(acl.permissions_of(kOwner, true), kFullControl);
  EXPECT_EQ(acl.permissions_of(kOther, true), kRead | kWrite);
  EXPECT_EQ(acl.permissions_of(kNobody, true), kRead | kWrite);
  EXPECT_EQ(acl.permissions_of(kNobody, false), 0);
  EXPECT_EQ(canned("authenticated-read").permissions_of(kOther, true), kRead);
  EXPECT_EQ(canned("authenticated-read").permissions_of(kNobody, true), 0);
  EXPECT_EQ(canned("private").permissions_of(kOther, true), 0);
  EXPECT_EQ(canned("bucket-owner-read", kOther).permissions_of(kOwner, false), kRead);
  EXPECT_EQ(canned("bucket-owner-full-control", kOther).permissions_of(kOwner, false),
            kFullControl);
}

TEST(Acl, KnowsThePublic) {
  EXPECT_TRUE(canned("public-read").is_public());
  EXPECT_TRUE(canned("authenticated-read").is_public());
  EXPECT_FALSE(canned("private").is_public());
  EXPECT_FALSE(canned("log-delivery-write").is_public());
}

TEST(Acl, IsReadAsItWasWritten) {
  for (const char* name : {"private", "public-read-write", "authenticated-read",
                           "log-delivery-write", "aws-exec-read"}) {
    const auto read = decode_acl(encode(canned(name)));
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(*read, canned(name)) << name;
  }
  EXPECT_EQ(encode(canned("public-read")),
            "FULL_CONTROL:" + iam::canonical_id("111122223333") + ",READ:AllUsers");
  EXPECT_TRUE(decode_acl(encode(Acl()))->grants.empty());
  EXPECT_EQ(decode_acl("FLY:x").error().kind, Error::Kind::Damaged);
}

}  // namespace
}  // namespace cloche::s3
