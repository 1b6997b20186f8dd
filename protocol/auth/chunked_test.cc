#include "protocol/auth/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace cloche::protocol {
namespace {

// The example of "Signature calculations for the Authorization header: transferring a payload in
// multiple chunks" in the S3 API Reference: 66,560 letters 'a', signed by the documentation's
// example key, in chunks of 65,536 and 1,024.
constexpr const char* kSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
constexpr const char* kFirst = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
constexpr const char* kSecond = "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497";
constexpr const char* kLast = "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9";

ChunkSigner example_signer() {
  Sha256 key =
      hmac_sha256(as_bytes("AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), as_bytes("20130524"));
  for (const char* part : {"us-east-1", "s3", "aws4_request"})
    key = hmac_sha256(key, as_bytes(part));
  return {.key = key,
          .date = "20130524T000000Z",
          .scope = "20130524/us-east-1/s3/aws4_request",
          .previous = kSeed};
}

std::string example_body() {
  return std::string("10000;chunk-signature=") + kFirst + "\r\n" + std::string(65536, 'a') +
         "\r\n400;chunk-signature=" + kSecond + "\r\n" + std::string(1024, 'a') +
         "\r\n0;chunk-signature=" + kLast + "\r\n\r\n";
}

struct Decoded {
  std::string content;
  Result<void> result;
  bool ended = false;
  std::vector<std::pair<std::string, std::string>> trailers;
};

Decoded decode(std::string_view body, std::size_t split,
               std::optional<ChunkSigner> signer = std::nullopt) {
  ChunkDecoder decoder(std::move(signer));
  Decoded out;
  const auto piece = [&](std::span<const std::byte> bytes) -> Result<void> {
    return out.content += as_text(bytes), Result<void>();
  };
  out.result = decoder.feed(as_bytes(body.substr(0, split)), piece);
  if (out.result) out.result = decoder.feed(as_bytes(body.substr(split)), piece);
  out.ended = decoder.ended();
  out.trailers = decoder.trailers();
  return out;
}

TEST(ChunkDecoder, TakesAwsExample) {
  const Decoded out = decode(example_body(), 100, example_signer());
  ASSERT_TRUE(out.result.has_value()) << out.result.error().message;
  EXPECT_TRUE(out.ended);
  EXPECT_EQ(out.content, std::string(66560, 'a'));
}

// A changed byte must be found in its own chunk, a changed signature too: later chunks are chained
// to it.
TEST(ChunkDecoder, RefusesWhatIsNotSigned) {
  std::string body = example_body();
  body[70] = 'b';
  EXPECT_EQ(decode(body, 0, example_signer()).result.error().code, "SignatureDoesNotMatch");
  body = example_body();
  body[body.find(kLast)] = 'f';
  EXPECT_EQ(decode(body, 0, example_signer()).result.error().code, "SignatureDoesNotMatch");
}

// The network may cut anywhere, inside size lines, line ends and trailers too.
TEST(ChunkDecoder, DoesNotMindWhereItIsCut) {
  const std::string body =
      "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
  for (std::size_t split = 0; split <= body.size(); ++split) {
    const Decoded out = decode(body, split);
    ASSERT_TRUE(out.result.has_value()) << split;
    EXPECT_EQ(out.content, "hello world");
    EXPECT_TRUE(out.ended);
    ASSERT_EQ(out.trailers.size(), 1u);
    EXPECT_EQ(out.trailers[0].first, "x-amz-checksum-crc32");
    EXPECT_EQ(out.trailers[0].second, "DUoRhQ==");
  }
}

// Bytes that end early must not look like a whole body.
TEST(ChunkDecoder, KnowsThatItHasNotEnded) {
  const std::string body = "5\r\nhello\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(decode(body.substr(0, size), 0).ended) << size;
  EXPECT_TRUE(decode(body, 0).ended);
}

TEST(ChunkDecoder, RefusesNonsense) {
  for (const char* body : {"x\r\n", "\r\n", "5 5\r\nhello\r\n", "ffffffffffffffffff\r\n",
                           "5\r\nhelloX\r\n", "0\r\nno colon\r\n\r\n"}) {
    EXPECT_FALSE(decode(body, 0).result.has_value()) << body;
  }
  EXPECT_FALSE(decode(std::string(10000, '0'), 0).result.has_value());
}

}  // namespace
}  // namespace cloche::protocol
