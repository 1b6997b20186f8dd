#include "dynamodb/item/decimal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace cloche::dynamodb {
namespace {

std::string normalized(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  return parsed ? (*parsed).text() : parsed.error().message;
}

Decimal number(std::string_view text) { return *Decimal::parse(text); }

std::string key(const Decimal& decimal) {
  std::string bytes;
  decimal.append_key(bytes);
  return bytes;
}

// What the service takes for a number, and the form in which it gives it back (seen there: no
// exponent, no plus, no idle zeros).
TEST(Decimal, IsNormalizedAsTheServiceDoes) {
  EXPECT_EQ(normalized("3"), "3");
  EXPECT_EQ(normalized("-7.1234"), "-7.1234");
  EXPECT_EQ(normalized("-17e5"), "-1700000");
  EXPECT_EQ(normalized("+3"), "3");
  EXPECT_EQ(normalized(".123"), "0.123");
  EXPECT_EQ(normalized("0001.2300"), "1.23");
  EXPECT_EQ(normalized("1e+5"), "100000");
  EXPECT_EQ(normalized("0e125"), "0");
  EXPECT_EQ(normalized("-0.00"), "0");
  EXPECT_EQ(normalized("12.e-3"), "0.012");
  EXPECT_EQ(normalized("1E125"), "1" + std::string(125, '0'));
  EXPECT_EQ(normalized("1E-130"), "0." + std::string(129, '0') + "1");
}

// The four refusals have texts of their own; blanks, NaN and Infinity are no numbers.
TEST(Decimal, IsRefusedInTheServicesWords) {
  EXPECT_EQ(normalized(""), "The parameter cannot be converted to a numeric value");
  for (const std::string text :
       {"dog", "NaN", "Infinity", "-Infinity", " 1", "1 ", "1e", "-", ".", "1.2.3"}) {
    EXPECT_EQ(normalized(text), "The parameter cannot be converted to a numeric value: " + text);
  }
  const std::string over =
      "Number overflow. Attempting to store a number with magnitude larger than supported range";
  const std::string under =
      "Number underflow. Attempting to store a number with magnitude smaller than supported range";
  EXPECT_EQ(normalized("1e126"), over);
  EXPECT_EQ(normalized("11e125"), over);
  EXPECT_EQ(normalized("1e99999999999"), over);
  EXPECT_EQ(normalized("0e126"), over);
  EXPECT_EQ(normalized("0e-131"), under);
  EXPECT_EQ(normalized("1e9223372036854775808"),
            "The parameter cannot be converted to a numeric value: 1e9223372036854775808");
  EXPECT_EQ(normalized("1e-131"), under);
  EXPECT_EQ(normalized("0.9e-130"), under);
  EXPECT_EQ(normalized("3.14159265358979323846264338327950288419"),
            "Attempting to store more than 38 significant digits in a Number");
  EXPECT_EQ(normalized("31415926535897932384626433832795028841e30"),
            "31415926535897932384626433832795028841" + std::string(30, '0'));
}

// 1e50 + 1 has 51 digits. The service calls that an overflow, though the magnitude is in range.
TEST(Decimal, SumsThatNeedMoreDigitsAreRefused) {
  EXPECT_FALSE(Decimal::add(number("1e50"), number("1")));
  EXPECT_FALSE(Decimal::add(number("1e50"), number("-1")));
  EXPECT_FALSE(Decimal::add(number("9e125"), number("9e125")));
  EXPECT_EQ((*Decimal::add(number("1e38"), number("-1"))).text(), std::string(38, '9'));
  EXPECT_EQ((*Decimal::add(number("0.1"), number("0.2"))).text(), "0.3");
  EXPECT_EQ((*Decimal::add(number("5"), number("-5"))).text(), "0");
  EXPECT_EQ((*Decimal::add(number("10000000000000000000000"), number("1"))).text(),
            "10000000000000000000001");
}

// Sizes measured on the service: pairs of digits counted from the point, one byte of exponent, one
// for a minus.
TEST(Decimal, SizesFollowThePairsOfDigits) {
  EXPECT_EQ(number("0").size(), 1u);
  EXPECT_EQ(number("1").size(), 2u);
  EXPECT_EQ(number("12").size(), 2u);
  EXPECT_EQ(number("123").size(), 3u);
  EXPECT_EQ(number("1.2").size(), 3u);
  EXPECT_EQ(number("-1").size(), 3u);
  EXPECT_EQ(number("100").size(), 2u);
  EXPECT_EQ(number("120").size(), 3u);
}

// A random number that the service would take.
std::string random_text(std::mt19937_64& random) {
  const int digits = static_cast<int>(random() % 38) + 1;
  std::string text = random() % 2 ? "-" : "";
  for (int i = 0; i < digits; ++i)
    text += static_cast<char>('0' + (random() % 3 == 0 ? 0 : random() % 10));
  const int exponent = static_cast<int>(random() % 3 ? random() % 6 : random() % 80) - 40;
  return text + "e" + std::to_string(exponent);
}

// Query relies on it: the order of the key bytes is the order of the numbers, for every pair.
TEST(Decimal, KeyBytesAreOrderedLikeTheNumbers) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = random_text(random);
    const std::string b = random() % 4 ? random_text(random) : a;
    ASSERT_EQ(key(number(a)) <=> key(number(b)), number(a) <=> number(b)) << a << " and " << b;
  }
}

// Digits of a number as a whole number of units of 10^-80, aligned so that sums can be done by
// hand.
std::string fixed_point(const Decimal& decimal) {
  std::string text = decimal.text();
  if (text[0] == '-') text.erase(0, 1);
  const std::size_t point = text.find('.');
  std::string whole = text.substr(0, point);
  std::string part = point == std::string::npos ? "" : text.substr(point + 1);
  part.resize(80, '0');
  return std::string(160 - whole.size(), '0') + whole + part;
}

std::string by_hand(const std::string& a, const std::string& b, int sign) {
  std::string sum(a.size(), '0');
  int carry = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    int digit = (a[i] - '0') + sign * (b[i] - '0') + carry;
    carry = digit < 0 ? -1 : digit > 9 ? 1 : 0;
    sum[i] = static_cast<char>('0' + (digit + 10) % 10);
  }
  return sum;
}

// Sums against schoolbook arithmetic on 240 digits: exact, or refused because more than 38 digits
// would be needed.
TEST(Decimal, SumsAreExact) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int exact = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = number(random_text(random));
    const Decimal b = number(random_text(random));
    const std::string x = fixed_point(a), y = fixed_point(b);
    const bool same_sign = (a.text()[0] == '-') == (b.text()[0] == '-');
    const std::string expected = same_sign ? by_hand(x, y, 1)
                                 : x >= y  ? by_hand(x, y, -1)
                                           : by_hand(y, x, -1);
    const std::size_t first = expected.find_first_not_of('0');
    const std::size_t digits =
        first == std::string::npos ? 0 : expected.find_last_not_of('0') - first + 1;
    const auto sum = Decimal::add(a, b);
    ASSERT_EQ(bool(sum), digits <= 38) << a.text() << " + " << b.text();
    if (!sum) continue;
    ++exact;
    ASSERT_EQ(fixed_point(*sum), expected) << a.text() << " + " << b.text();
  }
  EXPECT_GT(exact, 1000);
}

}  // namespace
}  // namespace cloche::dynamodb
