#include "protocol/auth/sigv4.h"

#include <gtest/gtest.h>

#include "base/time_text.h"
#include "protocol/auth/sigv2.h"
#include "protocol/auth/sigv4a.h"
#include "protocol/http/head.h"

namespace cloche::protocol {
namespace {

// The examples of "Authenticating Requests: Using the Authorization Header" and "... Using Query
// Parameters" in the S3 API Reference, all signed by this key at this time.
constexpr const char* kKey = "AKIAIOSFODNN7EXAMPLE";
constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr const char* kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::optional<std::string> secret_of(std::string_view key) {
  return key == kKey ? std::optional<std::string>(kSecret) : std::nullopt;
}

const Model& s3() {
  static const Model model(*Model::embedded("s3"));
  return model;
}
const Model& dynamodb() {
  static const Model model(*Model::embedded("dynamodb"));
  return model;
}

struct Sent {
  explicit Sent(std::string text) : head(std::move(text)) {
    EXPECT_TRUE(parser.parse(head, request, 65536).has_value());
    request.read_query(arena);
    credential = read_credential(request);
  }
  std::string check(const Model& model, std::string_view body = {},
                    const char* now = "20130524T000500Z") {
    const Instant at = *parse_basic_date_time(now);
    auto result = check_presigned(request, credential, at);
    if (result) result = check_signature(request, credential, model, body, at, secret_of);
    return result ? "good" : result.error().code;
  }
  std::string head;
  Request request;
  HeadParser parser;
  Arena arena;
  Credential credential;
};

std::string authorization(const std::string& signed_headers, const std::string& signature) {
  return "Authorization: AWS4-HMAC-SHA256 "
         "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" +
         signed_headers + ",Signature=" + signature + "\r\n";
}

TEST(SigV4, TakesAwsExampleOfGetObject) {
  Sent sent("GET /test.txt HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n" +
            authorization("host;range;x-amz-content-sha256;x-amz-date",
                          "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") +
            "Range: bytes=0-9\r\nx-amz-content-sha256: " + kEmptyHash +
            "\r\nx-amz-date: 20130524T000000Z\r\n\r\n");
  EXPECT_EQ(sent.check(s3()), "good");
}

TEST(SigV4, TakesAwsExampleOfPutObject) {
  Sent sent(
      "PUT /test%24file.text HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\nDate: Fri, 24 May "
      "2013 00:00:00 GMT\r\n" +
      authorization("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") +
      "x-amz-date: 20130524T000000Z\r\nx-amz-storage-class: "
      "REDUCED_REDUNDANCY\r\nx-amz-content-sha256: "
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\r\n\r\n");
  EXPECT_EQ(sent.check(s3()), "good");
}

TEST(SigV4, TakesAwsExamplesWithQueries) {
  Sent lifecycle("GET /?lifecycle HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n" +
                 authorization("host;x-amz-content-sha256;x-amz-date",
                               "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543") +
                 "x-amz-date: 20130524T000000Z\r\nx-amz-content-sha256: " + kEmptyHash +
                 "\r\n\r\n");
  EXPECT_EQ(lifecycle.check(s3()), "good");
  Sent list("GET /?max-keys=2&prefix=J HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n" +
            authorization("host;x-amz-content-sha256;x-amz-date",
                          "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7") +
            "x-amz-date: 20130524T000000Z\r\nx-amz-content-sha256: " + kEmptyHash + "\r\n\r\n");
  EXPECT_EQ(list.check(s3()), "good");
}

std::string presigned(const std::string& signature =
                          "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404") {
  return "GET "
         "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%"
         "2F20130524%2Fus-east-1%2Fs3%2F"
         "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-"
         "Amz-Signature=" +
         signature + " HTTP/1.1\r\nHost: examplebucket.s3.amazonaws.com\r\n\r\n";
}

TEST(SigV4, TakesAwsExampleOfAPresignedUrl) {
  EXPECT_EQ(Sent(presigned()).check(s3()), "good");
  EXPECT_EQ(Sent(presigned()).check(s3(), {}, "20130525T000000Z"), "good");
  EXPECT_EQ(Sent(presigned()).check(s3(), {}, "20130525T000001Z"), "AccessDenied");
  EXPECT_EQ(Sent(presigned(std::string(64, '0'))).check(s3()), "SignatureDoesNotMatch");
}

// The examples of "Signing and authenticating REST requests" in the S3 User Guide.
TEST(SigV2, TakesAwsExamples) {
  const auto signed_text = [](const std::string& head) {
    return string_to_sign_v2(Sent(head).request, Sent(head).credential);
  };
  const std::string get = signed_text(
      "GET /photos/puppy.jpg HTTP/1.1\r\nHost: "
      "awsexamplebucket1.s3.us-west-1.amazonaws.com\r\nDate: "
      "Tue, 27 Mar 2007 19:36:42 +0000\r\nAuthorization: AWS AKIAIOSFODNN7EXAMPLE:x\r\n\r\n");
  EXPECT_EQ(get, "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg");
  EXPECT_EQ(signature_v2(kSecret, get), "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=");
  const std::string list = signed_text(
      "GET /?prefix=photos&max-keys=50&marker=puppy HTTP/1.1\r\nHost: "
      "awsexamplebucket1.s3.us-west-1.amazonaws.com\r\nDate: Tue, 27 Mar 2007 19:42:41 "
      "+0000\r\nAuthorization: AWS AKIAIOSFODNN7EXAMPLE:x\r\n\r\n");
  EXPECT_EQ(signature_v2(kSecret, list), "m0WP8eCtspQl5Ahe6L1SozdX9YA=");
  const std::string acl = signed_text(
      "GET /?acl HTTP/1.1\r\nHost: awsexamplebucket1.s3.us-west-1.amazonaws.com\r\nDate: Tue, 27 "
      "Mar "
      "2007 19:44:46 +0000\r\nAuthorization: AWS AKIAIOSFODNN7EXAMPLE:x\r\n\r\n");
  EXPECT_EQ(signature_v2(kSecret, acl), "82ZHiFIjc+WbcwFKGUVEQspPn+0=");
}

// The vector of AWS's SDKs (awslabs/aws-c-auth, tests/key_derivation_tests.c).
constexpr const char* kPairKey = "AKISORANDOMAASORANDOM";
constexpr const char* kPairSecret = "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom";

TEST(SigV4A, DerivesTheKeyPairOfAws) {
  const P256Scalar secret = sigv4a_private_key(kPairKey, kPairSecret);
  EXPECT_EQ(to_hex(secret), "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd");
  const auto key = p256_public_key(secret);
  EXPECT_EQ(to_hex(std::span(key).first(32)),
            "15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb");
  EXPECT_EQ(to_hex(std::span(key).last(32)),
            "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0");
}

// Signed with that key by another library (Python's cryptography).
TEST(SigV4A, TakesAGoodSignatureAlone) {
  const std::string text = "AWS4-ECDSA-P256-SHA256\ntext";
  const std::string good =
      "3044022013984421e052e4eeb177e45a902ba2a23f3027b11268ec3f65c6102e95a70a4a022058614a473c6b3ab8"
      "c"
      "b5a7481104fe23630ca31fc5e74abc81f5cd12e9d3bc231";
  EXPECT_TRUE(is_sigv4a_signature(sigv4a_public_key(kPairKey, kPairSecret), text, good));
  EXPECT_FALSE(is_sigv4a_signature(sigv4a_public_key(kPairKey, kPairSecret), text + "!", good));
  EXPECT_FALSE(is_sigv4a_signature(sigv4a_public_key(kPairKey, "other"), text, good));
}

TEST(SigV4A, RefusesWhatIsNoSignature) {
  EXPECT_FALSE(is_sigv4a_signature(sigv4a_public_key("K", "S"), "text", ""));
  EXPECT_FALSE(is_sigv4a_signature(sigv4a_public_key("K", "S"), "text", "30"));
  EXPECT_FALSE(is_sigv4a_signature(sigv4a_public_key("K", "S"), "text", std::string(400, '0')));
}

// Each family of services has names of its own for the same fault.
TEST(SigV4, NamesFaultsAsTheServiceDoes) {
  const auto get = [](const std::string& auth, const std::string& date = "20130524T000000Z") {
    return "POST / HTTP/1.1\r\nHost: h\r\n" + auth + "x-amz-date: " + date +
           "\r\nx-amz-content-sha256: " + kEmptyHash + "\r\n\r\n";
  };
  const std::string bad = authorization("host;x-amz-date", std::string(64, '0'));
  EXPECT_EQ(Sent(get(bad)).check(s3()), "SignatureDoesNotMatch");
  EXPECT_EQ(Sent(get(bad)).check(dynamodb()), "InvalidSignatureException");
  EXPECT_EQ(Sent(get(bad, "20130524T010000Z")).check(s3()), "RequestTimeTooSkewed");
  EXPECT_EQ(Sent(get(bad, "20130524T010000Z")).check(dynamodb()), "InvalidSignatureException");
  std::string stranger = bad;
  stranger.replace(stranger.find("AKIA"), 4, "AKIB");
  EXPECT_EQ(Sent(get(stranger)).check(s3()), "InvalidAccessKeyId");
  EXPECT_EQ(Sent(get(stranger)).check(dynamodb()), "UnrecognizedClientException");
  EXPECT_EQ(Sent(get("")).check(s3()), "good");  // Anonymous: policies judge.
  EXPECT_EQ(Sent(get("")).check(dynamodb()), "MissingAuthenticationTokenException");
  EXPECT_EQ(Sent(get("Authorization: AWS4-\r\n")).check(dynamodb()),
            "IncompleteSignatureException");
  EXPECT_EQ(Sent(get("Authorization: AWS4-HMAC-SHA256 Signature=b\r\n")).check(dynamodb()),
            "IncompleteSignatureException");
}

TEST(SigV4, ComparesTheHashOfTheBody) {
  Sent sent("PUT /b/k HTTP/1.1\r\nHost: h\r\nx-amz-content-sha256: " + std::string(kEmptyHash) +
            "\r\n\r\n");
  EXPECT_TRUE(check_content_sha256(sent.request, "").has_value());
  EXPECT_EQ(check_content_sha256(sent.request, "x").error().code, "XAmzContentSHA256Mismatch");
}

TEST(Credential, ReadsEveryForm) {
  Sent v2("GET /b/k HTTP/1.1\r\nHost: h\r\nAuthorization: AWS KEY:sig=\r\n\r\n");
  EXPECT_EQ(v2.credential.access_key, "KEY");
  EXPECT_EQ(v2.credential.kind, Credential::Kind::V2Header);
  Sent v2_url("GET /b/k?AWSAccessKeyId=KEY&Expires=1&Signature=s HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(v2_url.credential.access_key, "KEY");
  EXPECT_EQ(v2_url.check(s3()), "AccessDenied");  // Long expired.
  Sent v4a(
      "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-ECDSA-P256-SHA256 "
      "Credential=KEY/20130524/s3/aws4_request, "
      "SignedHeaders=host, Signature=00\r\n\r\n");
  EXPECT_EQ(v4a.credential.access_key, "KEY");
  EXPECT_EQ(v4a.credential.service, "s3");
  Sent spaced(
      "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: AWS4-HMAC-SHA256 "
      "Credential=000000000042/20130524/eu-west-1/sqs/aws4_request,  "
      "SignedHeaders=host ,Signature=00\r\n\r\n");
  EXPECT_EQ(spaced.credential.access_key, "000000000042");
  EXPECT_EQ(spaced.credential.region, "eu-west-1");
  EXPECT_EQ(spaced.credential.signature, "00");
}

}  // namespace
}  // namespace cloche::protocol
