#include "base/digest.h"

#include <gtest/gtest.h>

#include <random>

namespace cloche {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  std::mt19937_64 random(size);
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// The check values of the catalogue of CRC algorithms
// (https://reveng.sourceforge.io/crc-catalogue/) for "123456789".
TEST(Crc, GivesThePublishedCheckValues) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc64nvme(as_bytes("123456789")), 0xAE8B14860A799888u);
}

// The vectors of the NVM Command Set Specification for 4 KiB blocks (figure "64b CRC Test Cases"):
// they go through the folding.
TEST(Crc, Crc64NvmeOfTheSpecificationsBlocks) {
  EXPECT_EQ(crc64nvme(as_bytes(std::string(4096, '\0'))), 0x6482D367EB22B64Eu);
  EXPECT_EQ(crc64nvme(as_bytes(std::string(4096, '\xFF'))), 0xC0DDBA7302ECA3ACu);
}

// Every length around the folding's block sizes must agree with going byte by byte, from any seed.
TEST(Crc, Crc64NvmeFoldsAsTheTablesDo) {
  const std::string bytes = pattern(400);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    std::uint64_t by_byte = 7;
    for (std::size_t i = 0; i < size; ++i)
      by_byte = crc64nvme(as_bytes(std::string_view(bytes).substr(i, 1)), by_byte);
    EXPECT_EQ(crc64nvme(as_bytes(std::string_view(bytes).substr(0, size)), 7), by_byte) << size;
  }
}

// S3 gives multipart objects the checksum of the whole, which is made from those of the parts.
TEST(Crc, OfTwoPartsCombinesToThatOfTheWhole) {
  const std::string bytes = pattern(10'000);
  for (const std::size_t cut : {0, 1, 64, 4999, 10'000}) {
    const auto a = as_bytes(std::string_view(bytes).substr(0, cut));
    const auto b = as_bytes(std::string_view(bytes).substr(cut));
    EXPECT_EQ(crc32_combine(crc32(a), crc32(b), b.size()), crc32(as_bytes(bytes)));
    EXPECT_EQ(crc32c_combine(crc32c(a), crc32c(b), b.size()), crc32c(as_bytes(bytes)));
    EXPECT_EQ(crc64nvme_combine(crc64nvme(a), crc64nvme(b), b.size()), crc64nvme(as_bytes(bytes)));
  }
}

// RFC 1321 A.5, FIPS 180-2 appendix B.1, RFC 4231 case 2.
TEST(Digest, GivesThePublishedValues) {
  EXPECT_EQ(to_hex(md5(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// A hasher is used again after finish(), as the free functions do.
TEST(Digest, InPiecesIsTheDigestOfTheWhole) {
  Hasher<Sha256> hasher;
  for (int round = 0; round < 2; ++round) {
    hasher.update(as_bytes("a"));
    hasher.update(as_bytes("bc"));
    EXPECT_EQ(hasher.finish(), sha256(as_bytes("abc")));
  }
}

// RFC 4648, section 10; then what must be refused.
TEST(Base64, IsStrict) {
  for (const auto& [plain, coded] : {std::pair{"", ""},
                                     {"f", "Zg=="},
                                     {"fo", "Zm8="},
                                     {"foo", "Zm9v"},
                                     {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    std::string back;
    EXPECT_TRUE(from_base64(coded, back));
    EXPECT_EQ(back, plain);
  }
  std::string ignored;
  for (const char* bad : {"Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm9 ", "Zm=v"})
    EXPECT_FALSE(from_base64(bad, ignored)) << bad;
}

TEST(Hex, RefusesWrongLengthsAndDigits) {
  std::array<std::byte, 2> bytes;
  EXPECT_TRUE(from_hex("0aFf", bytes));
  EXPECT_EQ(to_hex(bytes), "0aff");
  EXPECT_FALSE(from_hex("0aF", bytes));
  EXPECT_FALSE(from_hex("0aFg", bytes));
}

}  // namespace
}  // namespace cloche
