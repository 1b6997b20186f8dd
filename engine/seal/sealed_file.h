// A sealed file to read: everything in it is believed only as far as a digest says so. What is read
// comes from outside, so every number is bounded by the file's own size or by what a digest covers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "engine/seal/container.h"

namespace cloche::engine {

// Unchanging once opened; safe to use from any thread.
class SealedFile {
 public:
  // Reads the manifest and the list of blobs, and holds them against the hash. Refuses a file that
  // is none, of a newer release, cut short or longer than it says.
  static Result<std::shared_ptr<const SealedFile>> open(Env& env, const std::string& path);

  const std::string& path() const { return path_; }
  const Sha256& hash() const { return hash_; }
  const Manifest& manifest() const { return manifest_; }
  const std::vector<SealedBlob>& blobs() const { return blobs_; }  // By digest.
  const SealedBlob* find(const Sha256& digest) const;              // Null: not in it.

  // Writes the database into an empty file; several threads, 64 MiB of memory.
  Result<void> unpack_state(File& into) const;
  // Writes a blob into an empty file.
  Result<void> unpack_blob(const SealedBlob& blob, File& into) const;

 private:
  SealedFile(std::unique_ptr<File> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  Result<void> read_front();
  Result<void> read_blob_list(std::uint64_t size);
  Result<void> place_members();
  Result<std::string> read(std::uint64_t at, std::uint64_t size) const;
  // The member whose header is at `at` has this name and size, and nothing but zeros behind it.
  Result<void> expect_member(std::uint64_t at, std::string_view name, std::uint64_t size) const;
  Result<void> expect_nothing(std::uint64_t at, std::uint64_t size) const;
  Result<void> unpack_chunk(std::size_t index, File& into) const;
  Error wrong(std::string_view what) const;

  const std::unique_ptr<File> file_;
  const std::string path_;
  std::uint64_t size_ = 0;
  Sha256 hash_{};
  Manifest manifest_;
  std::uint64_t blob_list_at_ = 0;        // Its header.
  std::vector<std::uint64_t> chunks_at_;  // Their headers.
  std::vector<SealedBlob> blobs_;
};

}  // namespace cloche::engine
