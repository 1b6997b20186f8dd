#include <charconv>

#include "base/digest.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/ingest.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/object_lock.h"
#include "s3/ownership.h"
#include "s3/uploads.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// Which algorithms go with which type ("Using supported checksum algorithms" in
// checking-object-integrity.html).
Result<bool> read_composite(const Value& input, const std::optional<Algorithm>& algorithm) {
  const std::string_view type = input["ChecksumType"].text();
  if (type.empty()) return algorithm && *algorithm != Algorithm::Crc64nvme;
  if (!algorithm)
    return invalid_request(
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
        "header.");
  const bool composite = type == "COMPOSITE";
  if (!composite && type != "FULL_OBJECT")
    return invalid_request("Value for x-amz-checksum-type header is invalid.");
  if (composite ? *algorithm == Algorithm::Crc64nvme : !is_crc(*algorithm)) {
    return invalid_request("The " + std::string(type) + " checksum type cannot be used with the " +
                           std::string(lower_name_of(*algorithm)) + " checksum algorithm.");
  }
  return composite;
}

struct CreatePlan {
  UploadRecord upload;
  AskedEncryption encryption;
  AskedLock lock;
  AskedAcl acl;
};

Result<CreatePlan> plan_create(const S3& s3, const protocol::Call& call, Instant now) {
  const Value& input = call.input();
  CLOCHE_TRY_VOID(check_key(input["Key"].text()));
  CLOCHE_TRY(const asked, asked_checksum(input));
  CLOCHE_TRY(const composite, read_composite(input, asked.algorithm));
  CLOCHE_TRY(encryption, read_encryption(input));
  CLOCHE_TRY(const lock, read_lock(call, now));
  CLOCHE_TRY(headers, read_object_headers(call));
  CLOCHE_TRY(acl, read_asked_acl(*s3.guard().users, input, AclOf::Object));
  UploadRecord upload;
  upload.account = call.caller().account;
  upload.headers = std::move(headers);
  upload.algorithm = asked.algorithm;
  upload.composite = composite;
  return CreatePlan{.upload = std::move(upload),
                    .encryption = std::move(encryption),
                    .lock = lock,
                    .acl = std::move(acl)};
}

// Begins with the time, so that uploads of one key are listed in the order they began.
std::string new_upload_id(engine::WriteTxn& txn) {
  char time[32];
  const auto micros = static_cast<std::uint64_t>(txn.now().time_since_epoch().count());
  const auto end = std::to_chars(time, time + sizeof time, micros, 36).ptr;
  const std::string digits(time, end);
  return std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits +
         txn.ids().from_alphabet(kIdAlphabet, 52);
}

Result<Value> apply_create(S3& s3, engine::WriteTxn& txn, protocol::Call& call,
                           const CreatePlan& plan) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  UploadRecord upload = plan.upload;
  CLOCHE_TRY(encryption, decide_encryption(txn, call, s3.store().env(), bucket, plan.encryption));
  CLOCHE_TRY(const lock, decide_lock(txn, bucket, plan.lock, txn.now()));
  CLOCHE_TRY(const newest, find_newest(txn, bucket, input["Key"].text()));
  upload.newest_at_start = newest ? newest->rank : 0;
  upload.encryption = std::move(encryption);
  upload.lock = lock;
  upload.initiated = txn.now();
  ObjectRecord object;  // The one that it will become.
  CLOCHE_TRY_VOID(give_acl(txn, bucket, writer_of(call.caller()), plan.acl, object));
  upload.owner = std::move(object.owner);
  upload.acl = std::move(object.acl);
  const std::string id = new_upload_id(txn);
  CLOCHE_TRY_VOID(
      txn.put(kUploads, upload_key(bucket.id, input["Key"].text(), id), encode(upload)));
  Value output = Value::map();
  output.add(arena, "Bucket", input["Bucket"]);
  output.add(arena, "Key", input["Key"]);
  output.add(arena, "UploadId", Value::string(arena, id));
  CLOCHE_TRY_VOID(add_abort(output, arena, txn, bucket, input["Key"].text(), upload.initiated));
  add_encryption(output, arena, upload.encryption, input);
  if (upload.algorithm) {
    output.add(arena, "ChecksumAlgorithm", Value::string(name_of(*upload.algorithm)));
    output.add(arena, "ChecksumType",
               Value::string(upload.composite ? "COMPOSITE" : "FULL_OBJECT"));
  }
  return output;
}

struct PartPlan {
  std::int64_t number = 0;
  AskedChecksum checksum;
  Algorithm of_upload = Algorithm::Crc64nvme;
  std::optional<CustomerKey> key;
};

Result<PartPlan> plan_part(S3& s3, const protocol::Call& call) {
  const Value& input = call.input();
  CLOCHE_TRY(const number, read_part_number(input["PartNumber"]));
  CLOCHE_TRY_VOID(plan_body(call, kPartBytesMax));
  CLOCHE_TRY(checksum, asked_checksum(input, call.http().header("x-amz-trailer")));
  const auto view = s3.store().view();
  CLOCHE_TRY(const bucket, find_bucket(*view, input));
  CLOCHE_TRY(const upload,
             find_upload(*view, bucket, input["Key"].text(), input["UploadId"].text()));
  CLOCHE_TRY(key, read_customer_key(input, KeyUse::Encrypt));
  CLOCHE_TRY_VOID(check_key_of_upload(upload.encryption, key));
  if (upload.algorithm && checksum.algorithm && *upload.algorithm != *checksum.algorithm) {
    return invalid_request(
        "Checksum Type mismatch occurred, expected checksum Type: " +
        std::string(lower_name_of(*upload.algorithm)) +
        ", actual checksum Type: " + std::string(lower_name_of(*checksum.algorithm)));
  }
  return PartPlan{.number = number,
                  .checksum = std::move(checksum),
                  .of_upload = algorithm_of(upload),
                  .key = std::move(key)};
}

Result<Value> apply_part(engine::WriteTxn& txn, protocol::Call& call, const PartPlan& plan,
                         const Ingested& ingested) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(const upload, find_upload(txn, bucket, input["Key"].text(), input["UploadId"].text()));
  CLOCHE_TRY_VOID(txn.adopt(*ingested.body.blob));
  const BodyDigests& digests = ingested.body.digests;
  PartRecord part;
  part.modified = txn.now();
  part.size = digests.size;
  part.etag = etag_of(txn, upload.encryption, digests.md5);
  part.checksum = Checksum{
      .algorithm = plan.of_upload, .value = value_of(digests, plan.of_upload), .composite = false};
  part.extents = ingested.body.extents();
  CLOCHE_TRY_VOID(store_part(txn, bucket, input["UploadId"].text(), plan.number, part));
  Value output = Value::map();
  output.add(arena, "ETag", quoted_etag(arena, part.etag));
  output.add(arena, member_of(ingested.checksum.algorithm),
             Value::string(arena, ingested.checksum.value));
  add_encryption(output, arena, upload.encryption, input);
  return output;
}

}  // namespace

void create_multipart_upload(S3& s3, const CallPtr& call) {
  auto plan = plan_create(s3, *call, s3.store().clock().now());
  if (!plan) return call->fail(std::move(plan).error());
  commit(s3, call, [&s3, call, plan = *std::move(plan)](engine::WriteTxn& txn) {
    return apply_create(s3, txn, *call, plan);
  });
}

void upload_part(S3& s3, const CallPtr& call) {
  auto planned = plan_part(s3, *call);
  if (!planned) return call->fail(std::move(planned).error());
  auto plan = std::make_shared<PartPlan>(*std::move(planned));
  ingest(s3, call, plan->checksum, plan->of_upload, plan->key ? &*plan->key : nullptr,
         [&s3, call, plan](Result<std::shared_ptr<Ingested>> body) {
           if (!body) return call->fail(std::move(body).error());
           commit(s3, call, [call, plan, body = *std::move(body)](engine::WriteTxn& txn) {
             return apply_part(txn, *call, *plan, *body);
           });
         });
}

void abort_multipart_upload(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& input = call->input();
    const std::string_view key = input["Key"].text();
    const std::string_view upload_id = input["UploadId"].text();
    CLOCHE_TRY(const bucket, find_bucket(txn, input));
    CLOCHE_TRY_VOID(find_upload(txn, bucket, key, upload_id));
    CLOCHE_TRY_VOID(erase_upload(txn, bucket.id, key, upload_id));
    return Value::map();
  });
}

Result<void> remove_uploads_step(engine::WriteTxn& txn, const std::string& payload) {
  const BucketId bucket = Value::string(payload).as_integer(0);
  std::vector<std::pair<std::string, std::string>> uploads;
  const auto cursor = txn.scan(kUploads, rows_of_bucket(bucket));
  // One upload may have 10,000 parts, so few of them make a step.
  constexpr std::size_t kUploadsPerStep = 4;
  for (; cursor->valid() && uploads.size() < kUploadsPerStep; cursor->next()) {
    engine::KeyReader reader(cursor->key());
    reader.integer();
    std::string key = reader.text();
    uploads.emplace_back(std::move(key), reader.text());
  }
  CLOCHE_TRY_VOID(cursor->status());
  const bool more = cursor->valid();
  for (const auto& [key, upload_id] : uploads)
    CLOCHE_TRY_VOID(erase_upload(txn, bucket, key, upload_id));
  if (more)
    CLOCHE_TRY_VOID(
        txn.later({.kind = std::string(kRemoveUploads), .payload = payload, .due = {}}));
  return {};
}

}  // namespace cloche::s3
