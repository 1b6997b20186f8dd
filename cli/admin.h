// The paths that are Cloche's own and LocalStack's: health, info, init, metrics.
#pragma once

#include "cli/environment.h"
#include "cli/settings.h"
#include "protocol/protocol.h"

namespace cloche::cli {

// `server` and `environment` must live as long as the server answers.
void serve_admin(protocol::Server& server, Environment& environment, const Settings& settings);

// Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
std::string metrics_text(const protocol::ServerStats& server, const engine::StoreStats& store);

}  // namespace cloche::cli
