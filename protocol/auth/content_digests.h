// Digests of a request's body that its headers carry: Content-MD5 (RFC 1864) and x-amz-checksum-*.
#pragma once

#include <string_view>

#include "base/result.h"
#include "protocol/protocol.h"

namespace cloche::protocol {

// Holds a whole body against them. Refuses with InvalidDigest what is no digest, and with BadDigest what
// is another's. Streaming bodies are the business of their handler.
Result<void> check_content_digests(const HttpRequest& request, std::string_view body);

}  // namespace cloche::protocol
