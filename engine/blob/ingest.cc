#include "engine/blob/ingest.h"

namespace cloche::engine {

std::unique_ptr<BlobWriter> BlobStore::begin(WantedChecksums wanted) {
  return std::make_unique<FileBlobWriter>(*this, wanted);
}

FileBlobWriter::FileBlobWriter(BlobStore& store, WantedChecksums wanted)
    : store_(store), wanted_(wanted) {
  if (wanted.md5) md5_.emplace();
  if (wanted.sha1) sha1_.emplace();
}

void FileBlobWriter::hash(std::span<const std::byte> piece) {
  sha256_.update(piece);
  if (md5_) md5_->update(piece);
  if (sha1_) sha1_->update(piece);
  if (wanted_.crc32) digests_.crc32 = crc32(piece, digests_.crc32);
  if (wanted_.crc32c) digests_.crc32c = crc32c(piece, digests_.crc32c);
  if (wanted_.crc64nvme) digests_.crc64nvme = crc64nvme(piece, digests_.crc64nvme);
}

Result<void> FileBlobWriter::spill() {
  CLOCHE_TRY(staged, store_.stage());
  staged_ = std::move(staged);
  const std::string bytes = std::exchange(bytes_, {});
  if (bytes.empty()) return {};
  return staged_->file->write_at(0, as_bytes(bytes));
}

Result<void> FileBlobWriter::append(std::span<const std::byte> piece) {
  // Pieces that fit the processor's cache: all digests see them while they are near.
  constexpr std::size_t kHashedAtOnce = std::size_t{64} << 10;
  if (!staged_ && digests_.size + piece.size() > store_.inline_bytes_) CLOCHE_TRY_VOID(spill());
  for (auto rest = piece; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kHashedAtOnce));
    hash(part);
    if (staged_) CLOCHE_TRY_VOID(staged_->file->write_at(digests_.size, part));
    digests_.size += part.size();
    rest = rest.subspan(part.size());
  }
  if (!staged_) bytes_.append(as_text(piece));
  return {};
}

Result<std::unique_ptr<PendingBlob>> FileBlobWriter::finish() {
  digests_.sha256 = sha256_.finish();
  if (md5_) digests_.md5 = md5_->finish();
  if (sha1_) digests_.sha1 = sha1_->finish();
  if (staged_ && store_.durability_ == wal::Durability::Fsync)
    CLOCHE_TRY_VOID(staged_->file->sync());
  auto blob = std::make_unique<IngestedBlob>();
  blob->computed = digests_;
  blob->bytes = std::move(bytes_);
  blob->staged = std::move(staged_);
  return std::unique_ptr<PendingBlob>(std::move(blob));
}

}  // namespace cloche::engine
