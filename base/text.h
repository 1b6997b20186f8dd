// Small things about text that several folders need.
#pragma once

#include <string>
#include <string_view>

namespace cloche {

// A to Z in lower case, other bytes as they are.
inline std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace cloche
