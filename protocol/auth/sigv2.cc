#include "protocol/auth/sigv2.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.h"
#include "protocol/route/route.h"

namespace cloche::protocol {
namespace {

// The query parameters that name another thing than the object itself, or change the answer; those
// that came after version 2 was given up are S3's list of the same kind.
constexpr auto kSubresources = std::to_array<std::string_view>({"accelerate",
                                                                "acl",
                                                                "analytics",
                                                                "append",
                                                                "attributes",
                                                                "cors",
                                                                "defaultObjectAcl",
                                                                "delete",
                                                                "encryption",
                                                                "intelligent-tiering",
                                                                "inventory",
                                                                "legal-hold",
                                                                "lifecycle",
                                                                "location",
                                                                "logging",
                                                                "metrics",
                                                                "notification",
                                                                "object-lock",
                                                                "ownershipControls",
                                                                "partNumber",
                                                                "policy",
                                                                "policyStatus",
                                                                "position",
                                                                "publicAccessBlock",
                                                                "replication",
                                                                "requestPayment",
                                                                "response-cache-control",
                                                                "response-content-disposition",
                                                                "response-content-encoding",
                                                                "response-content-language",
                                                                "response-content-type",
                                                                "response-expires",
                                                                "restore",
                                                                "retention",
                                                                "select",
                                                                "select-type",
                                                                "storageClass",
                                                                "tagging",
                                                                "torrent",
                                                                "uploadId",
                                                                "uploads",
                                                                "versionId",
                                                                "versioning",
                                                                "versions",
                                                                "website"});

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return out;
}

std::string amz_headers(const Request& request) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, value] : request.all_headers()) {
    std::string key = lower(name);
    if (!key.starts_with("x-amz-")) continue;
    const auto [at, fresh] = sorted.emplace(std::move(key), std::string(value));
    if (!fresh) at->second.append(",").append(value);
  }
  std::string out;
  for (const auto& [name, value] : sorted) out.append(name).append(":").append(value).append("\n");
  return out;
}

std::string resource(const Request& request, bool bucket_slash) {
  std::string out;
  if (const std::string_view bucket = bucket_of_host(request.host()); !bucket.empty())
    out.append("/").append(bucket);
  out += request.path();
  if (bucket_slash && out.size() > 1 && out.find('/', 1) == std::string::npos) out += '/';
  std::vector<std::pair<std::string_view, std::string_view>> found;
  for (const auto& query : request.all_queries()) {
    if (std::ranges::find(kSubresources, query.first) != kSubresources.end())
      found.push_back(query);
  }
  std::ranges::sort(found);
  char separator = '?';
  for (const auto& [name, value] : found) {
    out += separator;
    out += name;
    if (!value.empty()) out.append("=").append(value);
    separator = '&';
  }
  return out;
}

}  // namespace

std::string string_to_sign_v2(const Request& request, const Credential& credential,
                              bool bucket_slash) {
  std::string out(request.method());
  out.append("\n").append(request.header("Content-MD5"));
  out.append("\n").append(request.header("Content-Type"));
  out += '\n';
  if (credential.kind == Credential::Kind::V2Presigned) {
    out += request.query("Expires").value_or("");
  } else if (!request.has_header("x-amz-date")) {
    out += request.header("Date");
  }
  out += '\n';
  out += amz_headers(request);
  return out + resource(request, bucket_slash);
}

std::string signature_v2(std::string_view secret, std::string_view string_to_sign) {
  return to_base64(hmac_sha1(as_bytes(secret), as_bytes(string_to_sign)));
}

}  // namespace cloche::protocol
