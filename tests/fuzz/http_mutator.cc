#include "tests/fuzz/http_mutator.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <ranges>
#include <vector>

#include "base/digest.h"
#include "tests/fuzz/target.h"

namespace cloche::fuzz {
namespace {

constexpr std::string_view kBetween = "\n---\n";
constexpr std::string_view kRightDigest = "Content-MD5: right";

constexpr std::string_view kMethods[] = {"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"};

// Subresources and parameters of S3.
constexpr std::string_view kQueries[] = {"acl",
                                         "policy",
                                         "tagging",
                                         "versions",
                                         "versioning",
                                         "uploads",
                                         "uploadId=x",
                                         "partNumber=1",
                                         "versionId=null",
                                         "delete",
                                         "lifecycle",
                                         "cors",
                                         "website",
                                         "logging",
                                         "notification",
                                         "replication",
                                         "encryption",
                                         "object-lock",
                                         "legal-hold",
                                         "retention",
                                         "torrent",
                                         "attributes",
                                         "select&select-type=2",
                                         "restore",
                                         "list-type=2",
                                         "max-keys=0",
                                         "max-keys=-1",
                                         "max-keys=99999999999",
                                         "prefix=",
                                         "delimiter=/",
                                         "encoding-type=url",
                                         "continuation-token=x",
                                         "start-after=k",
                                         "key-marker=k",
                                         "version-id-marker=null",
                                         "analytics&id=a",
                                         "inventory&id=a",
                                         "metrics&id=a",
                                         "intelligent-tiering&id=a",
                                         "ownershipControls",
                                         "publicAccessBlock",
                                         "policyStatus",
                                         "location",
                                         "requestPayment",
                                         "accelerate",
                                         "response-content-type=a%0D%0Ab",
                                         "session",
                                         "append",
                                         "renameObject",
                                         "max-parts=1",
                                         "part-number-marker=1",
                                         "fetch-owner=true",
                                         "marker=%00",
                                         "X-Amz-Expires=1"};

constexpr std::string_view kValues[] = {"",
                                        "0",
                                        "-1",
                                        "1",
                                        "true",
                                        "null",
                                        "*",
                                        "a",
                                        "9223372036854775808",
                                        "1e9",
                                        "Enabled",
                                        "AES256",
                                        "aws:kms",
                                        "/plain/k",
                                        "plain/k?versionId=null",
                                        "%",
                                        "%zz",
                                        "%00",
                                        "bytes=0-0",
                                        "bytes=5-",
                                        "bytes=-1",
                                        "bytes=9-1",
                                        "bytes=0-1,3-4",
                                        "Thu, 01 Jan 1970 00:00:00 GMT",
                                        "2026-01-01T00:00:00Z",
                                        "9999-12-31T23:59:59Z",
                                        "\"d41d8cd98f00b204e9800998ecf8427e\"",
                                        "d41d8cd98f00b204e9800998ecf8427e",
                                        "1B2M2Y8AsgTpgAmY7PhCfg==",
                                        "AAAAAA==",
                                        "GOVERNANCE",
                                        "GLACIER",
                                        "\xc3\xa9",
                                        "\xff"};

constexpr std::string_view kHeaders[] = {"Range",
                                         "If-Match",
                                         "If-None-Match",
                                         "If-Modified-Since",
                                         "If-Unmodified-Since",
                                         "Content-MD5",
                                         "Content-Type",
                                         "Content-Encoding",
                                         "Transfer-Encoding",
                                         "Expect",
                                         "Origin",
                                         "x-amz-acl",
                                         "x-amz-copy-source",
                                         "x-amz-copy-source-range",
                                         "x-amz-copy-source-if-match",
                                         "x-amz-metadata-directive",
                                         "x-amz-tagging",
                                         "x-amz-tagging-directive",
                                         "x-amz-storage-class",
                                         "x-amz-website-redirect-location",
                                         "x-amz-server-side-encryption",
                                         "x-amz-server-side-encryption-aws-kms-key-id",
                                         "x-amz-server-side-encryption-context",
                                         "x-amz-server-side-encryption-customer-algorithm",
                                         "x-amz-server-side-encryption-customer-key",
                                         "x-amz-server-side-encryption-customer-key-MD5",
                                         "x-amz-object-lock-mode",
                                         "x-amz-object-lock-retain-until-date",
                                         "x-amz-object-lock-legal-hold",
                                         "x-amz-bypass-governance-retention",
                                         "x-amz-checksum-algorithm",
                                         "x-amz-checksum-crc32",
                                         "x-amz-checksum-crc64nvme",
                                         "x-amz-checksum-sha256",
                                         "x-amz-checksum-type",
                                         "x-amz-sdk-checksum-algorithm",
                                         "x-amz-trailer",
                                         "x-amz-decoded-content-length",
                                         "x-amz-content-sha256",
                                         "x-amz-mp-object-size",
                                         "x-amz-write-offset-bytes",
                                         "x-amz-object-attributes",
                                         "x-amz-max-parts",
                                         "x-amz-grant-read",
                                         "x-amz-expected-bucket-owner",
                                         "x-amz-request-payer",
                                         "x-amz-mfa",
                                         "x-amz-bucket-object-lock-enabled",
                                         "x-amz-object-ownership",
                                         "x-amz-rename-source",
                                         "x-amz-target",
                                         "Authorization",
                                         "Content-Length"};

class Change {
 public:
  explicit Change(unsigned seed) : random_(seed) {}

  std::string of(std::string_view requests) {
    std::vector<std::string> parts = split(requests, kBetween);
    if (at_most(8)) {
      // A request again, later: what it finds is another state.
      parts.push_back(any(parts));
    } else {
      one(any_of(parts));
    }
    return joined(parts, kBetween);
  }

 private:
  void one(std::string& request) {
    const std::size_t end = std::min(request.find("\n\n"), request.size());
    std::string head = request.substr(0, end),
                body = request.substr(std::min(end + 2, request.size()));
    switch (random_() % 4) {
      case 0:
        target(head);
        break;
      case 1:
        headers(head);
        break;
      default:
        if (body.find('<') != std::string::npos) {
          element(body);
        } else {
          headers(head);
        }
    }
    request = head + "\n\n" + body;
  }

  void target(std::string& head) {
    const std::size_t line = std::min(head.find('\n'), head.size());
    std::string first = head.substr(0, line);
    const std::size_t blank = first.find(' ');
    if (blank == std::string::npos) return;
    const std::size_t mark = std::min(first.find('?'), first.size());
    std::string method = first.substr(0, blank), path = first.substr(blank + 1, mark - blank - 1);
    std::vector<std::string> query =
        split(std::string_view(first).substr(std::min(mark + 1, first.size())), "&");
    switch (random_() % 5) {
      case 0:
        method = any(kMethods);
        break;
      case 1:
        query.erase(query.begin() + static_cast<std::ptrdiff_t>(random_() % query.size()));
        break;
      case 2: {
        std::string& member = any_of(query);
        member = member.substr(0, member.find('=')) + "=" + std::string(any(kValues));
        break;
      }
      default:
        query.emplace_back(any(kQueries));
    }
    std::erase(query, std::string());
    head.replace(0, line, method + " " + path + (query.empty() ? "" : "?") + joined(query, "&"));
  }

  void headers(std::string& head) {
    std::vector<std::string> lines = split(head, "\n");
    if (lines.size() == 1 || at_most(2)) {
      lines.push_back(std::string(any(kHeaders)) + ": " + std::string(any(kValues)));
    } else {
      const std::size_t which = 1 + random_() % (lines.size() - 1);
      if (at_most(3)) {
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        lines[which] =
            lines[which].substr(0, lines[which].find(':')) + ": " + std::string(any(kValues));
      }
    }
    head = joined(lines, "\n");
  }

  // One element with all that is in it: gone, twice, empty, or with another text.
  void element(std::string& body) {
    std::vector<std::size_t> begins;
    for (std::size_t at = body.find('<'); at != std::string::npos; at = body.find('<', at + 1)) {
      if (at + 1 < body.size() && body[at + 1] != '/' && body[at + 1] != '?' && body[at + 1] != '!')
        begins.push_back(at);
    }
    if (begins.empty()) return;
    const std::size_t begin = any(begins);
    const std::size_t name_end = std::min(body.find_first_of(" />", begin + 1), body.size());
    const std::string name = body.substr(begin + 1, name_end - begin - 1),
                      closing = "</" + name + ">";
    const std::size_t content = body.find('>', begin), end = body.find(closing, begin);
    if (content == std::string::npos || end == std::string::npos || end < content) return;
    const std::size_t after = end + closing.size();
    const std::string whole = body.substr(begin, after - begin);
    switch (random_() % 4) {
      case 0:
        body.erase(begin, whole.size());
        break;
      case 1:
        body.insert(after, whole);
        break;
      case 2:
        body.replace(content + 1, end - content - 1, any(kValues));
        break;
      default:
        body.replace(begin + 1, name.size(), "Other");
    }
  }

  static std::vector<std::string> split(std::string_view text, std::string_view at) {
    std::vector<std::string> out;
    for (;;) {
      const std::size_t end = text.find(at);
      out.emplace_back(text.substr(0, end));
      if (end == std::string_view::npos) return out;
      text.remove_prefix(end + at.size());
    }
  }
  static std::string joined(const std::vector<std::string>& parts, std::string_view with) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) out.append(i > 0 ? with : "").append(parts[i]);
    return out;
  }
  template <typename T>
  std::ranges::range_value_t<T> any(const T& of) {
    return of[random_() % std::size(of)];
  }
  std::string& any_of(std::vector<std::string>& of) { return of[random_() % of.size()]; }
  bool at_most(unsigned one_in) { return random_() % one_in == 0; }

  std::minstd_rand random_;
};

bool has_header(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  for (std::size_t at = head.find('\n'); at != std::string_view::npos;
       at = head.find('\n', at + 1)) {
    const std::string_view line = head.substr(at + 1, name.size());
    if (std::ranges::equal(line, name, same)) return true;
  }
  return false;
}

}  // namespace

std::string http_of(std::string_view requests) {
  std::string out;
  while (!requests.empty()) {
    const std::size_t end = requests.find(kBetween);
    const std::string_view request = requests.substr(0, end);
    requests.remove_prefix(end == std::string_view::npos ? requests.size() : end + kBetween.size());
    const std::size_t head_end = std::min(request.find("\n\n"), request.size());
    const std::string_view head = request.substr(0, head_end),
                           body = request.substr(std::min(head_end + 2, request.size()));
    const std::size_t line = std::min(head.find('\n'), head.size());
    out.append(head.substr(0, line)).append(" HTTP/1.1\r\n");
    if (!has_header(head, "host:")) out.append("Host: localhost\r\n");
    if (!has_header(head, "content-length:") && !has_header(head, "transfer-encoding:"))
      out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    std::string lines(head.substr(std::min(line + 1, head.size())));
    if (const std::size_t digest = lines.find(kRightDigest); digest != std::string::npos)
      lines.replace(digest, kRightDigest.size(), "Content-MD5: " + to_base64(md5(as_bytes(body))));
    for (const char c : lines) out.append(c == '\n' ? "\r\n" : std::string(1, c));
    if (!out.ends_with("\r\n")) out.append("\r\n");
    out.append("\r\n").append(body);
  }
  return out;
}

std::size_t mutate_http(std::uint8_t* data, std::size_t size, std::size_t size_max, unsigned seed) {
  const std::string out = Change(seed).of(text_of(data, size));
  if (out.empty() || out.size() > size_max) return 0;
  std::memcpy(data, out.data(), out.size());
  return out.size();
}

}  // namespace cloche::fuzz
