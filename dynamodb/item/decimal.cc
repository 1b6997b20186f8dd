#include "dynamodb/item/decimal.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "dynamodb/errors.h"
#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

constexpr std::array<Coefficient, 39> kPowers = [] {
  std::array<Coefficient, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits of a coefficient in reading order, without leading zeros.
std::string_view digits_of(Coefficient coefficient, std::array<char, 40>& space) {
  char* at = space.data() + space.size();
  while (coefficient != 0) {
    *--at = static_cast<char>('0' + static_cast<int>(coefficient % 10));
    coefficient /= 10;
  }
  return {at, static_cast<std::size_t>(space.data() + space.size() - at)};
}

}  // namespace

bool is_plain_integer(std::string_view text) {
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return false;
  return std::all_of(text.begin(), text.end(), is_digit);
}

Result<Decimal> Decimal::parse(std::string_view text) {
  if (text.empty()) return not_a_number(text);
  std::size_t at = 0;
  const bool negative = text[0] == '-';
  if (text[0] == '-' || text[0] == '+') ++at;

  // Trailing zeros are held back until a digit follows, so that only significant digits are counted
  // and kept.
  Coefficient coefficient = 0;
  int significant = 0, zeros = 0, scale = 0;
  bool any = false, point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any = true;
    if (point) --scale;
    if (c == '0') {
      if (significant > 0) ++zeros;
      continue;
    }
    const int fresh = significant == 0 ? 1 : zeros + 1;
    significant += fresh;
    zeros = 0;
    if (significant <= kNumberDigitsMax)
      coefficient = coefficient * kPowers[fresh] + static_cast<unsigned>(c - '0');
  }
  if (!any) return not_a_number(text);

  int written = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool below = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (at == text.size()) return not_a_number(text);
    // The service reads it as a number of 64 bits, and what does not fit is none.
    std::int64_t exponent = 0;
    const auto [end, error] =
        std::from_chars(text.data() + at, text.data() + text.size(), exponent);
    if (error != std::errc() || text[at] == '-') return not_a_number(text);
    at = static_cast<std::size_t>(end - text.data());
    written = static_cast<int>(std::min<std::int64_t>(exponent, 100'000'000));
    if (below) written = -written;
  }
  if (at < text.size()) return not_a_number(text);
  if (significant == 0) {
    // Also zero is held against the range by the exponent that it is written with.
    if (written > kNumberMagnitudeMax) return number_overflow();
    return written < kNumberMagnitudeMin ? Result<Decimal>(number_underflow()) : Decimal();
  }

  const int exponent = written + scale + zeros;
  const int magnitude = exponent + significant - 1;
  if (magnitude > kNumberMagnitudeMax) return number_overflow();
  if (magnitude < kNumberMagnitudeMin) return number_underflow();
  if (significant > kNumberDigitsMax) return number_too_precise();
  Decimal result;
  result.coefficient_ = coefficient;
  result.exponent_ = exponent;
  result.negative_ = negative;
  return result;
}

Result<Decimal> Decimal::make(bool negative, Coefficient coefficient, int exponent) {
  if (coefficient == 0) return Decimal();
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  Decimal result;
  result.coefficient_ = coefficient;
  result.exponent_ = exponent;
  result.negative_ = negative;
  if (coefficient >= kPowers[kNumberDigitsMax] || result.magnitude() > kNumberMagnitudeMax)
    return number_overflow();
  if (result.magnitude() < kNumberMagnitudeMin) return number_underflow();
  return result;
}

Result<Decimal> Decimal::add(const Decimal& a, const Decimal& b) {
  if (a.coefficient_ == 0) return b;
  if (b.coefficient_ == 0) return a;
  const Decimal& high = a.exponent_ >= b.exponent_ ? a : b;
  const Decimal& low = a.exponent_ >= b.exponent_ ? b : a;

  // The last digit of `low` is not zero and stays the last of the sum, so a `high` that does not
  // fit in front of it leaves more than 38 digits, but for 10^38 and the like, from which a
  // subtraction may take the 39th away.
  const int shift = high.exponent_ - low.exponent_;
  constexpr Coefficient kMost = kPowers[38] * 2;
  if (shift > 38 || high.coefficient_ > kMost / kPowers[shift]) return number_overflow();
  const Coefficient shifted = high.coefficient_ * kPowers[shift];

  if (high.negative_ == low.negative_)
    return make(high.negative_, shifted + low.coefficient_, low.exponent_);
  if (shifted >= low.coefficient_)
    return make(high.negative_, shifted - low.coefficient_, low.exponent_);
  return make(low.negative_, low.coefficient_ - shifted, low.exponent_);
}

Decimal Decimal::negated() const {
  Decimal result = *this;
  if (coefficient_ != 0) result.negative_ = !negative_;
  return result;
}

int Decimal::digits() const {
  return static_cast<int>(std::upper_bound(kPowers.begin(), kPowers.end(), coefficient_) -
                          kPowers.begin());
}

std::string Decimal::text() const {
  if (coefficient_ == 0) return "0";
  std::array<char, 40> space;
  const std::string_view digits = digits_of(coefficient_, space);
  std::string out(negative_ ? "-" : "");
  const int before_point = static_cast<int>(digits.size()) + exponent_;
  if (exponent_ >= 0) {
    out.append(digits).append(static_cast<std::size_t>(exponent_), '0');
  } else if (before_point > 0) {
    out.append(digits.substr(0, static_cast<std::size_t>(before_point))).append(".");
    out.append(digits.substr(static_cast<std::size_t>(before_point)));
  } else {
    out.append("0.").append(static_cast<std::size_t>(-before_point), '0').append(digits);
  }
  return out;
}

std::size_t Decimal::size() const {
  if (coefficient_ == 0) return 1;
  const int count = digits();
  const bool split =
      count % 2 == 0 &&
      magnitude() % 2 == 0;  // The first digit stands alone in its byte, and so does the last.
  return static_cast<std::size_t>(1 + (count + 1) / 2 + (split ? 1 : 0) + (negative_ ? 1 : 0));
}

// Sign, then the power of ten, then the digits in pairs from 1 to 100; for a negative number all
// complemented, and ended by a byte above every pair, since there the longer of two numbers that
// begin alike is the smaller one.
void Decimal::append_key(std::string& out) const {
  if (coefficient_ == 0) {
    out += '\x80';
    return;
  }
  std::array<char, 40> space;
  const std::string_view digits = digits_of(coefficient_, space);
  const int flip = negative_ ? 0xFF : 0;
  out += negative_ ? '\x7F' : '\x81';
  out += static_cast<char>((magnitude() - kNumberMagnitudeMin) ^ flip);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int tens = digits[i] - '0';
    const int ones = i + 1 < digits.size() ? digits[i + 1] - '0' : 0;
    out += static_cast<char>((tens * 10 + ones + 1) ^ flip);
  }
  if (negative_) out += '\xFF';
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  const auto sign = [](const Decimal& d) { return d.coefficient_ == 0 ? 0 : d.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other) || coefficient_ == 0) return sign(*this) <=> sign(other);
  std::strong_ordering order = magnitude() <=> other.magnitude();
  if (order == 0) {
    // Equal magnitudes differ by at most 37 places, so that the shorter one can be lengthened
    // within 38 digits.
    const int shift = exponent_ - other.exponent_;
    const Coefficient mine = shift > 0 ? coefficient_ * kPowers[shift] : coefficient_;
    const Coefficient theirs =
        shift < 0 ? other.coefficient_ * kPowers[-shift] : other.coefficient_;
    order = mine <=> theirs;
  }
  if (!negative_) return order;
  return order == 0  ? order
         : order < 0 ? std::strong_ordering::greater
                     : std::strong_ordering::less;
}

}  // namespace cloche::dynamodb
