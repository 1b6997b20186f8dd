#include "s3/cors.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace cloche::s3 {
namespace {

std::string answer(std::string_view rules, std::string_view origin, std::string_view method,
                   std::vector<std::string> headers = {}) {
  Arena arena;
  const auto configuration = parse_json(rules, arena);
  EXPECT_TRUE(configuration) << rules;
  const auto found = evaluate_cors(
      *configuration, {.origin = origin, .method = method, .headers = std::move(headers)});
  if (!found) return "none";
  std::string out;
  for (const auto& [name, value] : *found)
    if (name != "Vary") out += name.substr(15) + "=" + value + ";";
  return out;
}

constexpr std::string_view kWild = R"({"CORSRules": [
  {"AllowedMethods": ["GET"], "AllowedOrigins": ["*suffix", "start*end", "prefix*"]},
  {"AllowedMethods": ["PUT"], "AllowedOrigins": ["*.put"]}]})";

// '*' stands for any run, the empty one too, and a pattern holds at both ends (ceph/s3-tests,
// test_cors_origin_response, which passes on AWS).
TEST(Cors, WildcardsAreAnchored) {
  for (const std::string_view origin :
       {"foo.suffix", "startend", "start1end", "prefix", "prefix.suffix"})
    EXPECT_NE(answer(kWild, origin, "GET"), "none") << origin;
  for (const std::string_view origin :
       {"foo.suffix.get", "0start12end", "bla.prefix", "starten", "foo.put", "star", ""})
    EXPECT_EQ(answer(kWild, origin, "GET"), "none") << origin;
  EXPECT_EQ(answer(kWild, "foo.put", "PUT"),
            "Allow-Origin=foo.put;Allow-Methods=PUT;"
            "Allow-Credentials=true;");
}

// "start*end" must not take "star...end" where the two halves overlap.
TEST(Cors, HalvesOfAPatternDoNotOverlap) {
  EXPECT_EQ(answer(R"({"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["ab*bc"]}]})",
                   "abc", "GET"),
            "none");
}

// The first rule that takes all of the question answers; '*' alone is told as '*', without
// credentials.
TEST(Cors, TheFirstRuleThatTakesAllAnswers) {
  constexpr std::string_view rules = R"({"CORSRules": [
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://a"], "MaxAgeSeconds": 1},
    {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["X-Amz-*"],
     "ExposeHeaders": ["ETag", "b"]}]})";
  EXPECT_EQ(answer(rules, "http://a", "GET"),
            "Allow-Origin=http://a;Allow-Methods=GET;Max-Age=1;"
            "Allow-Credentials=true;");
  EXPECT_EQ(answer(rules, "http://a", "GET", {"x-amz-date", "x-amz-acl"}),
            "Allow-Origin=*;Allow-Methods=GET, PUT;"
            "Allow-Headers=x-amz-date, x-amz-acl;Expose-Headers=ETag, b;");
  EXPECT_EQ(answer(rules, "http://a", "GET", {"x-amz-date", "range"}), "none");
  EXPECT_EQ(answer(rules, "http://a", "DELETE"), "none");
}

}  // namespace
}  // namespace cloche::s3
