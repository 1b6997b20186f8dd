// Checks that stay on in release builds: what every reader of the code may rely on. A failed one
// ends the process before a wrong state can reach the disk. Never check what a request can cause;
// that is a Result.
#pragma once

namespace cloche {

// Prints the condition with its place, and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace cloche

#define CLOCHE_CHECK(condition)                               \
  do {                                                        \
    if (!(condition)) [[unlikely]]                            \
      ::cloche::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
