// Admin paths that empty an environment or give back its room: POST /_cloche/reset, POST /_cloche/compact, and
// LocalStack's /_localstack/state/reset, SERVICE/reset, save and load.
#pragma once

#include "cli/environment.h"
#include "protocol/protocol.h"

namespace cloche::cli {

void serve_reset(protocol::Server& server, Environment& environment);

}  // namespace cloche::cli
