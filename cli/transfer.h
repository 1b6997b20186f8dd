// The commands that move state through the public API: pull and fixture (transfer/).
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace cloche::cli {

// Adds the commands; the one that was given sets `run`, which answers with the exit status.
void add_transfer_commands(CLI::App& app, std::function<int()>& run);

}  // namespace cloche::cli
