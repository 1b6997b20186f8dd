// Browsers: which origins and hosts may talk to us (design, section 9), and the headers that tell
// them so.
#pragma once

#include <string>
#include <string_view>

#include "protocol/http/request.h"
#include "protocol/protocol.h"

namespace cloche::protocol {

// Pages of this machine, and those that were named at start. No origin at all is no browser.
bool origin_allowed(const ServerOptions& options, std::string_view origin);

// Whether a host header names this machine: an address, "localhost", a name of *.localstack.cloud
// or without a point (another container's name for us), or the advertised host. A page that had its
// own name resolve to 127.0.0.1 fails here.
bool host_allowed(const ServerOptions& options, std::string_view host);

// Adds the CORS headers of an answer to an allowed origin; nothing without an origin.
void append_cors(const ServerOptions& options, const Request& request, std::string& headers);
void append_preflight(const ServerOptions& options, const Request& request, std::string& headers);

}  // namespace cloche::protocol
