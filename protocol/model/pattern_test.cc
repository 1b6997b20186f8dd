#include "protocol/model/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace cloche::protocol {
namespace {

// The models' expressions are Java's. Most are one class with a repetition and never reach a regex
// engine; what they accept must be what an engine would. Expressions are taken from the models of
// DynamoDB, STS and S3.
TEST(Pattern, MatchesWholeValuesLikeJava) {
  struct {
    const char* expression;
    const char* text;
    bool matches;
  } cases[] = {
      {"[a-zA-Z0-9_.-]+", "my-table_1.x", true},
      {"[a-zA-Z0-9_.-]+", "my table", false},
      {"[a-zA-Z0-9_.-]+", "", false},
      {"[\\w+=,.@-]*", "user@host", true},
      {"[\\w+=,.@-]*", "", true},
      {"[\\w+=,.@-]*", "a/b", false},
      {"\\d{6}", "123456", true},
      {"[\\d]*", "12a", false},
      {"[0-9A-F]{2,4}", "ABC", true},
      {"[0-9A-F]{2,4}", "ABCDE", false},
      {"[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", "v w-\xc3\xa9", true},
      {"[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", "v%w", false},
      {"[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-"
       "\\u10FFFF]+",
       "arn:aws:iam::1:role/r", true},
      {"[\\u0009\\u000A\\u000D\\u0020-\\u00FF]*", "\x01", false},
      {"^[0-9]+$", "12", true},
      {"(a|b)+c", "ababc", true},
      {"(a|b)+c", "abab", false},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Pattern(test.expression).matches(test.text), test.matches)
        << test.expression << " on " << test.text;
  }
}

// A pattern that takes an engine exponential time must not hold a thread: it is let through
// instead.
TEST(Pattern, GivesUpOnHostileInput) {
  EXPECT_TRUE(Pattern("(a|aa)+(a|aa)+(a|aa)+b").matches(std::string(4000, 'a')));
}

}  // namespace
}  // namespace cloche::protocol
