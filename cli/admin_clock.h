// Admin path of the engine's clock: GET and POST /_cloche/clock.
#pragma once

#include "cli/environment.h"
#include "protocol/protocol.h"

namespace cloche::cli {

void serve_clock(protocol::Server& server, Environment& environment);

}  // namespace cloche::cli
