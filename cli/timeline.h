// `cloche log` and `cloche diff`: the history as text for people.
#pragma once

#include <optional>

namespace CLI {
class App;
}

namespace cloche::cli {

// Adds the commands; whichever is given runs while the command line is parsed, and sets `status`.
void add_timeline_commands(CLI::App& app, std::optional<int>& status);

}  // namespace cloche::cli
