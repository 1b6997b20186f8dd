// What a request says of who signed it: read from the Authorization header or from presigned
// parameters, not yet checked.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/http/request.h"

namespace cloche::protocol {

struct Credential {
  enum class Kind : std::uint8_t { None, V4Header, V4Presigned, V2Header, V2Presigned };

  Kind kind = Kind::None;
  std::string_view algorithm;  // "AWS4-HMAC-SHA256"
  std::string_view access_key, date, region, service;
  std::string_view signed_headers, signature;
  std::string_view scope;  // "20130524/us-east-1/s3/aws4_request"
};

// Views refer into the request. A header that can't be read gives what could be.
Credential read_credential(const Request& request);
// Key and scope of "KEY/20130524/us-east-1/s3/aws4_request"; no scope if the text is not of that
// form.
Credential credential_of_scope(std::string_view text);

}  // namespace cloche::protocol
