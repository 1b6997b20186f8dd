// Admin paths for people who test: the environment's clock, and what waits for delivery.
//
//   GET  /_cloche/clock                 {"now": "2026-01-01T00:00:00.000Z", "frozen": true}
//   POST /_cloche/clock                 {"freeze": "2026-01-01T00:00:00Z"}, {"freeze": true},
//                                       {"move": SECONDS} or {"run": true}; answers as GET
//   GET  /_cloche/s3/events/BUCKET      events that nobody has taken yet
#pragma once

#include "cli/environment.h"

namespace cloche::cli {

void serve_tools(protocol::Server& server, Environment& environment);

}  // namespace cloche::cli
