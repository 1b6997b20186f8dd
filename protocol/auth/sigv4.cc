#include "protocol/auth/sigv4.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/time_text.h"
#include "protocol/auth/sigv2.h"
#include "protocol/auth/sigv4a.h"
#include "protocol/http/uri.h"

namespace cloche::protocol {
namespace {

constexpr std::chrono::minutes kSkewMax{15};
constexpr std::string_view kSigV4 = "AWS4-HMAC-SHA256";
constexpr std::string_view kSigV4a = "AWS4-ECDSA-P256-SHA256";
constexpr std::int64_t kExpiresMax = 604'800;  // A week.

using Details = std::vector<std::pair<std::string, std::string>>;

// The same fault has another name in each family of services.
enum class Family { Xml, Json, Query };

Family family_of(const Model& model) {
  switch (model.wire) {
    case Wire::RestXml:
      return Family::Xml;
    case Wire::Json:
    case Wire::RestJson:
      return Family::Json;
    default:
      return Family::Query;
  }
}

// An HTTP date; mail libraries write its zone as a number.
std::optional<Instant> parse_date_header(std::string_view text) {
  if (text.ends_with(" -0000") || text.ends_with(" +0000"))
    return parse_http_date(std::string(text.substr(0, text.size() - 5)) + "GMT");
  return parse_http_date(text);
}

std::string_view amz_date(const Request& request, const Credential& credential) {
  if (credential.kind == Credential::Kind::V4Presigned)
    return request.query("X-Amz-Date").value_or("");
  return request.header("X-Amz-Date");
}

// Headers of one name joined, blanks trimmed and runs of them made one.
std::string header_value(const Request& request, std::string_view name) {
  std::string out;
  bool first = true;
  for (const auto& [header, value] : request.all_headers()) {
    if (!equal_ignoring_case(header, name)) continue;
    if (!first) out += ',';
    first = false;
    bool blank = false;
    const std::size_t begin = out.size();
    for (const char c : value) {
      if (c == ' ' || c == '\t') {
        blank = out.size() > begin;
      } else {
        if (blank) out += ' ';
        blank = false;
        out += c;
      }
    }
  }
  return out;
}

std::string canonical_query(const Request& request, bool presigned) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : request.all_queries()) {
    if (presigned && name == "X-Amz-Signature") continue;
    std::string encoded_name, encoded_value;
    append_encoded(encoded_name, name);
    append_encoded(encoded_value, value);
    pairs.emplace_back(std::move(encoded_name), std::move(encoded_value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name + '=' + value;
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    differs = static_cast<unsigned char>(differs | (a[i] ^ b[i]));
  return differs == 0;
}

std::string bytes_in_hex(std::string_view text) {
  const std::string hex = to_hex(as_bytes(text));
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (i > 0) out += ' ';
    out += hex.substr(i, 2);
  }
  return out;
}

Error mismatch(Family family, const Credential& credential, const std::string& canonical,
               const std::string& to_sign) {
  constexpr const char* text =
      "The request signature we calculated does not match the signature you provided. Check your "
      "AWS Secret Access Key and signing "
      "method. Consult the service documentation for details.";
  if (family == Family::Json) return refused(400, "InvalidSignatureException", text);
  if (family == Family::Query) return refused(403, "SignatureDoesNotMatch", text);
  return refused(403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your key and signing method.",
                 {{"AWSAccessKeyId", std::string(credential.access_key)},
                  {"StringToSign", to_sign},
                  {"SignatureProvided", std::string(credential.signature)},
                  {"StringToSignBytes", bytes_in_hex(to_sign)},
                  {"CanonicalRequest", canonical},
                  {"CanonicalRequestBytes", bytes_in_hex(canonical)}});
}

// The same for what has no canonical request: version 2 and forms.
Error mismatch_of_text(const Credential& credential, const std::string& to_sign) {
  return refused(403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your key and signing method.",
                 {{"AWSAccessKeyId", std::string(credential.access_key)},
                  {"StringToSign", to_sign},
                  {"SignatureProvided", std::string(credential.signature)},
                  {"StringToSignBytes", bytes_in_hex(to_sign)}});
}

Error unknown_key(Family family, std::string_view key) {
  if (family == Family::Json)
    return refused(400, "UnrecognizedClientException",
                   "The security token included in the request is invalid.");
  if (family == Family::Query)
    return refused(403, "InvalidClientTokenId",
                   "The security token included in the request is invalid.");
  return refused(403, "InvalidAccessKeyId",
                 "The AWS Access Key Id you provided does not exist in our records.",
                 {{"AWSAccessKeyId", std::string(key)}});
}

// What a header lacks, in the words of AWS's framework. Source: answers of DynamoDB
// (architect/dynalite, test/connection.js).
std::optional<Error> incomplete(Family family, const Request& request,
                                const Credential& credential) {
  if (credential.kind != Credential::Kind::V4Header) return std::nullopt;
  std::string missing;
  const auto need = [&](bool there, const char* name) {
    if (!there) missing += std::string("Authorization header requires '") + name + "' parameter. ";
  };
  need(!credential.access_key.empty(), "Credential");
  need(!credential.signature.empty(), "Signature");
  need(!credential.signed_headers.empty(), "SignedHeaders");
  if (!request.has_header("X-Amz-Date") && !request.has_header("Date")) {
    missing +=
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (missing.empty()) return std::nullopt;
  if (family == Family::Xml) {
    return refused(
        400, "AuthorizationHeaderMalformed",
        "The authorization header is malformed; the authorization component \"Credential=" +
            std::string(credential.access_key) + "\" is malformed.");
  }
  missing += "Authorization=" + std::string(request.authorization);
  return refused(family == Family::Json ? 400 : 403,
                 family == Family::Json ? "IncompleteSignatureException" : "IncompleteSignature",
                 missing);
}

Error too_skewed(std::string_view date, Instant now) {
  return refused(403, "RequestTimeTooSkewed",
                 "The difference between the request time and the current time is too large.",
                 {{"RequestTime", std::string(date)},
                  {"ServerTime", iso8601(now)},
                  {"MaxAllowedSkewMilliseconds", "900000"}});
}

Result<void> check_time(Family family, std::string_view date, Instant now) {
  const auto at = parse_basic_date_time(date);
  if (!at)
    return refused(403, family == Family::Json ? "IncompleteSignatureException" : "AccessDenied",
                   "Date must be in ISO-8601 'basic format'. Got '" + std::string(date) +
                       "'. See http://en.wikipedia.org/wiki/ISO_8601");
  if (*at <= now + kSkewMax && *at >= now - kSkewMax) return {};
  if (family == Family::Xml) {
    return too_skewed(date, now);
  }
  const bool early = *at > now;
  const Instant bound = early ? now + kSkewMax : now - kSkewMax;
  const std::string text =
      (early ? "Signature not yet current: " : "Signature expired: ") + std::string(date) +
      (early ? " is still later than " : " is now earlier than ") + basic_date_time(bound) + " (" +
      basic_date_time(now) + (early ? " + 15 min.)" : " - 15 min.)");
  return refused(family == Family::Json ? 400 : 403,
                 family == Family::Json ? "InvalidSignatureException" : "SignatureDoesNotMatch",
                 text);
}

bool is_v2(const Credential& credential) {
  return credential.kind == Credential::Kind::V2Header ||
         credential.kind == Credential::Kind::V2Presigned;
}

Result<void> check_v2(const Request& request, const Credential& credential, Instant now,
                      const SecretLookup& secret) {
  if (credential.kind == Credential::Kind::V2Header) {
    if (credential.signature.empty()) {
      return refused(400, "InvalidArgument",
                     "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
                     {{"ArgumentName", "Authorization"},
                      {"ArgumentValue", std::string(request.authorization)}});
    }
    const std::string_view date =
        request.has_header("x-amz-date") ? request.header("x-amz-date") : request.header("Date");
    auto at = parse_date_header(date);
    if (!at) at = parse_basic_date_time(date);
    if (!at || *at < Instant())
      return refused(403, "AccessDenied",
                     "AWS authentication requires a valid Date or x-amz-date header");
    if (*at > now + kSkewMax || *at < now - kSkewMax) return too_skewed(date, now);
  }
  const auto known = secret ? secret(credential.access_key) : std::nullopt;
  if (!known) return unknown_key(Family::Xml, credential.access_key);
  const std::string to_sign = string_to_sign_v2(request, credential);
  for (const std::string& text : {to_sign, string_to_sign_v2(request, credential, false)}) {
    if (equal_in_constant_time(signature_v2(*known, text), credential.signature)) return {};
  }
  return mismatch_of_text(credential, to_sign);
}

// S3 takes no x-amz- header that a third party could have added.
Result<void> check_all_signed(const Request& request, const Credential& credential) {
  std::string unsigned_names;
  for (const auto& [name, value] : request.sent_headers()) {
    std::string key;
    for (const char c : name) key += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (!key.starts_with("x-amz-") || key == "x-amz-content-sha256") continue;
    const std::string listed = ";" + std::string(credential.signed_headers) + ";";
    if (listed.find(";" + key + ";") == std::string::npos)
      unsigned_names += (unsigned_names.empty() ? "" : ", ") + key;
  }
  if (unsigned_names.empty()) return {};
  return refused(403, "AccessDenied",
                 "There were headers present in the request which were not signed",
                 {{"HeadersNotSigned", unsigned_names}});
}

// What S3 says about a request that is signed in two ways, or in none that it knows.
Result<void> check_mechanism(const Request& request, const Credential& credential) {
  const std::string_view header = request.authorization;
  if (header.empty()) return {};
  if (request.query("X-Amz-Algorithm") ||
      (request.query("Signature") && request.query("Expires"))) {
    return refused(400, "InvalidArgument",
                   "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
                   "Signature query string parameter or the Authorization header should be "
                   "specified",
                   {{"ArgumentName", "Authorization"}, {"ArgumentValue", std::string(header)}});
  }
  if (credential.kind != Credential::Kind::None) return {};
  return refused(400, "InvalidArgument", "Unsupported Authorization Type",
                 {{"ArgumentName", "Authorization"}, {"ArgumentValue", std::string(header)}});
}

// The parameters of a presigned URL that are about its signature.
bool is_of_signature(std::string_view name) {
  for (const std::string_view known : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
                                       "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"}) {
    if (equal_ignoring_case(name, known)) return true;
  }
  return false;
}

// What is said of the body's checksum counts for nothing in a query: the JavaScript SDK signs the CRC32 of no
// body there, and whoever uses the URL sends one (recording of AWS, 2026-02).
bool is_checksum_of_body(std::string_view name) {
  constexpr std::string_view kPrefix = "x-amz-checksum-";
  if (equal_ignoring_case(name, "x-amz-sdk-checksum-algorithm")) return true;
  if (!equal_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) return false;
  for (const std::string_view other : {"mode", "algorithm", "type"}) {
    if (equal_ignoring_case(name.substr(kPrefix.size()), other)) return false;
  }
  return true;
}

// What SDKs move from the head into the query when they presign.
bool stands_for_header(std::string_view name) {
  if (is_checksum_of_body(name)) return false;
  if (name.size() > 6 && equal_ignoring_case(name.substr(0, 6), "x-amz-")) return true;
  for (const std::string_view known :
       {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Content-Type",
        "Content-MD5", "Content-Disposition", "Content-Encoding", "Content-Language",
        "Cache-Control", "Range"}) {
    if (equal_ignoring_case(name, known)) return true;
  }
  return false;
}

}  // namespace

Result<void> check_form_signature(const FormSignature& form, const Credential& signer,
                                  const SecretLookup& secret) {
  const auto known = secret ? secret(signer.access_key) : std::nullopt;
  if (!known) return unknown_key(Family::Xml, signer.access_key);
  const std::string expected =
      form.v4 ? to_hex(hmac_sha256(signing_key(*known, signer), as_bytes(form.signed_text)))
              : signature_v2(*known, form.signed_text);
  if (equal_in_constant_time(expected, form.signature)) return {};
  return mismatch_of_text(signer, std::string(form.signed_text));
}

void take_headers_of_query(Request& request, const Credential& credential) {
  if (credential.kind != Credential::Kind::V2Presigned &&
      credential.kind != Credential::Kind::V4Presigned)
    return;
  for (const auto& [name, value] : request.all_queries()) {
    if (stands_for_header(name) && !is_of_signature(name) && !request.has_header(name))
      request.take_header(name, value);
  }
}

std::string canonical_request(const Request& request, std::string_view signed_headers,
                              std::string_view payload_hash, bool presigned, bool encode_twice) {
  Arena arena;
  std::string out(request.method());
  out += '\n';
  append_encoded(out, encode_twice ? request.path() : decode_uri(request.path(), arena), true);
  out += '\n';
  out += canonical_query(request, presigned);
  out += '\n';
  for (std::string_view rest = signed_headers; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    out += name;
    out += ':';
    out += header_value(request, name);
    out += '\n';
  }
  out += '\n';
  out += signed_headers;
  out += '\n';
  out += payload_hash;
  return out;
}

std::string string_to_sign(std::string_view date, std::string_view scope,
                           std::string_view canonical, std::string_view algorithm) {
  std::string out(algorithm);
  out += '\n';
  out += date;
  out += '\n';
  out += scope;
  out += '\n';
  out += to_hex(sha256(as_bytes(canonical)));
  return out;
}

Sha256 signing_key(std::string_view secret, const Credential& credential) {
  Sha256 key = hmac_sha256(as_bytes("AWS4" + std::string(secret)), as_bytes(credential.date));
  for (const std::string_view part :
       {credential.region, credential.service, std::string_view("aws4_request")}) {
    key = hmac_sha256(key, as_bytes(part));
  }
  return key;
}

Result<void> check_presigned_json(const Request& request, const Credential& credential,
                                  Instant now) {
  // Without an algorithm the query is not meant as a signature.
  if (credential.kind != Credential::Kind::V4Presigned || !request.query("X-Amz-Algorithm"))
    return {};
  std::string missing;
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
                           "X-Amz-SignedHeaders", "X-Amz-Date"}) {
    if (request.query(name).value_or("").empty())
      missing += std::string("AWS query-string parameters must include '") + name + "'. ";
  }
  if (!missing.empty()) {
    return refused(400, "IncompleteSignatureException",
                   missing + "Re-examine the query-string parameters.");
  }
  return check_time(Family::Json, *request.query("X-Amz-Date"), now);
}

Result<void> check_presigned(const Request& request, const Credential& credential, Instant now) {
  if (credential.kind == Credential::Kind::V2Presigned) {
    const auto expires = Value::string(request.query("Expires").value_or("")).as_integer();
    if (!expires || credential.signature.empty() || credential.access_key.empty()) {
      return refused(403, "AccessDenied",
                     "Query-string authentication requires the Signature, Expires and "
                     "AWSAccessKeyId parameters");
    }
    const Instant end{std::chrono::seconds(std::min<std::int64_t>(*expires, 1LL << 40))};
    if (now > end)
      return refused(403, "AccessDenied", "Request has expired",
                     {{"Expires", iso8601(end)}, {"ServerTime", iso8601(now)}});
    return {};
  }
  if (credential.kind != Credential::Kind::V4Presigned) return {};
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date",
                           "X-Amz-SignedHeaders", "X-Amz-Expires"}) {
    if (request.query(name)) continue;
    return refused(400, "AuthorizationQueryParametersError",
                   "Query-string authentication version 4 requires the X-Amz-Algorithm, "
                   "X-Amz-Credential, X-Amz-Signature, "
                   "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  if (credential.scope.empty()) {
    return refused(400, "AuthorizationQueryParametersError",
                   "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; "
                   "expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
  }
  const auto expires = Value::string(*request.query("X-Amz-Expires")).as_integer();
  if (!expires)
    return refused(400, "AuthorizationQueryParametersError", "X-Amz-Expires should be a number");
  if (*expires < 0)
    return refused(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative");
  if (*expires > kExpiresMax) {
    return refused(400, "AuthorizationQueryParametersError",
                   "X-Amz-Expires must be less than a week (in seconds); that is, the given "
                   "X-Amz-Expires must be less than 604800 seconds");
  }
  const auto at = parse_basic_date_time(*request.query("X-Amz-Date"));
  if (!at) {
    return refused(400, "AuthorizationQueryParametersError",
                   "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  const Instant end = *at + std::chrono::seconds(*expires);
  if (now > end) {
    return refused(403, "AccessDenied", "Request has expired",
                   {{"X-Amz-Expires", std::to_string(*expires)},
                    {"Expires", iso8601(end)},
                    {"ServerTime", iso8601(now)}});
  }
  return {};
}

Result<void> check_signature(const Request& request, const Credential& credential,
                             const Model& model, std::string_view body, Instant now,
                             const SecretLookup& secret) {
  const Family family = family_of(model);
  if (family == Family::Xml) CLOCHE_TRY_VOID(check_mechanism(request, credential));
  if (family == Family::Xml && is_v2(credential)) return check_v2(request, credential, now, secret);
  if (family == Family::Json && !request.authorization.empty() &&
      request.query("X-Amz-Algorithm")) {
    return refused(
        400, "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  }
  const bool no_algorithm = family == Family::Json &&
                            credential.kind == Credential::Kind::V4Presigned &&
                            !request.query("X-Amz-Algorithm");
  if (credential.kind == Credential::Kind::None || no_algorithm) {
    if (family == Family::Xml && request.authorization.empty()) return {};
    return refused(family == Family::Json ? 400 : 403,
                   family == Family::Json ? "MissingAuthenticationTokenException"
                                          : "MissingAuthenticationToken",
                   "Request is missing Authentication Token");
  }
  const bool presigned = credential.kind == Credential::Kind::V4Presigned;
  if (presigned && !request.authorization.empty()) {
    return refused(
        400, "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  }
  if (family == Family::Json) {
    if (auto error = incomplete(family, request, credential)) return *error;
  }
  if (credential.kind == Credential::Kind::V2Header ||
      credential.kind == Credential::Kind::V2Presigned ||
      (credential.algorithm != "AWS4-HMAC-SHA256" && credential.algorithm != kSigV4a)) {
    return refused(400, "InvalidRequest",
                   "The authorization mechanism you have provided is not supported. Please use "
                   "AWS4-HMAC-SHA256.");
  }
  if (auto error = incomplete(family, request, credential)) return *error;
  if (family == Family::Xml) CLOCHE_TRY_VOID(check_all_signed(request, credential));
  const auto known = secret ? secret(credential.access_key) : std::nullopt;
  if (!known) return unknown_key(family, credential.access_key);
  std::string date(amz_date(request, credential));
  if (date.empty()) {
    if (const auto at = parse_date_header(request.header("Date"))) date = basic_date_time(*at);
  }
  if (!presigned) CLOCHE_TRY_VOID(check_time(family, date, now));
  if (credential.date != std::string_view(date).substr(0, 8)) {
    const std::string text =
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'" +
        std::string(credential.date) + "' != '" + date.substr(0, 8) + "', from '" + date + "'.";
    return refused(family == Family::Xml ? 403 : 400,
                   family == Family::Xml ? "SignatureDoesNotMatch" : "InvalidSignatureException",
                   text);
  }
  std::string hash(request.content_sha256);
  if (hash.empty())
    hash = presigned && family == Family::Xml ? std::string(kUnsignedPayload)
                                              : to_hex(sha256(as_bytes(body)));
  const std::string canonical =
      canonical_request(request, credential.signed_headers, hash, presigned, family != Family::Xml);
  const std::string to_sign =
      string_to_sign(date, credential.scope, canonical, credential.algorithm);
  if (credential.algorithm == kSigV4a) {
    if (is_sigv4a_signature(sigv4a_public_key(credential.access_key, *known), to_sign,
                            credential.signature))
      return {};
    return mismatch(family, credential, canonical, to_sign);
  }
  const std::string expected =
      to_hex(hmac_sha256(signing_key(*known, credential), as_bytes(to_sign)));
  if (!equal_in_constant_time(expected, credential.signature))
    return mismatch(family, credential, canonical, to_sign);
  return {};
}

std::optional<ChunkSigner> chunk_signer(const Request& request, const Credential& credential,
                                        const SecretLookup& secret) {
  const std::string_view framing = request.content_sha256;
  const bool asymmetric = framing.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD");
  if (!asymmetric && !framing.starts_with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
    return std::nullopt;
  const auto known = secret ? secret(credential.access_key) : std::nullopt;
  if (!known) return std::nullopt;
  ChunkSigner signer{.algorithm = std::string(asymmetric ? kSigV4a : kSigV4),
                     .is_signed = {},
                     .date = std::string(amz_date(request, credential)),
                     .scope = std::string(credential.scope),
                     .previous = std::string(credential.signature),
                     .signs_trailers = framing.ends_with("-TRAILER")};
  if (asymmetric) {
    signer.is_signed = [key = sigv4a_public_key(credential.access_key, *known)](
                           std::string_view to_sign, std::string_view signature) {
      return is_sigv4a_signature(key, to_sign, signature);
    };
  } else {
    signer.is_signed = [key = signing_key(*known, credential)](std::string_view to_sign,
                                                               std::string_view signature) {
      return equal_in_constant_time(to_hex(hmac_sha256(key, as_bytes(to_sign))), signature);
    };
  }
  return signer;
}

Result<void> check_content_sha256(const Request& request, std::string_view body) {
  if (request.content_sha256.size() != 64) return {};
  const std::string computed = to_hex(sha256(as_bytes(body)));
  if (equal_ignoring_case(computed, request.content_sha256)) return {};
  return refused(400, "XAmzContentSHA256Mismatch",
                 "The provided 'x-amz-content-sha256' header does not match what was computed.",
                 {{"ClientComputedContentSHA256", std::string(request.content_sha256)},
                  {"S3ComputedContentSHA256", computed}});
}

}  // namespace cloche::protocol
