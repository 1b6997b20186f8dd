// The container of a sealed file: a tar (POSIX ustar) whose members stand at places that follow from
// the manifest alone, so that any of them is read without a walk. Drawn in docs/formats/seal.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "engine/blob.h"

namespace cloche::engine {

inline constexpr std::uint64_t kTarBlock = 512;
// What a ustar header can say: 11 octal digits.
inline constexpr std::uint64_t kTarMemberMax = 077777777777;
// State is cut so that its pieces can be unpacked side by side, each in little memory.
inline constexpr std::uint64_t kStateChunk = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kManifestBytesMax = std::uint64_t{64} << 20;

inline constexpr std::string_view kMagicMember = "cloche-seal";
inline constexpr std::string_view kManifestMember = "manifest.json";
inline constexpr std::string_view kBlobListMember = "blobs.txt";

// A member's header: no owner, no time. `name` of up to 100 bytes.
std::string tar_header(std::string_view name, std::uint64_t size);
constexpr std::uint64_t padded(std::uint64_t size) {
  return (size + kTarBlock - 1) / kTarBlock * kTarBlock;
}

// The text of the first member: the format, and the hash of the manifest.
std::string magic_text(const Sha256& manifest);
Result<Sha256> parse_magic(std::string_view text);

struct SealedTable {
  std::string name;
  std::uint64_t rows = 0;
  Sha256 digest{};  // Of its rows.
};
struct SealedChunk {
  std::uint64_t stored = 0;
  Sha256 digest{};  // Of what is in it, as with blobs.
};
struct Manifest {
  std::uint32_t schema = 0;
  std::vector<std::string> only;
  std::vector<SealedTable> tables;
  std::uint64_t state_bytes = 0;
  std::vector<SealedChunk> chunks;
  std::uint64_t blobs = 0, blob_bytes = 0;
  Sha256 blob_list{};

  std::string encode() const;
  static Result<Manifest> parse(std::string_view json);
  std::string chunk_name(std::size_t index) const;
  std::uint64_t chunk_bytes(std::size_t index) const;
};

// A line of the list of blobs: all are of one length.
struct SealedBlob {
  BlobRef blob;
  std::uint64_t stored = 0;  // As large as the blob: as it is.
  std::uint64_t at = 0;      // Of its bytes in the file; not in the line.

  bool is_raw() const { return stored == blob.size; }
  std::string name() const;
};
inline constexpr std::size_t kBlobLine = 64 + 2 * 14 + 1;
std::string blob_line(const SealedBlob& blob);
Result<SealedBlob> parse_blob_line(std::string_view line);

}  // namespace cloche::engine
