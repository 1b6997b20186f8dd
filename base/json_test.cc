#include "base/json.h"

#include <gtest/gtest.h>

namespace cloche {
namespace {

std::string round_trip(std::string_view text) {
  Arena arena;
  const auto value = parse_json(text, arena);
  if (!value) return "refused";
  std::string out;
  append_json(out, *value);
  return out;
}

// What comes in goes out: order of members, every digit of numbers (DynamoDB has 38 of them),
// escapes only where they must be.
TEST(Json, KeepsOrderAndDigits) {
  for (const char* text :
       {R"({"b":1,"a":[1,2,{"c":null}],"d":{}})", "[]", "[[],[[]],{}]", "true",
        "123456789012345678901234567890.12345678E+99", R"("a\"b\\c\nd\u0001é€😀")"}) {
    EXPECT_EQ(round_trip(text), text);
  }
  EXPECT_EQ(round_trip(" { \"a\" : [ 1 , \"\\u00e9\\ud83d\\ude00\\/\" ] } "),
            "{\"a\":[1,\"é😀/\"]}");
}

TEST(Json, NamesInNestedObjectsStayWithTheirValues) {
  EXPECT_EQ(round_trip(R"({"a":{"b":[{"c":1},2],"d":3},"e":[[{"f":{}}]]})"),
            R"({"a":{"b":[{"c":1},2],"d":3},"e":[[{"f":{}}]]})");
}

// Wherever they are in a text, and whatever is beside them.
TEST(Json, EscapesWhatHasToBe) {
  for (std::size_t size = 0; size < 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 0x80; ++c) {
        for (const char other : {'a', '\x20', '\x7f', '!', '#', '\x5b', '\x5d'}) {
          std::string text(size, other);
          text[at] = static_cast<char>(c);
          std::string out;
          append_json_string(out, text);
          const bool escaped = c < 0x20 || c == '"' || c == '\\';
          ASSERT_EQ(out.size() > size + 2, escaped) << size << ' ' << at << ' ' << c;
          ASSERT_EQ(out.find(escaped ? '\\' : static_cast<char>(c), at + 1), at + 1);
          ASSERT_EQ(round_trip(out), out);
        }
      }
    }
  }
}

// Hostile input is refused, never followed: bad UTF-8, unbounded depth, rubbish after the end.
TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string& text :
       {std::string(""), std::string("{"), std::string("{\"a\":}"), std::string("[1,]"),
        std::string("nul"), std::string("1 2"), std::string("\"\xC3\x28\""),
        std::string("\"a\nb\""), std::string("{'a':1}"), std::string("01"),
        std::string(100'000, '['), std::string("\"\\ud800\"")}) {
    EXPECT_EQ(round_trip(text), "refused") << text.substr(0, 20);
  }
}

TEST(Json, WritesTimesAsSeconds) {
  const auto text = [](std::int64_t microseconds) {
    std::string out;
    append_json(out, Value::timestamp(Instant(std::chrono::microseconds(microseconds))));
    return out;
  };
  EXPECT_EQ(text(1'763'732'421'000'000), "1763732421");
  EXPECT_EQ(text(1'763'732'421'120'999), "1763732421.12");
  EXPECT_EQ(text(-500'000), "-0.5");
}

}  // namespace
}  // namespace cloche
