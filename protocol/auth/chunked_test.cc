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
  return {.is_signed =
              [key](std::string_view to_sign, std::string_view signature) {
                return to_hex(hmac_sha256(key, as_bytes(to_sign))) == signature;
              },
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

// The example of "... including trailing headers (chunked upload)": the same bytes with a CRC32C behind them.
TEST(ChunkDecoder, TakesAwsExampleWithATrailer) {
  ChunkSigner signer = example_signer();
  signer.previous = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  signer.signs_trailers = true;
  const std::string chunks =
      "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
      std::string(65536, 'a') +
      "\r\n400;chunk-signature="
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
      std::string(1024, 'a') +
      "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n";
  const std::string trailer = "x-amz-checksum-crc32c:sOO8/Q==\r\n";
  const std::string signature =
      "x-amz-trailer-signature:"
      "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
  const Decoded out = decode(chunks + trailer + signature, 66000, signer);
  ASSERT_TRUE(out.result.has_value()) << out.result.error().message;
  EXPECT_TRUE(out.ended);
  ASSERT_EQ(out.trailers.size(), 1u);
  // Another value, no signature, something behind it: what is not signed is not taken.
  for (const std::string& end :
       {"x-amz-checksum-crc32c:sOO8/A==\r\n" + signature, trailer + "\r\n", std::string("\r\n"),
        trailer + signature.substr(0, signature.size() - 2) + "x-amz-meta-a:b\r\n\r\n"})
    EXPECT_FALSE(decode(chunks + end, 0, signer).result) << end;
  signer.signs_trailers = false;
  EXPECT_FALSE(decode(chunks + trailer + "\r\n", 0, signer).result);
}

// SigV4A chains in the same way under names of its own; signatures are filled up with '*'
// (awslabs/aws-c-auth, AWS_SIGV4A_SIGNATURE_PADDED_LENGTH).
TEST(ChunkDecoder, ChainsSignaturesOfPairs) {
  std::vector<std::string> signed_texts;
  ChunkSigner signer{
      .algorithm = "AWS4-ECDSA-P256-SHA256",
      .is_signed =
          [&](std::string_view to_sign, std::string_view signature) {
            signed_texts.push_back(std::string(to_sign) + "=" + std::string(signature));
            return true;
          },
      .date = "D",
      .scope = "S",
      .previous = "seed",
      .signs_trailers = true};
  const Decoded out = decode(
      "1;chunk-signature=aa**\r\nx\r\n0;chunk-signature=bbb*\r\na:b\r\nx-amz-trailer-signature:c***"
      "\r\n\r\n",
      9, signer);
  ASSERT_TRUE(out.result.has_value());
  EXPECT_TRUE(out.ended);
  const std::string empty = to_hex(sha256({}));
  ASSERT_EQ(signed_texts.size(), 3u);
  EXPECT_EQ(signed_texts[0], "AWS4-ECDSA-P256-SHA256-PAYLOAD\nD\nS\nseed\n" + empty + "\n" +
                                 to_hex(sha256(as_bytes("x"))) + "=aa");
  EXPECT_EQ(signed_texts[1],
            "AWS4-ECDSA-P256-SHA256-PAYLOAD\nD\nS\naa\n" + empty + "\n" + empty + "=bbb");
  EXPECT_EQ(signed_texts[2], "AWS4-ECDSA-P256-SHA256-TRAILER\nD\nS\nbbb\n" +
                                 to_hex(sha256(as_bytes("a:b\n"))) + "=c");
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
