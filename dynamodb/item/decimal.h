// DynamoDB's numbers: exact decimals of up to 38 significant digits, magnitudes from 1E-130 to
// 9.99...E+125, and zero.
// Source:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
// ("Number").
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cloche::dynamodb {

__extension__ using Coefficient = unsigned __int128;  // 38 digits are less than 2^127.

// The value is (negative ? -1 : 1) * coefficient * 10^exponent. The coefficient does not end in a
// zero digit, and zero is the default-made one, so that equal values have equal members.
class Decimal {
 public:
  Decimal() = default;

  // Takes what the service takes ("-17.4E37", "+3", ".5", "007"), refuses the rest in its words.
  static Result<Decimal> parse(std::string_view text);

  // A sum with more than 38 digits is refused as an overflow, as the service does.
  static Result<Decimal> add(const Decimal& a, const Decimal& b);
  Decimal negated() const;

  // The form in which the service gives numbers back: no exponent, no superfluous zeros, no plus.
  std::string text() const;

  // What the number counts for in an item's size. Two digits to a byte, aligned at the point; one
  // byte for the exponent, one more for a negative sign. Found by measuring the service; the
  // documentation says "approximately".
  std::size_t size() const;

  // Bytes whose memcmp order is the order of the numbers.
  void append_key(std::string& out) const;

  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const = default;

 private:
  static Result<Decimal> make(bool negative, Coefficient coefficient, int exponent);
  int digits() const;
  // The power of ten of the first digit: 2 for 123.
  int magnitude() const { return exponent_ + digits() - 1; }

  Coefficient coefficient_ = 0;
  int exponent_ = 0;
  bool negative_ = false;
};

// True when `text` is a number as text() writes it and short enough to see at a glance: most
// numbers are, and need no parsing.
bool is_plain_integer(std::string_view text);

}  // namespace cloche::dynamodb
