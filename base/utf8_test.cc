#include "base/utf8.h"

#include <gtest/gtest.h>

namespace cloche {
namespace {

// RFC 3629: what looks like UTF-8 and is not. A row of JSON with such text could not be read again.
TEST(Utf8, IsStrict) {
  for (const std::string_view good :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const std::string_view bad :
       {"\xE9", "\xC0\xAF", "\xC3", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF0\x80\x80\x80", "\x80", "a\xFF", "\xC3(", "\xF5\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

// Headers come and go as the same bytes, whatever they are.
TEST(Utf8, Latin1ComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string text = utf8_from_latin1(all);
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(latin1_from_utf8(text), all);
}

TEST(Utf8, BeyondLatin1) {
  EXPECT_EQ(latin1_from_utf8("a\xE2\x80\x94\xC3\xA9"), std::nullopt);
  EXPECT_EQ(latin1_from_utf8("a\xE2\x80\x94\xC3\xA9", ' '), "a \xE9");
  EXPECT_EQ(latin1_from_utf8("\xFF", '?'), "?");
  EXPECT_EQ(latin1_from_utf8("\xC4\x80"), std::nullopt);
}

}  // namespace
}  // namespace cloche
