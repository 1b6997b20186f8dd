#include "s3/ranges.h"

#include <gtest/gtest.h>

namespace cloche::s3 {
namespace {

std::string outcome(std::string_view header, std::uint64_t size) {
  const auto range = parse_range(header, size);
  if (!range) return range.error().code;
  if (!*range) return "all";
  return std::to_string((*range)->first) + "+" + std::to_string((*range)->length);
}

// RFC 9110, section 14.1.2 for what is asked; what S3 can't read it ignores and sends all.
TEST(Range, IsReadAsS3Does) {
  EXPECT_EQ(outcome("bytes=0-4", 10), "0+5");
  EXPECT_EQ(outcome("bytes=4-", 10), "4+6");
  EXPECT_EQ(outcome("bytes=4-400", 10), "4+6");
  EXPECT_EQ(outcome("bytes=-3", 10), "7+3");
  EXPECT_EQ(outcome("bytes=-30", 10), "0+10");
  for (const char* ignored : {"", "bytes", "bytes=", "bytes=a-b", "bytes=4-2", "items=0-4",
                              "bytes=0-1,3-4", "bytes=--4", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(outcome(ignored, 10), "all") << ignored;
  }
  for (const char* outside : {"bytes=10-", "bytes=10-20", "bytes=-0"})
    EXPECT_EQ(outcome(outside, 10), "InvalidRange") << outside;
  EXPECT_EQ(outcome("bytes=0-", 0), "InvalidRange");
  EXPECT_EQ(outcome("bytes=-5", 0), "InvalidRange");
}

// Recorded on the real service: UploadPartCopy takes just one form, and tells outside from half
// outside.
TEST(CopyRange, MustBeWholeAndWithinTheSource) {
  const auto code = [](std::string_view header) {
    const auto range = parse_copy_range(header, 10);
    return range ? std::string("ok") : range.error().code;
  };
  EXPECT_EQ(code("bytes=0-9"), "ok");
  EXPECT_EQ(code("bytes=0-100"), "InvalidArgument");
  EXPECT_EQ(code("bytes=100-200"), "InvalidRequest");
  for (const char* bad : {"0-8", "bytes=1-0", "bytes=-1-", "bytes=0--1", "bytes=0-1,3-4,7-9",
                          "bytes=-", "bytes=-0", "bytes=1-", "bytes=-2"}) {
    EXPECT_EQ(code(bad), "InvalidArgument") << bad;
  }
}

}  // namespace
}  // namespace cloche::s3
