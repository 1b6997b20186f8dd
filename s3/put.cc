#include "s3/conditions.h"
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
  return PutPlan{.headers = std::move(headers),
                 .checksum = std::move(checksum),
                 .encryption = std::move(encryption),
                 .lock = lock,
                 .acl = std::move(acl)};
}

// What can be refused by what is stored, before the client has sent gigabytes.
Result<void> look_ahead(const engine::ReadView& view, const protocol::Call& call,
                        const PutPlan& plan, Instant now) {
  const Value& input = call.input();
  CLOCHE_TRY(const bucket, find_bucket(view, input));
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
  ingest(s3, call, plan->checksum, std::nullopt, customer ? &*customer : nullptr,
         [&s3, call, plan](Result<std::shared_ptr<Ingested>> body) {
           if (!body) return call->fail(std::move(body).error());
           commit(s3, call, [&s3, call, plan, body = *std::move(body)](engine::WriteTxn& txn) {
             return apply_put(s3, txn, *call, *plan, *body);
           });
         });
}

}  // namespace cloche::s3
