#include "protocol/auth/credential.h"

namespace cloche::protocol {
namespace {

// "KEY/20130524/us-east-1/s3/aws4_request". A key may hold slashes, so the scope is taken from the
// end.
void read_scope(std::string_view text, Credential& into) {
  std::size_t at = text.size();
  std::string_view parts[4];
  for (int i = 3; i >= 0; --i) {
    const std::size_t slash = at == 0 ? std::string_view::npos : text.rfind('/', at - 1);
    if (slash == std::string_view::npos) {
      into.access_key = text.substr(0, text.find('/'));
      return;
    }
    parts[i] = text.substr(slash + 1, at - slash - 1);
    at = slash;
  }
  into.access_key = text.substr(0, at);
  into.scope = text.substr(at + 1);
  into.date = parts[0];
  // SigV4A signs for a set of regions and has no region in its scope:
  // KEY/date/service/aws4_request.
  into.region = parts[1];
  into.service = parts[2];
}

void read_sigv4a_scope(std::string_view text, Credential& into) {
  const std::size_t key_end = text.find('/');
  into.access_key = text.substr(0, key_end);
  if (key_end == std::string_view::npos) return;
  into.scope = text.substr(key_end + 1);
  into.date = into.scope.substr(0, into.scope.find('/'));
  const std::string_view rest =
      into.scope.substr(std::min(into.scope.size(), into.date.size() + 1));
  into.service = rest.substr(0, rest.find('/'));
}

void read_v4_header(std::string_view header, Credential& into) {
  into.kind = Credential::Kind::V4Header;
  const std::size_t blank = header.find(' ');
  into.algorithm = header.substr(0, blank);
  std::string_view rest =
      blank == std::string_view::npos ? std::string_view() : header.substr(blank + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(", ");
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (name == "Credential")
      into.algorithm == "AWS4-ECDSA-P256-SHA256" ? read_sigv4a_scope(value, into)
                                                 : read_scope(value, into);
    if (name == "SignedHeaders") into.signed_headers = value;
    if (name == "Signature") into.signature = value;
  }
}

}  // namespace

Credential credential_of_scope(std::string_view text) {
  Credential out;
  read_scope(text, out);
  return out;
}

Credential read_credential(const Request& request) {
  Credential out;
  if (const std::string_view header = request.authorization; !header.empty()) {
    if (header.starts_with("AWS4-")) {
      read_v4_header(header, out);
    } else if (header.starts_with("AWS ")) {
      out.kind = Credential::Kind::V2Header;
      out.access_key = header.substr(
          4, header.find(':') == std::string_view::npos ? header.npos : header.find(':') - 4);
      out.signature = header.substr(std::min(
          header.size(), header.find(':') == header.npos ? header.size() : header.find(':') + 1));
    }
    return out;
  }
  if (request.all_queries().empty()) return out;
  // One parameter is enough to mean a presigned URL: what else is missing is said later.
  if (request.query("X-Amz-Algorithm") || request.query("X-Amz-Credential") ||
      request.query("X-Amz-Signature")) {
    out.kind = Credential::Kind::V4Presigned;
    out.algorithm = request.query("X-Amz-Algorithm").value_or("");
    const std::string_view credential = request.query("X-Amz-Credential").value_or("");
    out.algorithm == "AWS4-ECDSA-P256-SHA256" ? read_sigv4a_scope(credential, out)
                                              : read_scope(credential, out);
    out.signed_headers = request.query("X-Amz-SignedHeaders").value_or("");
    out.signature = request.query("X-Amz-Signature").value_or("");
  } else if (request.query("AWSAccessKeyId") ||
             (request.query("Signature") && request.query("Expires"))) {
    out.kind = Credential::Kind::V2Presigned;
    out.access_key = request.query("AWSAccessKeyId").value_or("");
    out.signature = request.query("Signature").value_or("");
  }
  return out;
}

}  // namespace cloche::protocol
