#include "base/other_digests.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace cloche {
namespace {

std::string hex(OtherDigest kind, std::string_view text) {
  return to_hex(as_bytes(digest_of(kind, as_bytes(text))));
}

// Published values: FIPS 180-4's example "abc"; xxHash's own for nothing, seed 0.
TEST(OtherDigests, ArePublishedOnes) {
  EXPECT_EQ(hex(OtherDigest::Sha512, "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c"
            "23a3feebb"
            "d454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(hex(OtherDigest::XxHash64, ""), "ef46db3751d8e999");
  EXPECT_EQ(hex(OtherDigest::XxHash3, ""), "2d06800538d394c2");
  EXPECT_EQ(hex(OtherDigest::XxHash128, ""), "99aa06d3014798d86001c324468d497f");
}

// However the bytes are cut.
TEST(OtherDigests, OfPiecesAreThoseOfTheWhole) {
  const std::string text(5000, 'x');
  for (const auto kind :
       {OtherDigest::Sha512, OtherDigest::XxHash64, OtherDigest::XxHash3, OtherDigest::XxHash128}) {
    OtherHasher hasher(kind);
    hasher.update(as_bytes(text).first(17));
    OtherHasher moved = std::move(hasher);
    moved.update(as_bytes(text).subspan(17));
    EXPECT_EQ(moved.finish(), digest_of(kind, as_bytes(text)));
  }
}

}  // namespace
}  // namespace cloche
