#include "s3/names.h"

#include <gtest/gtest.h>

#include <random>

namespace cloche::s3 {
namespace {

// The examples of "Bucket naming rules" in the S3 user guide, and one for each rule.
TEST(BucketName, FollowsTheRulesForGeneralPurposeBuckets) {
  for (const char* good :
       {"amzn.demo", "my-bucket-1", "abc", "1ab", "a.b.c", "log-delivery-march-2020"})
    EXPECT_TRUE(check_bucket_name(good)) << good;
  const std::string long_name(64, 'a');
  for (const char* bad :
       {"", "ab", "Abc", "a_b", "a..b", "-ab", "ab-", ".ab", "192.168.5.4", "xn--abc", "sthree-abc",
        "abc-s3alias", "abc--ol-s3", "abc--x-s3", "a b", long_name.c_str()}) {
    EXPECT_FALSE(check_bucket_name(bad)) << bad;
  }
}

// Rows are found by a version id and listed by rank: the id must give the rank back, and nothing
// else must look like one.
TEST(VersionId, CarriesItsRank) {
  std::mt19937_64 random(1);
  const std::string tail(kVersionIdTail, 'x');
  for (int i = 0; i < 1000; ++i) {
    const auto rank = static_cast<std::int64_t>(random() >> 1);
    std::int64_t back = 0;
    const std::string id = make_version_id(rank, tail);
    EXPECT_EQ(id.size(), 32u);
    ASSERT_TRUE(rank_of_version_id(id, back));
    EXPECT_EQ(back, rank);
    EXPECT_TRUE(is_version_id(id));
    EXPECT_FALSE(is_version_id(id.substr(0, 28) + (id.ends_with("ABCD") ? "DCBA" : "ABCD")));
  }
  std::int64_t ignored = 0;
  for (const char* bad : {"", "null", "short", "00000000000000000000000000000000\n",
                          "0000000000000000000000000000000!"}) {
    EXPECT_FALSE(rank_of_version_id(bad, ignored)) << bad;
  }
}

// As the real service lists keys with encoding-type=url: a slash stays, a blank is a plus (recorded
// with ListObjects).
TEST(UrlEncoding, IsThatOfListings) {
  EXPECT_EQ(url_encoded("a b/c+d&é\x01*~"), "a+b/c%2Bd%26%C3%A9%01*%7E");
  EXPECT_EQ(url_decoded("a%20b%2Fc%zz%4"), "a b/c%zz%4");
}

}  // namespace
}  // namespace cloche::s3
