// Why something could not be done, as a value. What an error looks like on the wire is known to
// protocol/ alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloche {

struct Error {
  enum class Kind : std::uint8_t {
    Refused,      // The request asks for what can't be: goes out under AWS's own name.
    Unavailable,  // Disk full, I/O error, too many open files: the same request may work later.
    Damaged,      // Stored bytes are not what was written. Never retried, always logged.
    Bug,          // Something of ours gave way; the request fails, the process goes on.
  };

  Kind kind = Kind::Refused;
  std::string code;     // "NoSuchKey"
  std::string message;  // AWS's wording, since tools match on it.
  int http_status = 400;
  // Extra members of the answer, in order: {"Key", "a.txt"}. Under the json protocols a name that
  // begins with '=' carries a value that is JSON already (a list or an object):
  // {"=CancellationReasons", "[...]"}.
  std::vector<std::pair<std::string, std::string>> details;
};

// A request that asks for what can't be, under AWS's own name for it.
Error refused(int http_status, std::string_view code, std::string message,
              std::vector<std::pair<std::string, std::string>> details = {});
// The faults that are nobody's request: `what` is for the operator's log and says file and offset
// where it can.
Error unavailable(std::string_view what);
Error damaged(std::string_view what);
Error bug(std::string_view what);
// A failed system call: "open /x/y: No space left on device".
Error system_error(std::string_view what, int error_number);

}  // namespace cloche
