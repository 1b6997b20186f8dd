#include "base/time_text.h"

#include <gtest/gtest.h>

namespace cloche {
namespace {

constexpr Instant at(std::int64_t microseconds) {
  return Instant(std::chrono::microseconds(microseconds));
}

// 784111777 is the moment that RFC 9110, section 5.6.7 writes in its three forms.
TEST(TimeText, WritesAWSsForms) {
  EXPECT_EQ(iso8601(at(784'111'777'123'456)), "1994-11-06T08:49:37Z");
  EXPECT_EQ(iso8601_milliseconds(at(784'111'777'123'456)), "1994-11-06T08:49:37.123Z");
  EXPECT_EQ(http_date(at(784'111'777'000'000)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(basic_date_time(at(784'111'777'000'000)), "19941106T084937Z");
}

TEST(TimeText, ReadsTheThreeFormsOfHttpDates) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text), at(784'111'777'000'000)) << text;
  }
  for (const char* text : {"", "Sun", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(TimeText, ReadsIso8601WithZonesAndFractions) {
  EXPECT_EQ(parse_iso8601("1994-11-06T08:49:37Z"), at(784'111'777'000'000));
  EXPECT_EQ(parse_iso8601("1994-11-06T08:49:37.5Z"), at(784'111'777'500'000));
  EXPECT_EQ(parse_iso8601("1994-11-06T10:49:37.1234567+02:00"), at(784'111'777'123'456));
  EXPECT_EQ(parse_iso8601("1994-11-06"), at(784'080'000'000'000));
  EXPECT_FALSE(parse_iso8601("1994-13-06T08:49:37Z"));
  EXPECT_FALSE(parse_iso8601("1994-11-06T08:49:37Zx"));
  EXPECT_FALSE(parse_iso8601(""));
}

TEST(TimeText, ReadsEpochSeconds) {
  EXPECT_EQ(parse_epoch_seconds("784111777.5"), at(784'111'777'500'000));
  EXPECT_FALSE(parse_epoch_seconds("1e300"));
  EXPECT_FALSE(parse_epoch_seconds("nan"));
  EXPECT_EQ(parse_basic_date_time("19941106T084937Z"), at(784'111'777'000'000));
  EXPECT_FALSE(parse_basic_date_time("19941106T0849Z"));
}

}  // namespace
}  // namespace cloche
