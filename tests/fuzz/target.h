// What each target is: one function that libFuzzer calls with bytes of its choosing, and that
// replay.cc calls with the files of a corpus. It may refuse what it is given, and must not crash,
// hang, or break one of the rules that it checks with CLOCHE_CHECK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// libFuzzer's own changes; not there in a replay, which changes nothing.
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                      std::size_t size_max);

namespace cloche::fuzz {

// For LLVMFuzzerCustomMutator: two times of three a change that knows the form of the input, and where nothing comes of
// that or the third time one of bytes.
template <typename Change>
std::size_t mutate(Change change, std::uint8_t* data, std::size_t size, std::size_t size_max,
                   unsigned seed) {
  const std::size_t changed = seed % 3 > 0 ? change(data, size, size_max, seed) : 0;
  return changed > 0 ? changed : LLVMFuzzerMutate(data, size, size_max);
}

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
