// Admin paths of branches: POST and GET /_cloche/branches, DELETE /_cloche/branches/NAME.
#pragma once

#include "protocol/protocol.h"

namespace cloche::cli {

class Serving;

void serve_branches(protocol::Server& server, Serving& serving);

}  // namespace cloche::cli
