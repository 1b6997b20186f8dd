#include "s3/objects.h"

#include "base/digest.h"
#include "s3/access.h"
#include "s3/checksums.h"
#include "s3/customer_key.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/listing.h"
#include "s3/names.h"
#include "s3/object_lock.h"
#include "s3/ownership.h"
#include "s3/replication.h"
#include "s3/restore.h"
#include "s3/stored_body.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

Result<BucketRecord> bucket_of(const engine::ReadView& view, const BucketUse& use) {
  CLOCHE_TRY(bucket, find_bucket_named(view, use.bucket));
  if (!bucket) return no_such_bucket(use.bucket);
  if (!use.owner.empty() && use.owner != bucket->account) return access_denied();
  return *std::move(bucket);
}

}  // namespace

struct UploadedBody::Impl {
  StoredBody body;
};
UploadedBody::UploadedBody(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UploadedBody::UploadedBody(UploadedBody&&) noexcept = default;
UploadedBody::~UploadedBody() = default;
std::uint64_t UploadedBody::size() const { return impl_->body.digests.size; }
std::string UploadedBody::md5_base64() const { return to_base64(impl_->body.digests.md5); }

struct Upload::Impl {
  BodyWriter writer;
};
Upload::Upload(engine::Store& store)
    : impl_(std::make_unique<Impl>(Impl{BodyWriter(store, wanted({}), nullptr)})) {}
Upload::~Upload() = default;
Result<void> Upload::append(std::string_view bytes) {
  return impl_->writer.append(as_bytes(bytes));
}
Result<UploadedBody> Upload::finish() {
  CLOCHE_TRY(body, impl_->writer.finish());
  return UploadedBody(std::make_unique<UploadedBody::Impl>(UploadedBody::Impl{std::move(body)}));
}

Result<void> check_bucket(const engine::ReadView& view, const BucketUse& use) {
  CLOCHE_TRY_VOID(bucket_of(view, use));
  return {};
}

Result<void> judge_for(const iam::Guard& guard, Instant now, const engine::ReadView& view,
                       const protocol::Call& call, std::string_view operation,
                       std::string_view bucket, std::string_view key) {
  if (!guard.is_on()) return {};
  CLOCHE_TRY(const found, find_bucket_named(view, bucket));
  if (!found) return {};
  return guard.settle(call, judge_other(guard, now, view, call, operation, *found, key));
}

Result<std::string> put_object(engine::WriteTxn& txn, const BucketUse& use, const NewObject& object,
                               const UploadedBody& uploaded) {
  CLOCHE_TRY_VOID(check_key(object.key));
  CLOCHE_TRY(const bucket, bucket_of(txn, use));
  const StoredBody& body = uploaded.impl().body;
  AskedEncryption asked;
  asked.kind = object.kms ? EncryptionKind::Kms : EncryptionKind::S3;
  asked.key_id = object.kms_key;
  ObjectRecord record;
  CLOCHE_TRY(encryption, decide_encryption(txn, use.account, bucket, asked));
  CLOCHE_TRY(const lock, decide_lock(txn, bucket, {}, txn.now()));
  CLOCHE_TRY_VOID(txn.adopt(*body.blob));
  record.encryption = std::move(encryption);
  record.lock = lock;
  record.size = body.digests.size;
  record.etag = etag_of(txn, record.encryption, body.digests.md5);
  record.headers.system = {{"content-type", object.content_type}};
  record.checksum = Checksum{.algorithm = Algorithm::Crc64nvme,
                             .value = value_of(body.digests, Algorithm::Crc64nvme),
                             .composite = false};
  record.extents = body.extents();
  CLOCHE_TRY_VOID(give_acl(txn, bucket, use.account, {}, record));
  CLOCHE_TRY_VOID(plan_replication(txn, bucket, object.key, record));
  CLOCHE_TRY(const stored, store_newest(txn, bucket, object.key, std::move(record)));
  CLOCHE_TRY_VOID(replicate_later(txn, bucket, object.key, stored));
  if (wants_events(bucket)) {
    Cause cause = cause_of_lifecycle(txn);  // It was no request that did it.
    cause.account = use.account;
    CLOCHE_TRY_VOID(record_event(txn, bucket, EventKind::CreatedPut, cause, object.key, stored));
  }
  return stored.etag;
}

Result<std::vector<ListedObject>> list_objects(const engine::ReadView& view, const BucketUse& use,
                                               std::string_view prefix, std::string_view after,
                                               std::size_t max) {
  CLOCHE_TRY(const bucket, bucket_of(view, use));
  std::vector<ListedObject> objects;
  Arena arena;
  const ListQuery query{.prefix = prefix,
                        .delimiter = {},
                        .max = static_cast<std::int64_t>(max),
                        .restore_status_at = {}};
  const auto take = [&](std::string_view key, std::string_view,
                        std::string_view row) -> Result<bool> {
    CLOCHE_TRY(const summary, decode_summary(row, arena));
    objects.push_back({std::string(key), summary.size});
    return true;
  };
  CLOCHE_TRY_VOID(walk(view, kObjects, bucket.id, query, {.after = std::string(after)}, take,
                       [](std::string_view) {}));
  return objects;
}

Result<void> read_object(engine::Store& store, const engine::ReadView& view, const BucketUse& use,
                         std::string_view key,
                         const std::function<Result<void>(std::string_view)>& visit) {
  CLOCHE_TRY(const bucket, bucket_of(view, use));
  CLOCHE_TRY(const object, find_newest(view, bucket, key));
  if (!object || object->delete_marker) return no_such_key(key);
  CLOCHE_TRY_VOID(check_customer_key(object->encryption, std::nullopt));
  CLOCHE_TRY_VOID(check_not_archived(*object, store.clock().now()));
  CLOCHE_TRY_VOID(check_kms_key(view, object->encryption));
  return read_pieces(store, view, object->extents, nullptr,
                     [&](std::span<const std::byte> piece) { return visit(as_text(piece)); });
}

}  // namespace cloche::s3
