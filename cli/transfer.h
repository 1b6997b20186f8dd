// The commands that move state through the public API: pull and fixture (transfer/).
#pragma once

#include <optional>

namespace CLI {
class App;
}

namespace cloche::cli {

// Adds the commands. While the command line is parsed the one that was given runs, and `done` is its
// exit status.
void add_transfer_commands(CLI::App& app, std::optional<int>& done);

}  // namespace cloche::cli
