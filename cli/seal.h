// `cloche seal`: has a running Cloche write a sealed file.
#pragma once

#include <optional>

namespace CLI {
class App;
}

namespace cloche::cli {

// As add_timeline_commands (timeline.h).
void add_seal_command(CLI::App& app, std::optional<int>& status);

}  // namespace cloche::cli
