// UploadPartCopy. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
#include "base/digest.h"
#include "s3/copy_source.h"
#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/ranges.h"
#include "s3/uploads.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

struct PartCopyPlan {
  CopySource source;
  std::int64_t number = 0;
  // As they were read; the transaction goes on only while the source is the same.
  ObjectRecord seen;
  ByteRange range;
  CopiedBytes bytes;
};

Result<ByteRange> read_range(const Value& input, const ObjectRecord& source) {
  const Value& asked = input["CopySourceRange"];
  ByteRange range{.first = 0, .length = source.size};
  if (asked) {
    CLOCHE_TRY(const parsed, parse_copy_range(asked.text(), source.size));
    range = parsed;
  }
  if (range.length > kPartBytesMax) return entity_too_large(range.length, kPartBytesMax);
  return range;
}

// What has to be read, and the plan as far as it can be known before.
Result<CopyJob> plan_part_copy(const engine::ReadView& view, const protocol::Call& call,
                               Instant now, PartCopyPlan& plan) {
  const Value& input = call.input();
  CLOCHE_TRY(const number, read_part_number(input["PartNumber"]));
  CLOCHE_TRY(source, parse_copy_source(input["CopySource"].text()));
  CLOCHE_TRY(const bucket, find_bucket(view, input));
  CLOCHE_TRY(const upload,
             find_upload(view, bucket, input["Key"].text(), input["UploadId"].text()));
  CLOCHE_TRY(key, read_customer_key(input, KeyUse::Encrypt));
  CLOCHE_TRY_VOID(check_key_of_upload(upload.encryption, key));
  CLOCHE_TRY(found, find_source(view, call, source, now));
  CLOCHE_TRY(const range, read_range(input, found.object));
  plan.source = std::move(source);
  plan.number = number;
  plan.range = range;
  plan.seen = std::move(found.object);
  return CopyJob{.extents = part_of(plan.seen.extents, range),
                 .size = range.length,
                 .algorithm = algorithm_of(upload),
                 .source_key = std::move(found.key),
                 .target_key = std::move(key)};
}

Value describe(protocol::Call& call, const UploadRecord& upload, const PartRecord& part,
               const FoundSource& source) {
  Arena& arena = call.arena();
  Value result = Value::map();
  result.add(arena, "ETag", quoted_etag(arena, part.etag));
  result.add(arena, "LastModified", Value::timestamp(part.modified));
  if (upload.algorithm) {
    result.add(arena, member_of(part.checksum->algorithm),
               Value::string(arena, part.checksum->value));
  }
  Value output = Value::map();
  output.add(arena, "CopyPartResult", result);
  add_encryption(output, arena, upload.encryption, call.input());
  add_source_version(output, arena, source);
  return output;
}

// False if the source changed since the plan looked at it and the copy has to begin again.
Result<bool> apply_part_copy(engine::WriteTxn& txn, protocol::Call& call, const PartCopyPlan& plan,
                             Value& output) {
  const Value& input = call.input();
  const std::string_view upload_id = input["UploadId"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(const upload, find_upload(txn, bucket, input["Key"].text(), upload_id));
  CLOCHE_TRY(const source, find_source(txn, call, plan.source, txn.now()));
  if (is_changed(plan.seen, source.object)) return false;
  const Algorithm algorithm = algorithm_of(upload);
  PartRecord part;
  part.modified = txn.now();
  part.size = plan.range.length;
  part.etag = etag_of(txn, upload.encryption, plan.bytes.digests.md5);
  part.checksum = Checksum{
      .algorithm = algorithm, .value = value_of(plan.bytes.digests, algorithm), .composite = false};
  if (plan.bytes.body) {
    CLOCHE_TRY_VOID(txn.adopt(*plan.bytes.body->blob));
    part.extents = plan.bytes.body->extents();
  } else {
    part.extents = part_of(source.object.extents, plan.range);
    CLOCHE_TRY_VOID(retain_extents(txn, part.extents));
  }
  CLOCHE_TRY_VOID(store_part(txn, bucket, upload_id, plan.number, part));
  output = describe(call, upload, part, source);
  return true;
}

void commit_part_copy(S3& s3, const CallPtr& call, const std::shared_ptr<PartCopyPlan>& plan) {
  auto output = std::make_shared<Value>();
  auto done_at_all = std::make_shared<bool>(false);
  const Value& input = call->input();
  s3.store().submit(
      "s3.UploadPartCopy " + input["Bucket"].str() + "/" + input["Key"].str(),
      [call, plan, output, done_at_all](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(const copied, apply_part_copy(txn, *call, *plan, *output));
        *done_at_all = copied;
        return {};
      },
      [&s3, call, output, done_at_all](Result<void> done) {
        if (!done) return call->fail(std::move(done).error());
        if (!*done_at_all) return upload_part_copy(s3, call);
        call->reply(*output);
      });
}

}  // namespace

void upload_part_copy(S3& s3, const CallPtr& call) {
  auto plan = std::make_shared<PartCopyPlan>();
  std::shared_ptr<engine::ReadView> view = s3.store().view();
  auto job = plan_part_copy(*view, *call, s3.store().clock().now(), *plan);
  if (!job) return call->fail(std::move(job).error());
  read_source(s3, *std::move(job), std::move(view), [&s3, call, plan](Result<CopiedBytes> bytes) {
    if (!bytes) return call->fail(std::move(bytes).error());
    plan->bytes = *std::move(bytes);
    commit_part_copy(s3, call, plan);
  });
}

}  // namespace cloche::s3
