#include "s3/website.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace cloche::s3 {
namespace {

std::string where(std::string_view configuration, std::string key, std::optional<int> error = {}) {
  Arena arena;
  const auto parsed = parse_json(configuration, arena);
  EXPECT_TRUE(parsed) << configuration;
  const Visit visit{.host = "b.s3-website.localhost:4566", .https = false, .path = "", .key = key};
  const auto redirect = routed(*parsed, visit, error);
  return redirect ? std::to_string(redirect->status) + " " + redirect->location : "nowhere";
}

// A name that only looks like a website's must reach the bucket of that name.
TEST(Website, HostsNameBuckets) {
  EXPECT_EQ(website_bucket("b.s3-website.localhost"), "b");
  EXPECT_EQ(website_bucket("www.b.com.s3-website-eu-west-1.amazonaws.com"), "www.b.com");
  EXPECT_EQ(website_bucket("b.s3-website.eu-west-1.amazonaws.com"), "b");
  EXPECT_EQ(website_bucket("b.s3-websites.localhost"), "");
  EXPECT_EQ(website_bucket("b.s3.localhost"), "");
}

// "Routing rules for advanced conditional redirects", AWS's own examples.
TEST(Website, RulesAreTakenInOrder) {
  constexpr std::string_view rules = R"({"RoutingRules": [
    {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}},
    {"Condition": {"KeyPrefixEquals": "images/"}, "Redirect": {"ReplaceKeyWith": "gone it is.html"}},
    {"Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "x/"},
     "Redirect": {"HostName": "h", "Protocol": "https", "ReplaceKeyPrefixWith": "r-404/"}},
    {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"HttpRedirectCode": "307"}}]})";
  EXPECT_EQ(where(rules, "docs/a b"), "301 http://b.s3-website.localhost:4566/documents/a%20b");
  EXPECT_EQ(where(rules, "images/a"), "301 http://b.s3-website.localhost:4566/gone%20it%20is.html");
  EXPECT_EQ(where(rules, "x/a"), "nowhere");
  EXPECT_EQ(where(rules, "x/a", 404), "301 https://h/r-404/a");
  EXPECT_EQ(where(rules, "y", 404), "307 http://b.s3-website.localhost:4566/y");
  EXPECT_EQ(where(rules, "y", 403), "nowhere");
}

}  // namespace
}  // namespace cloche::s3
