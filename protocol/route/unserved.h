// Requests for services that nobody has registered: what they mean and in which protocol their
// client reads errors, so that the refusal can name what is missing.
#pragma once

#include <string>
#include <string_view>

#include "protocol/auth/credential.h"
#include "protocol/http/request.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

struct Unserved {
  std::string_view service;    // "sts", or what the client signed for where we don't know the name.
  std::string_view operation;  // "ListQueues". Empty where only a model could tell it (rest).

  // "sts.GetCallerIdentity", "lambda GET /2015-03-31/functions".
  std::string full_name(const Request& request) const;
};

// The service that target, signature or host (in this order) name, by AWS's own list of names.
// Empty: none of them names any.
std::string_view service_named_by(const Request& request, const Credential& credential);

// The query service whose API has this version ("2011-06-15" is that of sts). Empty: none known.
std::string_view query_service_of_version(std::string_view version);

// X-Amz-Target's last part, or that of rpc-v2-cbor's path; empty: neither.
std::string_view operation_named_by(const Request& request);

// DynamoDB Streams and S3 Control are signed for under the names of DynamoDB and S3.
bool borrows_signature(const Request& request);

bool is_form(const Request& request);

// The protocol that a client speaks for whom no model tells it, by the look of its request.
Wire wire_by_look(const Request& request, const Credential& credential);

}  // namespace cloche::protocol
