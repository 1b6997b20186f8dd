#include "s3/conditions.h"
#include "s3/directory.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/ingest.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/object_lock.h"
#include "s3/ownership.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// Everything about the request that can be judged without its body.
struct PutPlan {
  ObjectHeaders headers;
  AskedChecksum checksum;
  AskedEncryption encryption;
  AskedLock lock;
  AskedAcl acl;
  std::optional<std::uint64_t> offset;  // Of an append.
  std::optional<Algorithm> of_object;   // The checksum of what is appended to, which goes on.
};

Result<PutPlan> plan_put(const S3& s3, const protocol::Call& call, Instant now) {
  const Value& input = call.input();
  CLOCHE_TRY_VOID(check_key(input["Key"].text()));
  CLOCHE_TRY_VOID(plan_write_conditions(input));
  CLOCHE_TRY_VOID(plan_body(call, kPutBytesMax));
  CLOCHE_TRY(checksum, asked_checksum(input, call.http().header("x-amz-trailer")));
  CLOCHE_TRY(encryption, read_encryption(input));
  CLOCHE_TRY(const lock, read_lock(call, now));
  CLOCHE_TRY(headers, read_object_headers(call));
  CLOCHE_TRY(acl, read_asked_acl(*s3.guard().users, input, AclOf::Object));
  std::optional<std::uint64_t> offset;
  if (const Value& asked = input["WriteOffsetBytes"]) {
    if (asked.as_integer(-1) < 0) return invalid_write_offset();
    offset = static_cast<std::uint64_t>(asked.as_integer(0));
  }
  return PutPlan{.headers = std::move(headers),
                 .checksum = std::move(checksum),
                 .encryption = std::move(encryption),
                 .lock = lock,
                 .acl = std::move(acl),
                 .offset = offset,
                 .of_object = {}};
}

// "The offset must be equal to the size of the existing object"; of none it is 0. Checksums of appended objects
// are of the full object, which CRCs alone can be made of ("Appending data to objects in directory buckets").
Result<void> check_append(const PutPlan& plan, const std::optional<ObjectRecord>& there) {
  if (*plan.offset != (there ? there->size : 0)) return invalid_write_offset();
  if (!there) return {};
  if (there->extents.size() >= kAppendedPartsMax) return too_many_parts();
  const bool goes_on =
      there->checksum && !there->checksum->composite && is_crc(there->checksum->algorithm) &&
      plan.checksum.algorithm.value_or(there->checksum->algorithm) == there->checksum->algorithm;
  if (goes_on) return {};
  return invalid_request(
      "The checksum algorithm of the append request does not match that of the object, or can't be "
      "used for appends.");
}

Result<void> plan_append(const engine::ReadView& view, const BucketRecord& bucket,
                         std::string_view key, PutPlan& plan) {
  CLOCHE_TRY(const there, find_newest(view, bucket, key));
  CLOCHE_TRY_VOID(check_append(plan, there));
  if (there) plan.of_object = there->checksum->algorithm;
  return {};
}

// The object with what came in behind what was there. False if it was written in the meantime by another put.
Result<ObjectRecord> appended(engine::WriteTxn& txn, const PutPlan& plan, ObjectRecord object,
                              const Ingested& ingested) {
  CLOCHE_TRY_VOID(check_append(plan, object));
  const Algorithm algorithm = object.checksum->algorithm;
  if (plan.of_object != algorithm)
    return conditional_request_conflict("x-amz-write-offset-bytes", "");
  CLOCHE_TRY_VOID(txn.adopt(*ingested.body.blob));
  // They are counted once more, since the object that is replaced gives them back.
  CLOCHE_TRY_VOID(retain_extents(txn, object.extents));
  const std::string more = value_of(ingested.body.digests, algorithm);
  object.checksum->value =
      combined_checksum(algorithm, {{.value = object.checksum->value, .size = object.size},
                                    {.value = more, .size = ingested.body.digests.size}});
  for (const Extent& extent : ingested.body.extents()) object.extents.push_back(extent);
  object.size += ingested.body.digests.size;
  object.parts.clear();
  return object;
}

// What can be refused by what is stored, before the client has sent gigabytes.
Result<void> look_ahead(const engine::ReadView& view, const protocol::Call& call, PutPlan& plan,
                        Instant now) {
  const Value& input = call.input();
  CLOCHE_TRY(const bucket, find_bucket(view, input));
  if (plan.offset) CLOCHE_TRY_VOID(plan_append(view, bucket, input["Key"].text(), plan));
  CLOCHE_TRY_VOID(plan_encryption(view, call, bucket, plan.encryption));
  CLOCHE_TRY_VOID(check_acl_allowed(view, bucket, plan.acl));
  CLOCHE_TRY(const lock, decide_lock(view, bucket, plan.lock, now));
  const bool locked = lock.mode != LockMode::None || lock.legal_hold;
  if (locked && !plan.checksum.algorithm && !input["ContentMD5"]) {
    return invalid_request(
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
        "Object Lock parameters");
  }
  return {};
}

Value describe(protocol::Call& call, const ObjectRecord& object) {
  Arena& arena = call.arena();
  Value output = Value::map();
  output.add(arena, "ETag", quoted_etag(arena, object.etag));
  if (object.checksum) add_checksum(output, arena, *object.checksum);
  add_encryption(output, arena, object.encryption, call.input());
  add_new_version_id(output, arena, object.version_id);
  return output;
}

Result<Value> apply_put(S3& s3, engine::WriteTxn& txn, protocol::Call& call, const PutPlan& plan,
                        const Ingested& ingested) {
  const Value& input = call.input();
  const std::string_view key = input["Key"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  if (input["IfMatch"] || input["IfNoneMatch"]) {
    CLOCHE_TRY(const newest, find_newest(txn, bucket, key));
    CLOCHE_TRY_VOID(check_write_conditions(input, key, newest));
  }
  if (plan.offset) {
    CLOCHE_TRY(there, find_newest(txn, bucket, key));
    if (!there) CLOCHE_TRY_VOID(check_append(plan, there));
    if (there) {
      CLOCHE_TRY(object, appended(txn, plan, *std::move(there), ingested));
      CLOCHE_TRY(const stored, store_newest(txn, bucket, key, std::move(object)));
      Value output = describe(call, stored);
      output.add(call.arena(), "Size", Value::integer(static_cast<std::int64_t>(stored.size)));
      return output;
    }
  }
  ObjectRecord object;
  CLOCHE_TRY(encryption, decide_encryption(txn, call, s3.store().env(), bucket, plan.encryption));
  CLOCHE_TRY(const lock, decide_lock(txn, bucket, plan.lock, txn.now()));
  CLOCHE_TRY_VOID(txn.adopt(*ingested.body.blob));
  object.encryption = std::move(encryption);
  object.lock = lock;
  object.size = ingested.body.digests.size;
  object.etag = etag_of(txn, object.encryption, ingested.body.digests.md5);
  object.headers = plan.headers;
  object.checksum = ingested.checksum;
  object.extents = ingested.body.extents();
  CLOCHE_TRY_VOID(give_acl(txn, bucket, writer_of(call.caller()), plan.acl, object));
  CLOCHE_TRY_VOID(plan_replication(txn, bucket, key, object));
  CLOCHE_TRY(const stored, store_newest(txn, bucket, key, std::move(object)));
  const bool posted = call.http().method() == "POST";  // A form (post.cc).
  CLOCHE_TRY_VOID(tell(txn, bucket, posted ? EventKind::CreatedPost : EventKind::CreatedPut, call,
                       key, stored));
  Value output = describe(call, stored);
  CLOCHE_TRY_VOID(add_expiration(output, call.arena(), txn, bucket, key, stored));
  return output;
}

}  // namespace

void put_object(S3& s3, const CallPtr& call) {
  const Instant now = s3.store().clock().now();
  auto planned = plan_put(s3, *call, now);
  if (!planned) return call->fail(std::move(planned).error());
  auto plan = std::make_shared<PutPlan>(*std::move(planned));
  if (auto seen = look_ahead(*s3.store().view(), *call, *plan, now); !seen)
    return call->fail(std::move(seen).error());

  const auto& customer = plan->encryption.customer;
  ingest(s3, call, plan->checksum, plan->of_object, customer ? &*customer : nullptr,
         [&s3, call, plan](Result<std::shared_ptr<Ingested>> body) {
           if (!body) return call->fail(std::move(body).error());
           commit(s3, call, [&s3, call, plan, body = *std::move(body)](engine::WriteTxn& txn) {
             return apply_put(s3, txn, *call, *plan, *body);
           });
         });
}

}  // namespace cloche::s3
