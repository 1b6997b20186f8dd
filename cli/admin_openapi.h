// GET /_cloche/openapi.json: the admin API, described (data/openapi/cloche.json).
#pragma once

#include "protocol/protocol.h"

namespace cloche::cli {

void serve_openapi(protocol::Server& server);

}  // namespace cloche::cli
