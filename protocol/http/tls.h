// The certificate and OpenSSL's context for the port's TLS side.
#pragma once

#include "base/env.h"
#include "base/result.h"
#include "protocol/protocol.h"

struct ssl_ctx_st;

namespace cloche::protocol {

// Null where neither a certificate nor a directory for one is given. A certificate that has to be
// made is stored as `certificate_directory`/server.pem and found again at the next start, so that
// clients may be told to trust it.
Result<ssl_ctx_st*> make_tls(Env& env, const ServerOptions& options);
// One more owner of it; null stays null.
ssl_ctx_st* share_tls(ssl_ctx_st* tls);

}  // namespace cloche::protocol
