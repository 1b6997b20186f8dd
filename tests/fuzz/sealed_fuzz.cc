// Sealed files from outside (engine/seal/): the first byte says which part is given; each is read to its end or refused.
#include "engine/seal/container.h"
#include "engine/seal/zstd.h"
#include "tests/fuzz/target.h"

namespace {

using namespace cloche;
using namespace cloche::engine;

void read_manifest(std::string_view text) {
  const auto manifest = Manifest::parse(text);
  if (!manifest) return;
  // What was believed can be written, and is read as the same again.
  const auto again = Manifest::parse(manifest->encode());
  CLOCHE_CHECK(again && again->encode() == manifest->encode());
  for (std::size_t i = 0; i < manifest->chunks.size(); ++i)
    CLOCHE_CHECK(manifest->chunk_bytes(i) > 0 && manifest->chunk_bytes(i) <= kStateChunk);
  CLOCHE_CHECK(tar_header(kBlobListMember, manifest->blobs * kBlobLine).size() == kTarBlock);
}

void read_line(std::string_view text) {
  const auto blob = parse_blob_line(text);
  if (!blob) return;
  CLOCHE_CHECK(blob_line(*blob) == text);
  CLOCHE_CHECK(tar_header(blob->name(), blob->stored).size() == kTarBlock);
}

void unpack(std::string_view text) {
  constexpr std::uint64_t kMost = 100'000;
  std::uint64_t got = 0;
  zstd::Decompressor decompressor(kMost, [&](auto piece) {
    got += piece.size();
    return Result<void>();
  });
  const std::size_t half = text.size() / 2;
  auto done = decompressor.append(as_bytes(text.substr(0, half)));
  if (done) done = decompressor.append(as_bytes(text.substr(half)));
  if (done) done = decompressor.finish();
  CLOCHE_CHECK(got <= kMost);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  switch (data[0]) {
    case 'm':
      read_manifest(text);
      break;
    case 'l':
      read_line(text);
      break;
    case 'z':
      unpack(text);
      break;
    default:
      static_cast<void>(parse_magic(text).has_value());
  }
  return 0;
}
