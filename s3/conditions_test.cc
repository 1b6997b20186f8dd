#include "s3/conditions.h"

#include <gtest/gtest.h>

#include "base/time_text.h"

namespace cloche::s3 {
namespace {

const Instant kModified =
    *parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") + std::chrono::milliseconds(700);

// The status that a conditional GET gets: 200, 304 or 412.
int status(const std::vector<std::pair<std::string_view, std::string_view>>& conditions) {
  Arena arena;
  Value input = Value::map();
  for (const auto& [name, text] : conditions) {
    const auto time = parse_http_date(text);
    input.add(arena, name, time ? Value::timestamp(*time) : Value::string(text));
  }
  ObjectRecord object;
  object.etag = "abc";
  object.modified = kModified;
  const auto checked = check_read_conditions(input, object, kModified + std::chrono::hours(1));
  return checked ? 200 : checked.error().http_status;
}

constexpr std::string_view kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kAfter = "Sun, 06 Nov 1994 08:49:38 GMT";

// RFC 9110, section 13.1: each by itself; times are compared in whole seconds.
TEST(ReadConditions, EachByItself) {
  EXPECT_EQ(status({}), 200);
  EXPECT_EQ(status({{"IfMatch", "\"abc\""}}), 200);
  EXPECT_EQ(status({{"IfMatch", "abc"}}), 200);
  EXPECT_EQ(status({{"IfMatch", "*"}}), 200);
  EXPECT_EQ(status({{"IfMatch", "\"x\", \"abc\""}}), 200);
  EXPECT_EQ(status({{"IfMatch", "\"x\""}}), 412);
  EXPECT_EQ(status({{"IfNoneMatch", "W/\"abc\""}}), 304);
  EXPECT_EQ(status({{"IfNoneMatch", "\"x\""}}), 200);
  EXPECT_EQ(status({{"IfModifiedSince", kSame}}), 304);
  EXPECT_EQ(status({{"IfModifiedSince", kBefore}}), 200);
  EXPECT_EQ(status({{"IfUnmodifiedSince", kSame}}), 200);
  EXPECT_EQ(status({{"IfUnmodifiedSince", kBefore}}), 412);
}

// "Additional considerations about request headers" in GetObject's documentation: the ETag decides
// over the time beside it.
TEST(ReadConditions, AnETagDecidesOverATime) {
  EXPECT_EQ(status({{"IfMatch", "\"abc\""}, {"IfUnmodifiedSince", kBefore}}), 200);
  EXPECT_EQ(status({{"IfNoneMatch", "\"abc\""}, {"IfModifiedSince", kBefore}}), 304);
  EXPECT_EQ(status({{"IfNoneMatch", "\"x\""}, {"IfModifiedSince", kAfter}}), 200);
}

}  // namespace
}  // namespace cloche::s3
