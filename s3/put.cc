#include "s3/conditions.h"
#include "s3/errors.h"
#include "s3/ingest.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/ownership.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// Everything about the request that can be judged without its body.
struct PutPlan {
  ObjectHeaders headers;
  AskedChecksum checksum;
  AskedAcl acl;
};

Result<PutPlan> plan_put(const S3& s3, const protocol::Call& call) {
  const Value& input = call.input();
  CLOCHE_TRY_VOID(check_key(input["Key"].text()));
  CLOCHE_TRY_VOID(plan_write_conditions(input));
  CLOCHE_TRY_VOID(plan_body(call, kPutBytesMax));
  CLOCHE_TRY(checksum, asked_checksum(input, call.http().header("x-amz-trailer")));
  CLOCHE_TRY(headers, read_object_headers(call));
  CLOCHE_TRY(acl, read_asked_acl(*s3.guard().users, input, AclOf::Object));
  return PutPlan{
      .headers = std::move(headers), .checksum = std::move(checksum), .acl = std::move(acl)};
}

Value describe(protocol::Call& call, const BucketRecord& bucket, const ObjectRecord& object) {
  Arena& arena = call.arena();
  Value output = Value::map();
  output.add(arena, "ETag", quoted_etag(arena, object.etag));
  if (object.checksum) add_checksum(output, arena, *object.checksum);
  add_encryption(output, arena);
  add_version_id(output, arena, bucket, object.version_id);
  return output;
}

Result<Value> apply_put(engine::WriteTxn& txn, protocol::Call& call, const PutPlan& plan,
                        const Ingested& body) {
  const Value& input = call.input();
  const std::string_view key = input["Key"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  if (input["IfMatch"] || input["IfNoneMatch"]) {
    CLOCHE_TRY(const newest, find_newest(txn, bucket, key));
    CLOCHE_TRY_VOID(check_write_conditions(input, key, newest));
  }
  CLOCHE_TRY_VOID(txn.adopt(*body.blob));
  ObjectRecord object;
  object.size = body.blob->digests().size;
  object.etag = to_hex(body.blob->digests().md5);
  object.headers = plan.headers;
  object.checksum = body.checksum;
  object.extents = body.extents();
  CLOCHE_TRY_VOID(give_acl(txn, bucket, writer_of(call.caller()), plan.acl, object));
  CLOCHE_TRY(const stored, store_newest(txn, bucket, key, std::move(object)));
  return describe(call, bucket, stored);
}

}  // namespace

void put_object(S3& s3, const CallPtr& call) {
  auto planned = plan_put(s3, *call);
  if (!planned) return call->fail(std::move(planned).error());
  // Looked at before the body too, so that a client learns of its mistake before it has sent
  // gigabytes.
  const auto view = s3.store().view();
  auto bucket = find_bucket(*view, call->input());
  if (!bucket) return call->fail(std::move(bucket).error());
  if (auto allowed = check_acl_allowed(*view, *bucket, planned->acl); !allowed)
    return call->fail(std::move(allowed).error());

  auto plan = std::make_shared<PutPlan>(*std::move(planned));
  ingest(s3, call, plan->checksum, std::nullopt,
         [&s3, call, plan](Result<std::shared_ptr<Ingested>> body) {
           if (!body) return call->fail(std::move(body).error());
           commit(s3, call, [call, plan, body = *std::move(body)](engine::WriteTxn& txn) {
             return apply_put(txn, *call, *plan, *body);
           });
         });
}

}  // namespace cloche::s3
