// What stands before DynamoDB's API: an HTTP front that answers health checks, and takes nothing
// for a request of the API that does not look like one.
//
// Source: answers recorded from the service by architect/dynalite (test/connection.js).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/request.h"
#include "protocol/model/model.h"

namespace cloche::protocol {

// AWS: "Request size" (Service, account, and table quotas).
inline constexpr std::uint64_t kDynamoDbRequestBytesMax = std::uint64_t{16} << 20;

inline bool is_dynamodb(const Model& model) {
  return model.wire == Wire::Json && model.signing_name == "dynamodb";
}

struct FrontAnswer {
  int status = 200;
  std::string body;
  bool chunked = false;  // Sent with the framing of a body of unknown length, which is empty.
};

// Nothing: the request is one of the API's.
std::optional<FrontAnswer> dynamodb_front(const Request& request);

// The type of the answers: that of the request if it is 1.0, else the plain one.
std::string_view dynamodb_content_type(std::string_view of_request);

}  // namespace cloche::protocol
