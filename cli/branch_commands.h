// Commands that ask a running Cloche for branches, its clock, emptiness and room: `branch`, `clock`, `reset`, `compact`.
#pragma once

#include <optional>

namespace CLI {
class App;
}

namespace cloche::cli {

// `done` gets the exit status once one of them has run.
void add_branch_commands(CLI::App& app, std::optional<int>& done);
void add_clock_commands(CLI::App& app, std::optional<int>& done);
void add_room_commands(CLI::App& app, std::optional<int>& done);

}  // namespace cloche::cli
