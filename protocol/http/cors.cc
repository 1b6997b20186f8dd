#include "protocol/http/cors.h"

#include <algorithm>

#include "protocol/codec/codec.h"

namespace cloche::protocol {
namespace {

constexpr std::string_view kMethods = "HEAD,GET,PUT,POST,DELETE,OPTIONS,PATCH";
constexpr std::string_view kExposed =
    "etag,x-amz-version-id,x-amz-request-id,x-amz-id-2,x-amzn-requestid,x-amzn-errortype,x-amz-"
    "checksum-crc32,"
    "x-amz-checksum-crc32c,x-amz-checksum-crc64nvme,x-amz-checksum-sha1,x-amz-checksum-sha256,x-"
    "amz-delete-marker,"
    "x-amz-bucket-region,content-range,last-modified";

bool is_local_name(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" ||
         host == "[::1]" || host == "::1" || host == "localhost.localstack.cloud" ||
         host.ends_with(".localhost.localstack.cloud");
}

std::string_view host_of_origin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = origin.substr(scheme + 3);
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    host = host.substr(0, colon);
  return host;
}

}  // namespace

bool origin_allowed(const ServerOptions& options, std::string_view origin) {
  if (origin.empty() || is_local_name(host_of_origin(origin))) return true;
  const auto& extra = options.extra_cors_origins;
  return std::find(extra.begin(), extra.end(), origin) != extra.end() ||
         std::find(extra.begin(), extra.end(), "*") != extra.end();
}

bool host_allowed(const ServerOptions& options, std::string_view host) {
  if (host.empty() || is_local_name(host)) return true;
  if (!options.advertised_host.empty() &&
      host == options.advertised_host.substr(0, options.advertised_host.rfind(':')))
    return true;
  if (host.find('.') == std::string_view::npos) return true;
  return host.find_first_not_of("0123456789.") == std::string_view::npos || host.starts_with('[');
}

void append_cors(const ServerOptions& options, const Request& request, std::string& headers) {
  if (!options.cors_headers || request.origin.empty() || !origin_allowed(options, request.origin))
    return;
  if (headers.find("Access-Control-Allow-Origin") != std::string::npos) return;
  add_header(headers, "Access-Control-Allow-Origin", request.origin);
  add_header(headers, "Access-Control-Allow-Methods", kMethods);
  add_header(headers, "Access-Control-Expose-Headers", kExposed);
  add_header(headers, "Vary", "Origin");
}

void append_preflight(const ServerOptions& options, const Request& request, std::string& headers) {
  if (!options.cors_headers) return;
  if (const std::string_view asked = request.header("Access-Control-Request-Headers");
      !asked.empty()) {
    add_header(headers, "Access-Control-Allow-Headers", asked);
  }
  add_header(headers, "Access-Control-Max-Age", "172800");
  if (request.has_header("Access-Control-Request-Private-Network"))
    add_header(headers, "Access-Control-Allow-Private-Network", "true");
}

}  // namespace cloche::protocol
