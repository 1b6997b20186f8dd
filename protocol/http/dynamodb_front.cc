#include "protocol/http/dynamodb_front.h"

namespace cloche::protocol {
namespace {

constexpr std::string_view kPlain = "application/json";
constexpr std::string_view kVersioned = "application/x-amz-json-1.0";

// "application/json ; charset=utf-8" without what follows.
std::string_view media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  while (type.starts_with(' ') || type.starts_with('\t')) type.remove_prefix(1);
  return type;
}

// "dynamodb.us-west-2.amazonaws.com" names its region.
std::string_view region_of_host(std::string_view host) {
  constexpr std::string_view kBegin = "dynamodb.";
  if (!host.starts_with(kBegin)) return "us-east-1";
  host.remove_prefix(kBegin.size());
  const std::string_view region = host.substr(0, host.find('.'));
  return region.find('-') == std::string_view::npos ? "us-east-1" : region;
}

}  // namespace

std::optional<FrontAnswer> dynamodb_front(const Request& request) {
  const bool has_body = request.chunked || request.content_length.value_or(0) > 0;
  if (request.method() == "POST") {
    if (request.content_length.value_or(0) > kDynamoDbRequestBytesMax)
      return FrontAnswer{.status = 413, .body = "", .chunked = true};
    if (!has_body || dynamodb_content_type(request.content_type) == kVersioned) return std::nullopt;
    if (media_type(request.content_type) == kPlain) return std::nullopt;
  } else if (request.method() == "GET") {
    return FrontAnswer{.body = "healthy: dynamodb." + std::string(region_of_host(request.host())) +
                               ".amazonaws.com "};
  }
  return FrontAnswer{.status = 404, .body = "<UnknownOperationException/>\n"};
}

std::string_view dynamodb_content_type(std::string_view of_request) {
  return of_request == kVersioned || media_type(of_request) == kVersioned ? kVersioned : kPlain;
}

}  // namespace cloche::protocol
