// The commands behind `cloche`. Each returns the process's exit status: 0 done, 1 failed (said on
// stderr), 2 wrong usage.
#pragma once

#include <string>

#include "cli/settings.h"

namespace cloche::cli {

int start(const Settings& settings);              // Serves until SIGINT or SIGTERM.
int status(const std::string& endpoint);          // Asks a running Cloche how it is.
int doctor(const std::string& data, bool quiet);  // Scrubs a directory that no process has open.

}  // namespace cloche::cli
