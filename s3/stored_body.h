// Bodies of objects on their way to and from blobs: as they are, or under a client's key.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/cipher.h"
#include "base/digest.h"
#include "base/other_digests.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/checksums.h"
#include "s3/customer_key.h"
#include "s3/ranges.h"
#include "s3/records.h"

namespace cloche::s3 {

// A body that is in place; a transaction adopts its blob.
struct StoredBody {
  std::unique_ptr<engine::PendingBlob> blob;
  BodyDigests digests;  // Of what the client sent, not of what lies on disk.
  std::string salt;     // Of its own key, if it is under one.

  std::vector<Extent> extents() const;
};

// The digests of a body that is not stored again. SHA-256, the dearest, only if it is asked for.
class BodyDigester {
 public:
  BodyDigester(const WantedDigests& wanted, bool with_sha256);
  void update(std::span<const std::byte> piece);
  BodyDigests finish();  // Once.

 private:
  const engine::WantedChecksums wanted_;
  const bool with_sha256_;
  BodyDigests digests_;
  std::vector<OtherHasher> others_;
  Hasher<Md5> md5_;
  Hasher<Sha1> sha1_;
  Hasher<Sha256> sha256_;
};

// Takes a body piece by piece and stores it. With a key it is hashed before and stored after its
// encryption, which costs one more pass of SHA-256; without one nothing is added to BlobWriter's work.
class BodyWriter {
 public:
  // `key` is looked at in the constructor only.
  BodyWriter(engine::Store& store, const WantedDigests& wanted, const CustomerKey* key);
  BodyWriter(BodyWriter&&) noexcept;
  ~BodyWriter();
  Result<void> append(std::span<const std::byte> piece);
  Result<StoredBody> finish();

 private:
  struct Sealed;  // What a key adds.

  std::unique_ptr<engine::BlobWriter> writer_;
  std::unique_ptr<Sealed> sealed_;
  std::vector<OtherHasher> others_;  // Without a key: what the blob's writer does not make.
};

// The bytes of a range for an answer, decrypted on their way out if `key` is given. Of an object of many
// parts one file is open at a time, and the view is kept until all are sent: what it names is not
// removed.
Result<std::vector<protocol::BodySegment>> segments_of(engine::Store& store,
                                                       std::shared_ptr<const engine::ReadView> view,
                                                       const std::vector<Extent>& extents,
                                                       ByteRange range, const CustomerKey* key);

// Shows all bytes of the extents to `visit`, in pieces of at most 256 KiB. For the worker.
Result<void> read_pieces(engine::Store& store, const engine::ReadView& view,
                         const std::vector<Extent>& extents, const CustomerKey* key,
                         const std::function<Result<void>(std::span<const std::byte>)>& visit);

// The extents of a range.
std::vector<Extent> part_of(const std::vector<Extent>& extents, ByteRange range);

}  // namespace cloche::s3
