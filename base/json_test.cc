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
