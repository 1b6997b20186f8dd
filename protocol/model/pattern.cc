#include "protocol/model/pattern.h"

#include <boost/regex.hpp>
#include <charconv>
#include <optional>

namespace cloche::protocol {
namespace {

void add_range(std::bitset<256>& set, unsigned char from, unsigned char to) {
  for (unsigned c = from; c <= to; ++c) set.set(c);
}

// The class that an escape stands for; nothing for those that need a real engine.
std::optional<std::bitset<256>> escaped_class(char c) {
  std::bitset<256> set;
  switch (c) {
    case 'w': add_range(set, 'a', 'z'), add_range(set, 'A', 'Z'), add_range(set, '0', '9'), set.set('_'); return set;
    case 'd': add_range(set, '0', '9'); return set;
    case 's': for (char blank : {' ', '\t', '\n', '\v', '\f', '\r'}) set.set(static_cast<unsigned char>(blank)); return set;
    default: break;
  }
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return std::nullopt;
  set.set(static_cast<unsigned char>(c));
  return set;
}

}  // namespace

struct Pattern::Regex {
  boost::regex expression;
};

Pattern::Pattern(std::string_view expression) {
  if ((is_class_ = parse_class(expression))) return;
  try {
    regex_ = std::make_unique<Regex>(boost::regex(expression.begin(), expression.end(), boost::regex::perl));
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
    if (static_cast<unsigned char>(text[at]) >= 0x80 || text[at] == '[' || text[at] == '&') return false;
    if (text[at] == '\\') {
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
    if (text.size() < min_ || text.size() > max_) return false;
    for (const char c : text) {
      if (!class_[static_cast<unsigned char>(c)]) return false;
    }
    return true;
  }
  if (!regex_) return true;
  try {
    return boost::regex_match(text.begin(), text.end(), regex_->expression);
  } catch (const std::exception&) {
    return true;  // The engine's own limit of steps.
  }
}

}  // namespace cloche::protocol
