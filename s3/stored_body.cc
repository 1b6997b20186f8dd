#include "s3/stored_body.h"

#include <algorithm>

#include "base/digest.h"

namespace cloche::s3 {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;

std::span<std::byte> writable(std::string& text) { return std::as_writable_bytes(std::span(text)); }

// A file of cipher text, read as plain text. No descriptor: its bytes can't go out by sendfile.
class DecryptedFile final : public File {
 public:
  DecryptedFile(std::shared_ptr<const File> file, Aes256Key key)
      : file_(std::move(file)), key_(key) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    CLOCHE_TRY(const got, file_->read_at(offset, into));
    Aes256Ctr(key_, offset).apply(into.first(got), into.first(got));
    return got;
  }
  Result<std::uint64_t> size() const override { return file_->size(); }
  int descriptor() const override { return -1; }

  Result<void> write_at(std::uint64_t, std::span<const std::byte>) override { return read_only(); }
  Result<void> sync() override { return read_only(); }
  Result<void> truncate(std::uint64_t) override { return read_only(); }

 private:
  static Error read_only() { return bug("a stored body is only read"); }

  std::shared_ptr<const File> file_;
  Aes256Key key_;
};

Result<protocol::BodySegment> segment_of(engine::Store& store, const engine::ReadView& view,
                                         const Extent& extent, const CustomerKey* key) {
  CLOCHE_TRY(read, store.blobs().read(view, extent.blob, extent.offset, extent.length));
  protocol::BodySegment segment{.bytes = std::move(read.bytes),
                                .file = std::move(read.file),
                                .file_offset = read.file_offset,
                                .size = read.size};
  if (extent.salt.empty()) return segment;
  // Nobody gets here without having shown the key.
  CLOCHE_CHECK(key != nullptr);
  const Aes256Key own = text_key(*key, extent.salt);
  if (segment.file) {
    // A blob is a file of its own, so a place in the file is a place in the text.
    CLOCHE_CHECK(segment.file_offset == extent.offset);
    segment.file = std::make_shared<DecryptedFile>(std::move(segment.file), own);
  } else {
    const auto bytes = writable(segment.bytes);
    Aes256Ctr(own, extent.offset).apply(bytes, bytes);
  }
  return segment;
}

// Extents that are opened one after the other as they are sent, each when its turn comes. Used on the
// connection's thread alone.
class ExtentRun {
 public:
  ExtentRun(engine::Store& store, std::shared_ptr<const engine::ReadView> view,
            std::vector<Extent> extents, const CustomerKey* key)
      : store_(store), view_(std::move(view)), extents_(std::move(extents)) {
    if (key != nullptr) key_ = *key;
  }

  const std::vector<Extent>& extents() const { return extents_; }

  // The extent's bytes or file; the one opened before is closed.
  Result<const protocol::BodySegment*> open(std::size_t index) {
    if (open_ != index) {
      open_.reset();
      CLOCHE_TRY(segment, segment_of(store_, *view_, extents_[index], key_ ? &*key_ : nullptr));
      segment_ = std::move(segment);
      open_ = index;
    }
    return &segment_;
  }

 private:
  engine::Store& store_;
  const std::shared_ptr<const engine::ReadView> view_;
  const std::vector<Extent> extents_;
  std::optional<CustomerKey> key_;
  std::optional<std::size_t> open_;
  protocol::BodySegment segment_;
};

// One of them. Its bytes stand where they do in their blob, be that a file or a row.
class FileOfRun final : public File {
 public:
  FileOfRun(std::shared_ptr<ExtentRun> run, std::size_t index)
      : run_(std::move(run)), index_(index) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    CLOCHE_TRY(const segment, run_->open(index_));
    if (segment->file) return segment->file->read_at(offset, into);
    const auto bytes = as_bytes(segment->bytes).subspan(offset - begin());
    const std::size_t size = std::min(bytes.size(), into.size());
    std::copy_n(bytes.begin(), size, into.begin());
    return size;
  }
  int descriptor() const override {
    const auto segment = run_->open(index_);
    // What went wrong is told by the read that follows.
    return segment && (*segment)->file ? (*segment)->file->descriptor() : -1;
  }
  Result<std::uint64_t> size() const override { return begin() + run_->extents()[index_].length; }

  Result<void> write_at(std::uint64_t, std::span<const std::byte>) override { return read_only(); }
  Result<void> sync() override { return read_only(); }
  Result<void> truncate(std::uint64_t) override { return read_only(); }

 private:
  static Error read_only() { return bug("a stored body is only read"); }
  std::uint64_t begin() const { return run_->extents()[index_].offset; }

  const std::shared_ptr<ExtentRun> run_;
  const std::size_t index_;
};

std::vector<OtherHasher> hashers_of(const WantedDigests& wanted) {
  std::vector<OtherHasher> hashers;
  for (const OtherDigest kind : wanted.others) hashers.emplace_back(kind);
  return hashers;
}

std::vector<std::pair<OtherDigest, std::string>> finished(std::vector<OtherHasher>& hashers) {
  std::vector<std::pair<OtherDigest, std::string>> digests;
  for (OtherHasher& hasher : hashers) digests.emplace_back(hasher.kind(), hasher.finish());
  return digests;
}

}  // namespace

std::vector<Extent> StoredBody::extents() const {
  const engine::BlobRef ref = blob->ref();
  if (ref.size == 0) return {};
  return {{.blob = ref, .offset = 0, .length = ref.size, .salt = salt}};
}

BodyDigester::BodyDigester(const WantedDigests& wanted, bool with_sha256)
    : wanted_(wanted.blob), with_sha256_(with_sha256), others_(hashers_of(wanted)) {}

void BodyDigester::update(std::span<const std::byte> piece) {
  for (OtherHasher& other : others_) other.update(piece);
  digests_.size += piece.size();
  md5_.update(piece);
  if (with_sha256_) sha256_.update(piece);
  if (wanted_.sha1) sha1_.update(piece);
  if (wanted_.crc32) digests_.crc32 = crc32(piece, digests_.crc32);
  if (wanted_.crc32c) digests_.crc32c = crc32c(piece, digests_.crc32c);
  if (wanted_.crc64nvme) digests_.crc64nvme = crc64nvme(piece, digests_.crc64nvme);
}

BodyDigests BodyDigester::finish() {
  digests_.others = finished(others_);
  digests_.md5 = md5_.finish();
  if (with_sha256_) digests_.sha256 = sha256_.finish();
  if (wanted_.sha1) digests_.sha1 = sha1_.finish();
  return digests_;
}

struct BodyWriter::Sealed {
  Sealed(const WantedDigests& wanted, const Aes256Key& key, std::string its_salt)
      : digester(wanted, true), cipher(key), salt(std::move(its_salt)) {}

  BodyDigester digester;
  Aes256Ctr cipher;
  const std::string salt;
  std::string buffer;
};

BodyWriter::BodyWriter(BodyWriter&&) noexcept = default;
BodyWriter::~BodyWriter() = default;

BodyWriter::BodyWriter(engine::Store& store, const WantedDigests& wanted, const CustomerKey* key) {
  if (key == nullptr) {
    writer_ = store.blobs().begin(wanted.blob);
    others_ = hashers_of(wanted);
    return;
  }
  writer_ = store.blobs().begin({.md5 = false});
  std::string salt = new_salt(store.env());
  const Aes256Key own = text_key(*key, salt);
  sealed_ = std::make_unique<Sealed>(wanted, own, std::move(salt));
}

Result<void> BodyWriter::append(std::span<const std::byte> piece) {
  if (!sealed_) {
    for (OtherHasher& other : others_) other.update(piece);
    return writer_->append(piece);
  }
  for (auto rest = piece; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kPiece));
    sealed_->digester.update(part);
    sealed_->buffer.resize(part.size());
    sealed_->cipher.apply(part, writable(sealed_->buffer));
    CLOCHE_TRY_VOID(writer_->append(as_bytes(sealed_->buffer)));
    rest = rest.subspan(part.size());
  }
  return {};
}

Result<StoredBody> BodyWriter::finish() {
  CLOCHE_TRY(blob, writer_->finish());
  StoredBody body;
  if (sealed_) {
    body.digests = sealed_->digester.finish();
    body.salt = sealed_->salt;
  } else {
    static_cast<engine::BlobDigests&>(body.digests) = blob->digests();
    body.digests.others = finished(others_);
  }
  body.blob = std::move(blob);
  return body;
}

std::vector<Extent> part_of(const std::vector<Extent>& extents, ByteRange range) {
  std::vector<Extent> part;
  std::uint64_t at = 0;  // Of the extent within the whole.
  for (const Extent& extent : extents) {
    const std::uint64_t begin = std::max(at, range.first);
    const std::uint64_t end = std::min(at + extent.length, range.first + range.length);
    if (begin < end) {
      part.push_back({.blob = extent.blob,
                      .offset = extent.offset + (begin - at),
                      .length = end - begin,
                      .salt = extent.salt});
    }
    at += extent.length;
  }
  return part;
}

Result<std::vector<protocol::BodySegment>> segments_of(engine::Store& store,
                                                       std::shared_ptr<const engine::ReadView> view,
                                                       const std::vector<Extent>& extents,
                                                       ByteRange range, const CustomerKey* key) {
  // An object may have 10,000 parts, and a process far fewer open files.
  constexpr std::size_t kOpenedAtOnce = 8;
  std::vector<protocol::BodySegment> segments;
  auto wanted = part_of(extents, range);
  segments.reserve(wanted.size());
  if (wanted.size() <= kOpenedAtOnce) {
    for (const Extent& extent : wanted) {
      CLOCHE_TRY(segment, segment_of(store, *view, extent, key));
      segments.push_back(std::move(segment));
    }
    return segments;
  }
  const auto run = std::make_shared<ExtentRun>(store, std::move(view), std::move(wanted), key);
  for (std::size_t i = 0; i < run->extents().size(); ++i) {
    segments.push_back({.bytes = {},
                        .file = std::make_shared<FileOfRun>(run, i),
                        .file_offset = run->extents()[i].offset,
                        .size = run->extents()[i].length});
  }
  return segments;
}

Result<void> read_pieces(engine::Store& store, const engine::ReadView& view,
                         const std::vector<Extent>& extents, const CustomerKey* key,
                         const std::function<Result<void>(std::span<const std::byte>)>& visit) {
  std::string buffer;
  for (const Extent& extent : extents) {
    for (std::uint64_t done = 0; done < extent.length;) {
      const std::uint64_t size = std::min<std::uint64_t>(kPiece, extent.length - done);
      const Extent piece{
          .blob = extent.blob, .offset = extent.offset + done, .length = size, .salt = extent.salt};
      CLOCHE_TRY(segment, segment_of(store, view, piece, key));
      if (segment.file) {
        buffer.resize(size);
        CLOCHE_TRY(const got, segment.file->read_at(segment.file_offset, writable(buffer)));
        if (got != size) return damaged("a blob's file is shorter than its row says");
      } else {
        buffer = std::move(segment.bytes);
      }
      CLOCHE_TRY_VOID(visit(as_bytes(buffer)));
      done += size;
    }
  }
  return {};
}

}  // namespace cloche::s3
