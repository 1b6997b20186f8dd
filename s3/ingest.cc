#include "s3/ingest.h"

#include "base/digest.h"
#include "s3/errors.h"
#include "s3/limits.h"

namespace cloche::s3 {
namespace {

// The value that the trailer carries for the algorithm, or empty.
std::string_view trailing_value(const protocol::BodyEnd& end, Algorithm algorithm) {
  for (const auto& [name, value] : end.trailers) {
    if (name == header_of(algorithm)) return value;
  }
  return {};
}

Result<void> check_digests(const protocol::Call& call, const BodyDigests& digests) {
  if (const Value& expected = call.input()["ContentMD5"]) {
    const std::string calculated = to_base64(digests.md5);
    if (expected.text() != calculated) {
      // PutObject repeats the expected digest in hexadecimal, UploadPart as it came (recordings of AWS,
      // 2025).
      std::string bytes;
      from_base64(expected.text(), bytes);
      return bad_md5(call.operation() == "PutObject" ? to_hex(as_bytes(bytes)) : expected.str(),
                     calculated);
    }
  }
  // UNSIGNED-PAYLOAD and the STREAMING-... forms are no digests, and are judged where the framing
  // is taken off.
  const std::string_view sha256_header = call.http().header("x-amz-content-sha256");
  Sha256 expected_sha256;
  if (from_hex(sha256_header, expected_sha256) && expected_sha256 != digests.sha256) {
    return bad_content_sha256(sha256_header, to_hex(digests.sha256));
  }
  return {};
}

Result<Checksum> check_checksum(const AskedChecksum& asked, const protocol::BodyEnd& end,
                                const BodyDigests& digests) {
  const Algorithm algorithm = asked.algorithm.value_or(Algorithm::Crc64nvme);
  Checksum checksum{
      .algorithm = algorithm, .value = value_of(digests, algorithm), .composite = false};
  if (!asked.algorithm) return checksum;
  std::string_view expected = asked.value;
  if (expected.empty()) {
    expected = trailing_value(end, algorithm);
    std::string bytes;
    if (!expected.empty() &&
        (!from_base64(expected, bytes) || bytes.size() != bytes_of(algorithm))) {
      return invalid_request("Value for " + std::string(header_of(algorithm)) +
                             " trailing header is invalid.");
    }
  }
  if (!expected.empty() && expected != checksum.value) return bad_checksum(name_of(algorithm));
  return checksum;
}

// One body on its way in.
struct Ingest {
  CallPtr call;
  AskedChecksum asked;
  BodyWriter writer;
  std::function<void(Result<std::shared_ptr<Ingested>>)> then;

  Result<std::shared_ptr<Ingested>> finish(const Result<protocol::BodyEnd>& end) {
    if (!end) return end.error();
    CLOCHE_TRY(body, writer.finish());
    CLOCHE_TRY_VOID(check_digests(*call, body.digests));
    CLOCHE_TRY(checksum, check_checksum(asked, *end, body.digests));
    return std::make_shared<Ingested>(
        Ingested{.body = std::move(body), .checksum = std::move(checksum)});
  }
};

}  // namespace

Result<void> plan_body(const protocol::Call& call, std::uint64_t bytes_max) {
  const Value& length = call.input()["ContentLength"];
  // A form tells no length of its file.
  const bool told = length || call.http().method() == "POST" ||
                    call.http().has_header("x-amz-decoded-content-length") ||
                    call.http().has_header("transfer-encoding");
  if (!told) return missing_content_length();
  const auto size = static_cast<std::uint64_t>(length.as_integer(0));
  if (size > bytes_max) return entity_too_large(size, bytes_max);
  if (const Value& content_md5 = call.input()["ContentMD5"]) {
    std::string bytes;
    if (!from_base64(content_md5.text(), bytes) || bytes.size() != sizeof(Md5))
      return invalid_digest(content_md5.text());
  }
  return {};
}

void ingest(S3& s3, const CallPtr& call, const AskedChecksum& asked, std::optional<Algorithm> also,
            const CustomerKey* key, std::function<void(Result<std::shared_ptr<Ingested>>)> then) {
  WantedDigests digests = wanted(asked);
  if (also) digests.add(*also);
  auto state = std::make_shared<Ingest>(Ingest{.call = call,
                                               .asked = asked,
                                               .writer = BodyWriter(s3.store(), digests, key),
                                               .then = std::move(then)});
  const auto end = [state](Result<protocol::BodyEnd> ended) {
    auto finished = state->finish(ended);
    state->then(std::move(finished));
  };
  if (protocol::BodySource* body = call->body()) {
    body->read([state](std::span<const std::byte> piece) { return state->writer.append(piece); },
               end);
  } else {
    end(protocol::BodyEnd{});
  }
}

}  // namespace cloche::s3
