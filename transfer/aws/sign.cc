#include "transfer/aws/sign.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "base/time_text.h"
#include "protocol/auth/sigv4.h"
#include "protocol/http/uri.h"

namespace cloche::transfer {
namespace {

// Blanks at the ends go, runs of them become one, as the other side sees them.
std::string trimmed(std::string_view text) {
  std::string out;
  bool blank = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t') {
      blank = !out.empty();
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::string encoded_query(const Query& query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : query) {
    std::string encoded_name, encoded_value;
    protocol::append_encoded(encoded_name, name);
    protocol::append_encoded(encoded_value, value);
    pairs.emplace_back(std::move(encoded_name), std::move(encoded_value));
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name + '=' + value;
  }
  return out;
}

}  // namespace

HttpRequest sign(const Unsigned& wish, const Address& address, const Credentials& credentials,
                 std::string_view region, std::string_view service, Instant now) {
  std::string path;
  protocol::append_encoded(path, wish.path, true);
  const std::string query = encoded_query(wish.query);
  HttpRequest request{.method = wish.method,
                      .target = query.empty() ? path : path + "?" + query,
                      .headers = wish.headers};
  const std::string date = basic_date_time(now);
  request.headers.emplace_back("X-Amz-Date", date);
  if (service == "s3") request.headers.emplace_back("X-Amz-Content-Sha256", wish.payload_hash);
  if (!credentials.session_token.empty())
    request.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);

  std::vector<std::pair<std::string, std::string>> signed_headers;
  signed_headers.emplace_back("host", address.host_header());
  for (const auto& [name, value] : request.headers)
    signed_headers.emplace_back(ascii_lowered(name), trimmed(value));
  std::ranges::sort(signed_headers);
  std::string lines, names;
  for (const auto& [name, value] : signed_headers) {
    lines += name + ':' + value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = wish.method + '\n' + path + '\n' + query + '\n' + lines + '\n' +
                                names + '\n' + wish.payload_hash;
  const std::string scope =
      date.substr(0, 8) + '/' + std::string(region) + '/' + std::string(service) + "/aws4_request";
  const std::string day = date.substr(0, 8);
  protocol::Credential scoped;
  scoped.date = day;
  scoped.region = region;
  scoped.service = service;
  const Sha256 key = protocol::signing_key(credentials.secret_key, scoped);
  const Sha256 signature =
      hmac_sha256(key, as_bytes(protocol::string_to_sign(date, scope, canonical)));
  request.headers.emplace_back(
      "Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + '/' + scope +
                           ", SignedHeaders=" + names + ", Signature=" + to_hex(signature));
  return request;
}

}  // namespace cloche::transfer
