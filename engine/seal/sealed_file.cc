#include "engine/seal/sealed_file.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>

#include "base/mutex.h"
#include "engine/seal.h"
#include "engine/seal/zstd.h"

namespace cloche::engine {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr unsigned kThreadsMax = 4;

// The size in a ustar header: 11 octal digits and a zero.
std::optional<std::uint64_t> size_of_header(std::string_view header) {
  std::uint64_t size = 0;
  const char* const begin = header.data() + 124;
  const auto [end, error] = std::from_chars(begin, begin + 11, size, 8);
  if (error != std::errc() || end != begin + 11) return std::nullopt;
  return size;
}

}  // namespace

Error SealedFile::wrong(std::string_view what) const {
  return damaged(path_ + ": " + std::string(what));
}

Result<std::shared_ptr<const SealedFile>> SealedFile::open(Env& env, const std::string& path) {
  CLOCHE_TRY(file, env.open(path, OpenMode::Read));
  std::shared_ptr<SealedFile> sealed(new SealedFile(std::move(file), path));
  CLOCHE_TRY(const size, sealed->file_->size());
  sealed->size_ = size;
  CLOCHE_TRY_VOID(sealed->read_front());
  CLOCHE_TRY_VOID(sealed->place_members());
  return std::shared_ptr<const SealedFile>(std::move(sealed));
}

Result<std::string> SealedFile::read(std::uint64_t at, std::uint64_t size) const {
  if (at > size_ || size > size_ - at) return wrong("the sealed file is cut short");
  std::string bytes(size, '\0');
  CLOCHE_TRY(const got, file_->read_at(at, std::as_writable_bytes(std::span(bytes))));
  if (got != size) return wrong("the sealed file is cut short");
  return bytes;
}

Result<void> SealedFile::expect_member(std::uint64_t at, std::string_view name,
                                       std::uint64_t size) const {
  CLOCHE_TRY(const header, read(at, kTarBlock));
  if (header != tar_header(name, size))
    return wrong("what should be " + std::string(name) + " in it is something else");
  return expect_nothing(at + kTarBlock + size, padded(size) - size);
}

Result<void> SealedFile::expect_nothing(std::uint64_t at, std::uint64_t size) const {
  if (size == 0) return {};
  CLOCHE_TRY(const bytes, read(at, size));
  if (bytes.find_first_not_of('\0') == std::string::npos) return {};
  return wrong("there is something where nothing should be, at " + std::to_string(at));
}

Result<void> SealedFile::read_front() {
  const std::uint64_t magic_size = magic_text({}).size();
  const auto magic_header = read(0, kTarBlock);
  if (!magic_header || *magic_header != tar_header(kMagicMember, magic_size))
    return wrong("this is no sealed file of Cloche");
  CLOCHE_TRY(const magic, read(kTarBlock, magic_size));
  const auto hash = parse_magic(magic);
  if (!hash) return wrong(hash.error().message);
  hash_ = *hash;
  CLOCHE_TRY_VOID(expect_member(0, kMagicMember, magic_size));
  std::uint64_t at = kTarBlock + padded(magic_size);
  CLOCHE_TRY(const header, read(at, kTarBlock));
  const auto size = size_of_header(header);
  if (!size || *size > kManifestBytesMax || header != tar_header(kManifestMember, *size))
    return wrong("what should be the manifest in it is something else");
  CLOCHE_TRY(const text, read(at + kTarBlock, *size));
  if (sha256(as_bytes(text)) != hash_)
    return wrong("the manifest is not the one that was sealed: its hash is another one");
  auto manifest = Manifest::parse(text);
  if (!manifest) return wrong(manifest.error().message);
  manifest_ = *std::move(manifest);
  CLOCHE_TRY_VOID(expect_member(at, kManifestMember, *size));
  at += kTarBlock + padded(*size);
  CLOCHE_TRY_VOID(expect_member(at, kBlobListMember, manifest_.blobs * kBlobLine));
  blob_list_at_ = at;
  return read_blob_list(manifest_.blobs * kBlobLine);
}

Result<void> SealedFile::read_blob_list(std::uint64_t size) {
  const std::uint64_t begin = blob_list_at_ + kTarBlock;
  if (begin > size_ || size > size_ - begin) return wrong("the sealed file is cut short");
  blobs_.reserve(manifest_.blobs);
  Hasher<Sha256> hasher;
  std::uint64_t bytes = 0;
  constexpr std::uint64_t kLinesAtOnce = kBlobLine * 8192;
  for (std::uint64_t at = 0; at < size; at += kLinesAtOnce) {
    CLOCHE_TRY(const lines, read(begin + at, std::min(kLinesAtOnce, size - at)));
    hasher.update(as_bytes(lines));
    for (std::size_t i = 0; i < lines.size(); i += kBlobLine) {
      const auto blob = parse_blob_line(std::string_view(lines).substr(i, kBlobLine));
      if (!blob) return wrong(blob.error().message);
      if (!blobs_.empty() && blobs_.back().blob.digest >= blob->blob.digest)
        return wrong("the list of blobs is not in their order");
      bytes += blob->blob.size;
      blobs_.push_back(*blob);
    }
  }
  if (hasher.finish() != manifest_.blob_list || bytes != manifest_.blob_bytes)
    return wrong("the list of blobs is not the one that was sealed");
  return {};
}

// Where everything is: each member behind the one before.
Result<void> SealedFile::place_members() {
  std::uint64_t at = blob_list_at_ + kTarBlock + padded(blobs_.size() * kBlobLine);
  for (const SealedChunk& chunk : manifest_.chunks) {
    chunks_at_.push_back(at);
    at += kTarBlock + padded(chunk.stored);
    if (at > size_) return wrong("the sealed file is cut short");
  }
  for (SealedBlob& blob : blobs_) {
    blob.at = at + kTarBlock;
    at = blob.at + padded(blob.stored);
    if (at > size_) return wrong("the sealed file is cut short");
  }
  if (at + 2 * kTarBlock > size_) return wrong("the sealed file is cut short");
  if (at + 2 * kTarBlock < size_) return wrong("there is something behind the end of the file");
  return expect_nothing(at, 2 * kTarBlock);
}

const SealedBlob* SealedFile::find(const Sha256& digest) const {
  const auto found = std::ranges::lower_bound(
      blobs_, digest, {}, [](const SealedBlob& blob) { return blob.blob.digest; });
  return found != blobs_.end() && found->blob.digest == digest ? &*found : nullptr;
}

Result<void> SealedFile::unpack_chunk(std::size_t index, File& into) const {
  const SealedChunk& chunk = manifest_.chunks[index];
  const std::string name = manifest_.chunk_name(index);
  CLOCHE_TRY_VOID(expect_member(chunks_at_[index], name, chunk.stored));
  CLOCHE_TRY(const packed, read(chunks_at_[index] + kTarBlock, chunk.stored));
  std::string bytes;
  bytes.reserve(manifest_.chunk_bytes(index));
  zstd::Decompressor decompressor(manifest_.chunk_bytes(index), [&bytes](auto piece) {
    bytes.append(as_text(piece));
    return Result<void>();
  });
  auto done = decompressor.append(as_bytes(packed));
  if (done) done = decompressor.finish();
  if (!done) return wrong(name + ": " + done.error().message);
  if (sha256(as_bytes(bytes)) != chunk.digest) return wrong(name + " is not what was sealed");
  return into.write_at(index * kStateChunk, as_bytes(bytes));
}

Result<void> SealedFile::unpack_state(File& into) const {
  std::atomic<std::size_t> next{0};
  Mutex mutex;
  std::optional<Error> failed;
  const auto work = [&] {
    for (std::size_t i = next++; i < manifest_.chunks.size(); i = next++) {
      if (auto done = unpack_chunk(i, into); !done) {
        MutexLock lock(mutex);
        failed = std::move(done).error();
        next = manifest_.chunks.size();
      }
    }
  };
  const std::size_t threads = std::min<std::size_t>(
      std::clamp(std::thread::hardware_concurrency(), 1u, kThreadsMax), manifest_.chunks.size());
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (failed) return *failed;
  return {};
}

Result<void> SealedFile::unpack_blob(const SealedBlob& blob, File& into) const {
  const std::string name = blob.name();
  CLOCHE_TRY_VOID(expect_member(blob.at - kTarBlock, name, blob.stored));
  Hasher<Sha256> hasher;
  std::uint64_t written = 0;
  const zstd::Sink sink = [&](std::span<const std::byte> piece) -> Result<void> {
    hasher.update(piece);
    CLOCHE_TRY_VOID(into.write_at(written, piece));
    written += piece.size();
    return {};
  };
  std::optional<zstd::Decompressor> decompressor;
  if (!blob.is_raw()) decompressor.emplace(blob.blob.size, sink);
  for (std::uint64_t at = 0; at < blob.stored; at += kPiece) {
    CLOCHE_TRY(const piece, read(blob.at + at, std::min<std::uint64_t>(kPiece, blob.stored - at)));
    auto done = decompressor ? decompressor->append(as_bytes(piece)) : sink(as_bytes(piece));
    if (!done)
      return done.error().kind == Error::Kind::Damaged ? wrong(name + ": " + done.error().message)
                                                       : done;
  }
  if (decompressor) {
    if (const auto whole = decompressor->finish(); !whole)
      return wrong(name + ": " + whole.error().message);
  }
  if (hasher.finish() != blob.blob.digest) return wrong(name + " is not what was sealed");
  return {};
}

Result<SealPart> parse_seal_part(std::string_view text) {
  const auto colon = text.find(':');
  SealPart part{.service = std::string(text.substr(0, colon)), .owner = {}};
  if (colon != std::string_view::npos) part.owner = text.substr(colon + 1);
  if (!part.service.empty() && (colon == std::string_view::npos || !part.owner.empty()))
    return part;
  return refused(400, "InvalidPart",
                 "'" + std::string(text) +
                     "' names no part: write a service (s3), or what it has by its name "
                     "(s3:photos, dynamodb:orders)");
}

Result<SealedSummary> read_sealed(Env& env, const std::string& path) {
  CLOCHE_TRY(const file, SealedFile::open(env, path));
  const Manifest& manifest = file->manifest();
  SealedSummary summary{.hash = "sha256:" + to_hex(file->hash()),
                        .schema = manifest.schema,
                        .blobs = manifest.blobs,
                        .blob_bytes = manifest.blob_bytes,
                        .state_bytes = manifest.state_bytes,
                        .only = manifest.only};
  for (const SealedTable& table : manifest.tables) summary.rows += table.rows;
  return summary;
}

}  // namespace cloche::engine
