#include "protocol/model/pattern.h"

#include <boost/regex.hpp>
#include <charconv>
#include <cstdint>
#include <optional>

namespace cloche::protocol {
namespace {

void add_range(std::bitset<256>& set, unsigned char from, unsigned char to) {
  for (unsigned c = from; c <= to; ++c) set.set(c);
}

// Unicode's categories, as far as ASCII goes: \p{L} and its like.
std::optional<std::bitset<256>> category(std::string_view name) {
  std::bitset<256> set;
  for (unsigned c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    const bool symbol =
        std::string_view("$+<=>^`|~").find(static_cast<char>(c)) != std::string_view::npos &&
        c != 0;
    const bool printed = c > 0x20 && c < 0x7f;
    const bool in = name == "L" || name == "Alpha" || name == "IsLetter" ? letter
                    : name == "N" || name == "Nd" || name == "Digit"     ? digit
                    : name == "Alnum"                                    ? letter || digit
                    : name == "Z" || name == "Zs"                        ? c == ' '
                    : name == "S"                                        ? symbol
                    : name == "P" || name == "Punct" ? printed && !letter && !digit && !symbol
                    : name == "M"                    ? false
                    : name == "ASCII"                ? true
                                                     : c == 0 && name.empty();
    if (in) set.set(c);
  }
  const bool known = set.any() || name == "M";
  return known ? std::optional(set) : std::nullopt;
}

// The class that an escape stands for; nothing for those that need a real engine.
std::optional<std::bitset<256>> escaped_class(char c) {
  std::bitset<256> set;
  switch (c) {
    case 'w':
      add_range(set, 'a', 'z'), add_range(set, 'A', 'Z'), add_range(set, '0', '9'), set.set('_');
      return set;
    case 'd':
      add_range(set, '0', '9');
      return set;
    case 's':
      for (char blank : {' ', '\t', '\n', '\v', '\f', '\r'})
        set.set(static_cast<unsigned char>(blank));
      return set;
    default:
      break;
  }
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
    return std::nullopt;
  set.set(static_cast<unsigned char>(c));
  return set;
}

// \uXXXX, \xXX or \u{...}, leaving `at` on its last character. More digits than four are what their
// authors meant.
std::optional<std::uint32_t> code_point(std::string_view text, std::size_t& at) {
  std::size_t begin = at + 2;
  const bool braces = begin < text.size() && text[begin] == '{';
  if (braces) ++begin;
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data() + begin, text.data() + text.size(), value, 16);
  if (error != std::errc()) return std::nullopt;
  at = static_cast<std::size_t>(end - text.data()) - (braces ? 0 : 1);
  return value;
}

}  // namespace

struct Pattern::Regex {
  boost::regex expression;
};

Pattern::Pattern(std::string_view expression) {
  if ((is_class_ = parse_class(expression))) return;
  // Java's names for characters are none of Boost's: rather let a value pass than refuse a good
  // one.
  if (expression.find("\\p{") != std::string_view::npos ||
      expression.find("\\u") != std::string_view::npos)
    return;
  try {
    regex_ = std::make_unique<Regex>(
        Regex{boost::regex(expression.begin(), expression.end(), boost::regex::perl)});
  } catch (const std::exception&) {
    regex_ = nullptr;  // matches() then accepts everything.
  }
}

Pattern::~Pattern() = default;

// [class] followed by nothing, +, *, {n}, {n,} or {n,m}; perhaps between ^ and $.
bool Pattern::parse_class(std::string_view text) {
  if (text.starts_with('^')) text.remove_prefix(1);
  if (text.ends_with('$')) text.remove_suffix(1);
  if (!text.starts_with('[') || text.starts_with("[^")) return false;
  std::size_t at = 1;
  std::optional<unsigned char> last;  // A single character, from which a range may begin.
  for (; at < text.size() && text[at] != ']'; ++at) {
    if (static_cast<unsigned char>(text[at]) >= 0x80 || text[at] == '[' || text[at] == '&')
      return false;
    if (text.substr(at).starts_with("\\p{")) {
      const std::size_t end = text.find('}', at);
      if (end == std::string_view::npos) return false;
      const auto set = category(text.substr(at + 3, end - at - 3));
      if (!set) return false;
      class_ |= *set;
      beyond_ascii_ = true;
      last.reset();
      at = end;
    } else if (text.substr(at).starts_with("\\u") || text.substr(at).starts_with("\\x")) {
      const auto first = code_point(text, at);
      if (!first) return false;
      std::uint32_t until = *first;
      if (at + 2 < text.size() && text[at + 1] == '-' && text[at + 2] == '\\') {
        at += 2;
        const auto second = code_point(text, at);
        if (!second) return false;
        until = *second;
      }
      for (std::uint32_t c = *first; c <= until && c < 0x80; ++c) class_.set(c);
      beyond_ascii_ = beyond_ascii_ || until >= 0x80;
      last.reset();
    } else if (text[at] == '\\') {
      if (++at == text.size()) return false;
      const auto set = escaped_class(text[at]);
      if (!set) return false;
      class_ |= *set;
      last = set->count() == 1 ? std::optional(static_cast<unsigned char>(text[at])) : std::nullopt;
    } else if (text[at] == '-' && last && at + 1 < text.size() && text[at + 1] != ']') {
      if (text[++at] == '\\') return false;
      add_range(class_, *last, static_cast<unsigned char>(text[at]));
      last.reset();
    } else {
      last = static_cast<unsigned char>(text[at]);
      class_.set(*last);
    }
  }
  if (at == text.size()) return false;
  const std::string_view repeat = text.substr(at + 1);
  max_ = static_cast<std::size_t>(-1);
  if (repeat.empty()) return min_ = max_ = 1, true;
  if (repeat == "+") return min_ = 1, true;
  if (repeat == "*") return true;
  if (!repeat.starts_with('{') || !repeat.ends_with('}')) return false;
  const char* end = repeat.data() + repeat.size() - 1;
  const auto [comma, error] = std::from_chars(repeat.data() + 1, end, min_);
  if (error != std::errc()) return false;
  if (comma == end) return max_ = min_, true;
  if (*comma != ',') return false;
  return comma + 1 == end || std::from_chars(comma + 1, end, max_).ptr == end;
}

bool Pattern::matches(std::string_view text) const {
  if (is_class_) {
    std::size_t characters = 0;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      characters += (byte & 0xc0) != 0x80;
      if (byte >= 0x80 ? !beyond_ascii_ : !class_[byte]) return false;
    }
    return characters >= min_ && characters <= max_;
  }
  if (!regex_) return true;
  try {
    return boost::regex_match(text.begin(), text.end(), regex_->expression);
  } catch (const std::exception&) {
    return true;  // The engine's own limit of steps.
  }
}

}  // namespace cloche::protocol
