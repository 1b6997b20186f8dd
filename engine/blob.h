// Blobs: immutable bytes named by their SHA-256. Small ones are rows, large ones files under
// blobs/xx/. An object's body is a list of extents over blobs, so copies and multipart completions
// move no bytes, and equal content is stored once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/env.h"
#include "base/result.h"

namespace cloche::engine {

class ReadView;

// A stored blob. An empty blob is not stored: its size is 0 and it may be adopted, retained and
// released all the same.
struct BlobRef {
  Sha256 digest{};
  std::uint64_t size = 0;
  auto operator<=>(const BlobRef&) const = default;
};

// Checksums wanted beside SHA-256 and MD5, which are always made (MD5 is S3's ETag).
struct WantedChecksums {
  bool md5 = true;
  bool crc32 = false, crc32c = false, crc64nvme = false, sha1 = false;
};

// What one pass over the bytes computed.
struct BlobDigests {
  std::uint64_t size = 0;
  Sha256 sha256{};
  Md5 md5{};
  Sha1 sha1{};
  std::uint32_t crc32 = 0, crc32c = 0;
  std::uint64_t crc64nvme = 0;
};

// Bytes that are in place but that nothing refers to yet. Vanishes by itself if no transaction
// adopted it.
class PendingBlob {
 public:
  virtual ~PendingBlob() = default;
  virtual const BlobDigests& digests() const = 0;
  BlobRef ref() const { return {digests().sha256, digests().size}; }
};

// Takes a body piece by piece; memory is bounded whatever its length. Drop it to give the body up.
// One thread at a time.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual Result<void> append(std::span<const std::byte> piece) = 0;
  // Ends the body; syncs its file as the durability level asks.
  virtual Result<std::unique_ptr<PendingBlob>> finish() = 0;
};

// A range of a blob for reading: bytes in memory, or a file and the place in it (for sendfile).
// Exactly one is set.
struct BlobBytes {
  std::string bytes;                 // Of an inline blob: the range asked for.
  std::shared_ptr<const File> file;  // Of a file blob.
  std::uint64_t file_offset = 0;     // Where the range begins in `file`.
  std::uint64_t size = 0;
};

// Safe to use from any thread.
class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual std::unique_ptr<BlobWriter> begin(WantedChecksums wanted = {}) = 0;
  // A part of a stored blob as `view` names it. Error::Kind::Damaged if it is not there.
  virtual Result<BlobBytes> read(const ReadView& view, const BlobRef& blob, std::uint64_t offset,
                                 std::uint64_t size) = 0;
  // Removes files that neither the state nor retained history names; bounded work per call. True
  // while there may be more.
  virtual Result<bool> collect_garbage() = 0;
};

}  // namespace cloche::engine
