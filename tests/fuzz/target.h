// What each target is: one function that libFuzzer calls with bytes of its choosing, and that
// replay.cc calls with the files of a corpus. It may refuse what it is given, and must not crash,
// hang, or break one of the rules that it checks with CLOCHE_CHECK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace cloche::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes the first line off `text`, without its end. A corpus of lines is one that people can read,
// and that a dictionary's words fit into.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace cloche::fuzz
