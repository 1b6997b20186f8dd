#include "transfer/aws/sign.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/time_text.h"

namespace cloche::transfer {
namespace {

std::string_view authorization(const HttpRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") return value;
  }
  return {};
}

// Source: "Signature Calculations for the Authorization Header" in the S3 API Reference, example
// "GET Object".
TEST(Sign, IsThePublishedExample) {
  const Credentials credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                ""};
  const Address address{.tls = true, .host = "examplebucket.s3.amazonaws.com", .port = "443"};
  const Unsigned wish{.method = "GET",
                      .path = "/test.txt",
                      .query{},
                      .headers = {{"Range", "bytes=0-9"}},
                      .payload_hash = to_hex(sha256({}))};
  const HttpRequest request =
      sign(wish, address, credentials, "us-east-1", "s3", *parse_iso8601("2013-05-24T00:00:00Z"));
  EXPECT_EQ(request.target, "/test.txt");
  EXPECT_TRUE(authorization(request).ends_with(
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))
      << authorization(request);
}

TEST(Sign, EncodesPathAndQuery) {
  const Unsigned wish{.method = "GET",
                      .path = "/b/a b+ü//",
                      .query = {{"z", "1"}, {"a", "x y"}, {"acl", ""}},
                      .headers{},
                      .payload_hash = "UNSIGNED-PAYLOAD"};
  const HttpRequest request =
      sign(wish, {.tls = false, .host = "h", .port = "1"}, {"a", "b", ""}, "r", "s3", Instant());
  EXPECT_EQ(request.target, "/b/a%20b%2B%C3%BC//?a=x%20y&acl=&z=1");
}

}  // namespace
}  // namespace cloche::transfer
