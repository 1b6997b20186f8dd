// The commands behind `cloche`. Each returns the process's exit status: 0 done, 1 failed (said on
// stderr), 2 wrong usage.
#pragma once

#include <string>

#include "cli/settings.h"

namespace cloche::cli {

int start(const Settings& settings);              // Serves until SIGINT or SIGTERM.
int doctor(const std::string& data, bool quiet);  // Scrubs a directory that no process has open.

// Those that ask a running Cloche, most of them about its history (engine/history.h). With `json` they print what it
// answered.
struct Asked {
  std::string endpoint;
  bool json = false;
};
int status(const Asked& asked);  // How it is.
int checkpoint(const Asked& asked, const std::string& name);
int list_checkpoints(const Asked& asked);
int remove_checkpoint(const Asked& asked, const std::string& name);
int rewind(const Asked& asked, const std::string& to);

}  // namespace cloche::cli
