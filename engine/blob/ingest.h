// A body on its way in: hashed in one pass, kept in memory while small, else written to a temporary
// file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/blob/blob_store.h"

namespace cloche::engine {

class IngestedBlob final : public PendingBlob {
 public:
  const BlobDigests& digests() const override { return computed; }

  BlobDigests computed;
  std::string bytes;                   // Of a small one; else empty, and staged is set.
  std::shared_ptr<StagedFile> staged;  // Shared with the group that adopts it.
};

class FileBlobWriter final : public BlobWriter {
 public:
  FileBlobWriter(BlobStore& store, WantedChecksums wanted);
  Result<void> append(std::span<const std::byte> piece) override;
  Result<std::unique_ptr<PendingBlob>> finish() override;

 private:
  void hash(std::span<const std::byte> piece);
  Result<void> spill();

  BlobStore& store_;
  const WantedChecksums wanted_;
  BlobDigests digests_;
  Hasher<Sha256> sha256_;
  std::optional<Hasher<Md5>> md5_;
  std::optional<Hasher<Sha1>> sha1_;
  std::string bytes_;  // Until it is too large.
  std::shared_ptr<StagedFile> staged_;
};

}  // namespace cloche::engine
