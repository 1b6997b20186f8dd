// Which service and operation a request means.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/auth/credential.h"
#include "protocol/codec/codec.h"
#include "protocol/http/request.h"
#include "protocol/route/registry.h"
#include "protocol/route/unserved.h"

namespace cloche::protocol {

struct Route {
  const ServiceEntry* service = nullptr;
  const Served* served =
      nullptr;  // Null while the operation stands in a body that has not been read (query).
  Labels labels;
  std::string_view path;    // Of a rest service: with a bucket that the host names in front.
  bool is_site = false;     // A visit to a site of the service, no call of its API.
  bool needs_body = false;  // Ask again with the body.
  std::string unserved;     // "sts.GetCallerIdentity": what nobody here serves. For the log.
};

// Visits to sites come first. Finds the service by target, signature, host and path, in this order; what nobody claims is S3's,
// and what is meant for a service that is not here is refused with NotImplemented under its name.
// `body` is empty at first. Refuses with the service's own error where the operation doesn't exist
// (into.service is set then, if it is known).
Result<void> find_route(const Registry::Impl& registry, const Request& request,
                        const Credential& credential, std::string_view body, Arena& arena,
                        Route& into);

// The bucket that a host names ("b.s3.us-east-1.amazonaws.com"), or nothing.
std::string_view bucket_of_host(std::string_view host);

}  // namespace cloche::protocol
