#include "protocol/auth/content_digests.h"

#include <string>

#include "base/digest.h"
#include "base/other_digests.h"

namespace cloche::protocol {
namespace {

template <class Word>
std::string big_endian(Word word) {
  std::string bytes(sizeof word, '\0');
  for (std::size_t i = 0; i < sizeof word; ++i)
    bytes[i] = static_cast<char>(word >> (8 * (sizeof word - 1 - i)) & 0xFF);
  return bytes;
}

template <OtherDigest kKind>
std::string other(std::string_view body) {
  return to_base64(as_bytes(digest_of(kKind, as_bytes(body))));
}

// In base64, as the header has it.
using Compute = std::string (*)(std::string_view body);
struct Kind {
  std::string_view header, name;
  Compute compute;
};
constexpr Kind kKinds[] = {
    {"x-amz-checksum-crc32", "CRC32",
     [](std::string_view body) { return to_base64(as_bytes(big_endian(crc32(as_bytes(body))))); }},
    {"x-amz-checksum-crc32c", "CRC32C",
     [](std::string_view body) { return to_base64(as_bytes(big_endian(crc32c(as_bytes(body))))); }},
    {"x-amz-checksum-crc64nvme", "CRC64NVME",
     [](std::string_view body) {
       return to_base64(as_bytes(big_endian(crc64nvme(as_bytes(body)))));
     }},
    {"x-amz-checksum-sha1", "SHA1",
     [](std::string_view body) { return to_base64(sha1(as_bytes(body))); }},
    {"x-amz-checksum-sha256", "SHA256",
     [](std::string_view body) { return to_base64(sha256(as_bytes(body))); }},
    {"x-amz-checksum-md5", "MD5",
     [](std::string_view body) { return to_base64(md5(as_bytes(body))); }},
    {"x-amz-checksum-sha512", "SHA512", other<OtherDigest::Sha512>},
    {"x-amz-checksum-xxhash64", "XXHASH64", other<OtherDigest::XxHash64>},
    {"x-amz-checksum-xxhash3", "XXHASH3", other<OtherDigest::XxHash3>},
    {"x-amz-checksum-xxhash128", "XXHASH128", other<OtherDigest::XxHash128>},
};

Result<void> check_md5(std::string_view given, std::string_view body) {
  std::string bytes;
  if (!from_base64(given, bytes) || bytes.size() != sizeof(Md5)) {
    return refused(400, "InvalidDigest", "The Content-MD5 you specified was invalid.",
                   {{"Content-MD5", std::string(given)}});
  }
  const std::string calculated = to_base64(md5(as_bytes(body)));
  if (given == calculated) return {};
  return refused(400, "BadDigest", "The Content-MD5 you specified did not match what we received.",
                 {{"ExpectedDigest", std::string(given)}, {"CalculatedDigest", calculated}});
}

}  // namespace

Result<void> check_content_digests(const HttpRequest& request, std::string_view body) {
  if (request.has_header("content-md5"))
    CLOCHE_TRY_VOID(check_md5(request.header("content-md5"), body));
  for (const Kind& kind : kKinds) {
    if (!request.has_header(kind.header) || request.header(kind.header) == kind.compute(body))
      continue;
    return refused(
        400, "BadDigest",
        "The " + std::string(kind.name) + " you specified did not match the calculated checksum.");
  }
  return {};
}

}  // namespace cloche::protocol
