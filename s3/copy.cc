// CopyObject. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
#include "base/digest.h"
#include "s3/conditions.h"
#include "s3/copy_source.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/object_lock.h"
#include "s3/ownership.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kRedirect = "x-amz-website-redirect-location";

// What a copy knows before its transaction.
struct CopyPlan {
  CopySource source;
  bool replace_metadata = false;
  bool replace_tagging = false;
  ObjectHeaders headers;  // As the request has them.
  std::optional<Algorithm> algorithm;
  AskedEncryption encryption;
  AskedLock lock;
  AskedAcl acl;  // An ACL is never copied.
  // The source as it was read; the transaction goes on only while it is the same.
  ObjectRecord seen;
  std::optional<CopiedBytes> bytes;  // Where they had to be read.
};

Result<bool> read_directive(const Value& directive, std::string_view header,
                            std::string_view message) {
  if (!directive || directive.text() == "COPY") return false;
  if (directive.text() == "REPLACE") return true;
  return invalid_argument(message, header, directive.text());
}

Result<CopyPlan> plan_copy(const S3& s3, const protocol::Call& call, Instant now) {
  const Value& input = call.input();
  CopyPlan plan;
  CLOCHE_TRY_VOID(check_key(input["Key"].text()));
  CLOCHE_TRY_VOID(plan_write_conditions(input));
  CLOCHE_TRY(source, parse_copy_source(input["CopySource"].text()));
  CLOCHE_TRY(const asked, asked_checksum(input));
  CLOCHE_TRY(const replace_metadata,
             read_directive(input["MetadataDirective"], "x-amz-metadata-directive",
                            "Unknown metadata directive."));
  CLOCHE_TRY(const replace_tagging,
             read_directive(input["TaggingDirective"], "x-amz-tagging-directive",
                            "Unknown tag directive."));
  CLOCHE_TRY(encryption, read_encryption(input));
  CLOCHE_TRY(const lock, read_lock(call, now));
  CLOCHE_TRY(headers, read_object_headers(call));
  CLOCHE_TRY(acl, read_asked_acl(*s3.guard().users, input, AclOf::Object));
  plan.source = std::move(source);
  plan.algorithm = asked.algorithm;
  plan.replace_metadata = replace_metadata;
  plan.replace_tagging = replace_tagging;
  plan.headers = std::move(headers);
  plan.encryption = std::move(encryption);
  plan.lock = lock;
  plan.acl = std::move(acl);
  return plan;
}

Result<void> refuse_idle_copy(const protocol::Call& call, const CopyPlan& plan,
                              const BucketRecord& bucket, const ObjectRecord& source) {
  const Value& input = call.input();
  // That a class or an encryption is named is enough, were it the one that is there; so is an encryption
  // of the bucket's own, or one of the source that is not the default (recordings of AWS, 2026-02).
  const bool changes = plan.replace_metadata || !plan.source.version_id.empty() ||
                       input["ServerSideEncryption"] || plan.encryption.customer ||
                       bucket.has(Setting::Encryption) || input["WebsiteRedirectLocation"] ||
                       input["StorageClass"] || source.encryption.kind != EncryptionKind::S3;
  const bool in_place =
      input["Bucket"].text() == plan.source.bucket && input["Key"].text() == plan.source.key;
  if (!in_place || changes) return {};
  return invalid_request(
      "This copy request is illegal because it is trying to copy an object to itself without "
      "changing the object's metadata, storage class, website redirect location or encryption "
      "attributes.");
}

// The redirect belongs to one object: a copy has it only if the request says so.
void replace_redirect(Pairs& system, const Pairs& asked) {
  std::erase_if(system, [](const auto& pair) { return pair.first == kRedirect; });
  for (const auto& pair : asked) {
    if (pair.first == kRedirect) system.push_back(pair);
  }
}

ObjectHeaders headers_of(const CopyPlan& plan, const ObjectRecord& source) {
  ObjectHeaders headers = plan.replace_metadata ? plan.headers : source.headers;
  if (!plan.replace_metadata) replace_redirect(headers.system, plan.headers.system);
  headers.storage_class = plan.headers.storage_class;
  headers.tagging = plan.replace_tagging ? plan.headers.tagging : source.headers.tagging;
  return headers;
}

Algorithm algorithm_of(const CopyPlan& plan, const ObjectRecord& source) {
  return plan.algorithm.value_or(source.checksum ? source.checksum->algorithm
                                                 : Algorithm::Crc64nvme);
}

// A copy is one piece, whatever its source was made of: it has a plain MD5 and a checksum of the
// whole. And an ETag that is no MD5 can't be taken over.
bool needs_bytes(const CopyPlan& plan, const ObjectRecord& source) {
  if (plan.encryption.customer || source.encryption.kind != EncryptionKind::S3) return true;
  if (!source.parts.empty() || !source.checksum || source.checksum->composite) return true;
  return plan.algorithm && *plan.algorithm != source.checksum->algorithm;
}

Result<ObjectRecord> copied(S3& s3, engine::WriteTxn& txn, const protocol::Call& call,
                            const BucketRecord& bucket, const CopyPlan& plan,
                            const ObjectRecord& source) {
  ObjectRecord object;
  CLOCHE_TRY(encryption, decide_encryption(txn, call, s3.store().env(), bucket, plan.encryption));
  CLOCHE_TRY(const lock, decide_lock(txn, bucket, plan.lock, txn.now()));
  object.encryption = std::move(encryption);
  object.lock = lock;
  object.size = source.size;
  object.headers = headers_of(plan, source);
  CLOCHE_TRY_VOID(give_acl(txn, bucket, writer_of(call.caller()), plan.acl, object));
  // The source's blobs are counted once more before anything is released: source and target may be one
  // object.
  if (plan.bytes && plan.bytes->body) {
    CLOCHE_TRY_VOID(txn.adopt(*plan.bytes->body->blob));
    object.extents = plan.bytes->body->extents();
  } else {
    object.extents = source.extents;
    CLOCHE_TRY_VOID(retain_extents(txn, object.extents));
  }
  Md5 md5{};
  if (plan.bytes) {
    const Algorithm algorithm = algorithm_of(plan, source);
    md5 = plan.bytes->digests.md5;
    object.checksum = Checksum{.algorithm = algorithm,
                               .value = value_of(plan.bytes->digests, algorithm),
                               .composite = false};
  } else {
    if (!from_hex(source.etag, md5)) return damaged("an object's row has no MD5");
    object.checksum = source.checksum;
  }
  object.etag = etag_of(txn, object.encryption, md5);
  return object;
}

// False if the source changed since the plan looked at it and the copy has to begin again.
Result<bool> apply_copy(S3& s3, engine::WriteTxn& txn, protocol::Call& call, const CopyPlan& plan,
                        Value& output) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  const std::string_view key = input["Key"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(const source, find_source(txn, call, plan.source, txn.now()));
  if (is_changed(plan.seen, source.object)) return false;
  CLOCHE_TRY(const newest, find_newest(txn, bucket, key));
  CLOCHE_TRY_VOID(check_write_conditions(input, key, newest));
  CLOCHE_TRY_VOID(refuse_idle_copy(call, plan, bucket, source.object));
  CLOCHE_TRY(object, copied(s3, txn, call, bucket, plan, source.object));
  CLOCHE_TRY_VOID(plan_replication(txn, bucket, key, object));
  CLOCHE_TRY(const stored, store_newest(txn, bucket, key, std::move(object)));
  CLOCHE_TRY_VOID(tell(txn, bucket, EventKind::CreatedCopy, call, key, stored));

  Value result = Value::map();
  result.add(arena, "ETag", quoted_etag(arena, stored.etag));
  result.add(arena, "LastModified", Value::timestamp(stored.modified));
  if (stored.checksum) add_checksum(result, arena, *stored.checksum);
  output = Value::map();
  output.add(arena, "CopyObjectResult", result);
  add_encryption(output, arena, stored.encryption, input);
  // Unlike PutObject it names the null version too (recording of AWS, 2026-02).
  add_version_id(output, arena, bucket, stored.version_id);
  CLOCHE_TRY_VOID(add_expiration(output, arena, txn, bucket, key, stored));
  add_source_version(output, arena, source);
  return true;
}

// Commits; begins the whole operation again when the source changed under it.
void commit_copy(S3& s3, const CallPtr& call, const std::shared_ptr<CopyPlan>& plan) {
  auto output = std::make_shared<Value>();
  auto done_at_all = std::make_shared<bool>(false);
  const Value& input = call->input();
  s3.store().submit(
      "s3.CopyObject " + input["Bucket"].str() + "/" + input["Key"].str(),
      [&s3, call, plan, output, done_at_all](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(const copied, apply_copy(s3, txn, *call, *plan, *output));
        *done_at_all = copied;
        return {};
      },
      [&s3, call, output, done_at_all](Result<void> done) {
        if (!done) return call->fail(std::move(done).error());
        if (!*done_at_all) return copy_object(s3, call);
        call->reply(*output);
      });
}

Result<FoundSource> look_ahead(const engine::ReadView& view, const protocol::Call& call,
                               const CopyPlan& plan, Instant now) {
  CLOCHE_TRY(const bucket, find_bucket(view, call.input()));
  CLOCHE_TRY_VOID(plan_encryption(view, call, bucket, plan.encryption));
  CLOCHE_TRY(source, find_source(view, call, plan.source, now));
  if (source.object.size > kPutBytesMax) {
    return invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kPutBytesMax));
  }
  return source;
}

}  // namespace

void copy_object(S3& s3, const CallPtr& call) {
  const Instant now = s3.store().clock().now();
  auto planned = plan_copy(s3, *call, now);
  if (!planned) return call->fail(std::move(planned).error());
  auto plan = std::make_shared<CopyPlan>(*std::move(planned));
  std::shared_ptr<engine::ReadView> view = s3.store().view();
  auto source = look_ahead(*view, *call, *plan, now);
  if (!source) return call->fail(std::move(source).error());
  plan->seen = source->object;
  if (!needs_bytes(*plan, plan->seen)) return commit_copy(s3, call, plan);
  CopyJob job{.extents = plan->seen.extents,
              .size = plan->seen.size,
              .algorithm = algorithm_of(*plan, plan->seen),
              .source_key = std::move(source->key),
              .target_key = plan->encryption.customer};
  read_source(s3, std::move(job), std::move(view), [&s3, call, plan](Result<CopiedBytes> bytes) {
    if (!bytes) return call->fail(std::move(bytes).error());
    plan->bytes = *std::move(bytes);
    commit_copy(s3, call, plan);
  });
}

}  // namespace cloche::s3
