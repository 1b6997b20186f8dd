// Signature version 4, from the side of who signs.
//
// Source: "Create a signed AWS API request" in the IAM User Guide.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "transfer/http/http.h"

namespace cloche::transfer {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // Empty unless they are temporary.
};

using Query = std::vector<std::pair<std::string, std::string>>;  // Not encoded.

// What is to be asked, before it is signed.
struct Unsigned {
  std::string method;
  std::string path;  // Not encoded: "/bucket/a key".
  Query query;
  Headers headers;
  std::string payload_hash;  // Hexadecimal, or "UNSIGNED-PAYLOAD" and its like (S3 only).
};

// Encodes path and query, and adds the headers that make the request `credentials`' own.
HttpRequest sign(const Unsigned& wish, const Address& address, const Credentials& credentials,
                 std::string_view region, std::string_view service, Instant now);

}  // namespace cloche::transfer
