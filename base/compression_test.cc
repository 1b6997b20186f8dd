#include "base/compression.h"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <string>

namespace cloche {
namespace {

// Pieces end anywhere; members and frames follow each other; what is cut short is refused.
TEST(Compression, ComesBackFromPiecesOfAnySize) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "line " + std::to_string(i * i) + "\n";
  const auto gzipped = [](std::string_view part) {
    std::string out;
    GzipWriter gzip;
    const ByteSink sink = [&](std::string_view bytes) -> Result<void> {
      out += bytes;
      return {};
    };
    EXPECT_TRUE(gzip.append(part.substr(0, part.size() / 3), sink));
    EXPECT_TRUE(gzip.append(part.substr(part.size() / 3), sink));
    EXPECT_TRUE(gzip.finish(sink));
    return out;
  };
  const auto zstd = [](std::string_view part) {
    std::string out(ZSTD_compressBound(part.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), part.data(), part.size(), 3));
    return out;
  };
  const auto bzipped = [](std::string_view part) {
    std::string out(part.size() + part.size() / 100 + 600, '\0');
    auto size = static_cast<unsigned>(out.size());
    EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(part.data()),
                                       static_cast<unsigned>(part.size()), 9, 0, 0),
              BZ_OK);
    out.resize(size);
    return out;
  };
  const std::string_view all = text;
  const auto two = [&](auto pack) {
    return pack(all.substr(0, 100'000)) + pack(all.substr(100'000));
  };
  struct Form {
    std::string type;
    std::string packed;
    std::unique_ptr<Decompressor> (*make)();
  };
  for (const auto& [type, packed, make] :
       {Form{"gzip", two(gzipped), make_gunzip}, Form{"bzip2", two(bzipped), make_bunzip2},
        Form{"zstd", two(zstd), make_unzstd}}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{997}, packed.size()}) {
      std::string out;
      const ByteSink sink = [&](std::string_view bytes) -> Result<void> {
        out += bytes;
        return {};
      };
      const auto unpack = make();
      for (std::size_t at = 0; at < packed.size(); at += piece)
        ASSERT_TRUE(unpack->append(std::string_view(packed).substr(at, piece), sink));
      EXPECT_TRUE(unpack->finish());
      EXPECT_EQ(out, text) << type << " in pieces of " << piece;
    }
    const ByteSink drop = [](std::string_view) -> Result<void> { return {}; };
    const auto cut = make();
    EXPECT_TRUE(cut->append(packed.substr(0, packed.size() - 5), drop));
    EXPECT_FALSE(cut->finish()) << type;
    EXPECT_FALSE(make()->append("what is not compressed at all", drop)) << type;
    EXPECT_TRUE(make()->finish()) << "no bytes are none";
  }
}

}  // namespace
}  // namespace cloche
