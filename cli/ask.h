// What the commands that ask a running Cloche share: their options, and the way from an answer to
// what is printed.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/document.h"
#include "cli/commands.h"

namespace CLI {
class App;
}

namespace cloche::cli {

// --endpoint and --json. `asked` must outlive the parsing.
void add_asked(CLI::App& command, Asked& asked);

// Asks, prints the answer as JSON or by `print`. The exit status; errors are said on stderr.
int ask_and_print(const Asked& asked, const char* command, std::string_view method,
                  const std::string& path, const std::string& body,
                  const std::function<void(const Value&)>& print);

}  // namespace cloche::cli
