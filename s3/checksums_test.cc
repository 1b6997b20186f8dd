#include "s3/checksums.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace cloche::s3 {
namespace {

Result<AskedChecksum> asked(
    const std::vector<std::pair<std::string_view, std::string_view>>& members,
    std::string_view trailer = "") {
  Arena arena;
  Value input = Value::map();
  for (const auto& [name, text] : members) input.add(arena, name, Value::string(text));
  return asked_checksum(input, trailer);
}

// Texts recorded on the real service with PutObject.
TEST(AskedChecksum, RefusesInS3sWords) {
  EXPECT_EQ(asked({{"ChecksumCRC32", "AAAAAA=="}, {"ChecksumSHA1", "x"}}).error().message,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  EXPECT_EQ(asked({{"ChecksumSHA256", "invalid"}}).error().message,
            "Value for x-amz-checksum-sha256 header is invalid.");
  EXPECT_EQ(asked({{"ChecksumCRC32", "AAAAAAAAAAA="}}).error().message,
            "Value for x-amz-checksum-crc32 header is invalid.");
  EXPECT_FALSE(asked({{"ChecksumAlgorithm", "MD4"}}));
}

// A checksum that nobody checks is a promise that nobody keeps.
TEST(AskedChecksum, RefusesWhatIsNotComputed) {
  EXPECT_EQ(asked({{"ChecksumAlgorithm", "WHIRLPOOL"}}).error().code, "InvalidRequest");
  EXPECT_EQ(asked({}, "x-amz-checksum-whirlpool").error().code, "InvalidRequest");
}

TEST(AskedChecksum, ComesFromHeaderTrailerOrAlgorithm) {
  EXPECT_EQ(asked({{"ChecksumCRC32", "AAAAAA=="}})->algorithm, Algorithm::Crc32);
  EXPECT_EQ(asked({}, "x-amz-checksum-crc64nvme")->algorithm, Algorithm::Crc64nvme);
  EXPECT_EQ(asked({{"ChecksumAlgorithm", "sha1"}})->algorithm, Algorithm::Sha1);
  EXPECT_FALSE(asked({})->algorithm);
}

// Recorded on the real service: "test-checksum" with CRC32C.
TEST(Checksum, IsBigEndianBase64) {
  BodyDigests digests;
  digests.crc32c = crc32c(as_bytes("test-checksum"));
  EXPECT_EQ(value_of(digests, Algorithm::Crc32c), "Fz3epA==");
}

// A full-object checksum of parts must be what the whole would have had.
TEST(Checksum, OfPartsIsThatOfTheWhole) {
  const std::string a(100, 'a'), b(77, 'b');
  const auto of = [](const std::string& text) {
    BodyDigests digests;
    digests.crc64nvme = crc64nvme(as_bytes(text));
    return value_of(digests, Algorithm::Crc64nvme);
  };
  EXPECT_EQ(combined_checksum(Algorithm::Crc64nvme, {{of(a), a.size()}, {of(b), b.size()}}),
            of(a + b));
  EXPECT_TRUE(composite_checksum(Algorithm::Sha256, {{of(a), 1}, {of(b), 1}}).ends_with("=-2"));
}

}  // namespace
}  // namespace cloche::s3
