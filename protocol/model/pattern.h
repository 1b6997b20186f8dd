// The regular expressions of the models (Java's dialect), matched against whole values.
#pragma once

#include <bitset>
#include <cstddef>
#include <memory>
#include <string_view>

namespace cloche::protocol {

// One expression, ready to match; may be used by many threads at once. Most of them are one
// character class with a repetition
// ("[a-zA-Z0-9_.-]+") and are matched by a table; the rest goes to Boost.Regex. What lies beyond
// ASCII is accepted by a class that names anything beyond ASCII, for the tables of Unicode's
// categories would be larger than what they guard.
class Pattern {
 public:
  explicit Pattern(std::string_view expression);
  ~Pattern();
  // True also where the expression can't be read or the match would take too long: a request isn't
  // refused for our limits.
  bool matches(std::string_view text) const;

 private:
  bool parse_class(std::string_view expression);

  std::bitset<256> class_;
  bool beyond_ascii_ = false;
  std::size_t min_ = 0, max_ = 0;
  bool is_class_ = false;
  struct Regex;
  std::unique_ptr<Regex> regex_;
};

}  // namespace cloche::protocol
