#include "base/digest.h"
#include "s3/conditions.h"
#include "s3/copy_source.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/ownership.h"
#include "s3/ranges.h"
#include "s3/uploads.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

struct Found {
  BucketRecord bucket;
  ObjectRecord object;
};

Result<Found> find_source(const engine::ReadView& view, const Value& input,
                          const CopySource& source) {
  CLOCHE_TRY(bucket, find_bucket_named(view, source.bucket));
  if (!bucket) return no_such_bucket(source.bucket);
  if (const Value& owner = input["ExpectedSourceBucketOwner"];
      owner && owner.text() != bucket->account)
    return access_denied();
  CLOCHE_TRY(object, find_version(view, *bucket, source.key, source.version_id));
  if (object.delete_marker) {
    if (source.version_id.empty()) return no_such_key(source.key);
    return invalid_request(
        "The source of a copy request may not specifically refer to a delete marker by version "
        "id.");
  }
  CLOCHE_TRY_VOID(check_copy_conditions(input, object));
  return Found{.bucket = std::move(*bucket), .object = std::move(object)};
}

// The extents of a range of an object.
std::vector<Extent> part_of(const std::vector<Extent>& extents, ByteRange range) {
  std::vector<Extent> part;
  std::uint64_t at = 0;
  for (const Extent& extent : extents) {
    const std::uint64_t begin = std::max(at, range.first);
    const std::uint64_t end = std::min(at + extent.length, range.first + range.length);
    if (begin < end)
      part.push_back(
          {.blob = extent.blob, .offset = extent.offset + (begin - at), .length = end - begin});
    at += extent.length;
  }
  return part;
}

// Digests of bytes that are stored already, read in bounded pieces.
struct Digests {
  Md5 md5{};
  std::string checksum;
};

Result<Digests> digest_of(engine::Store& store, const engine::ReadView& view,
                          const std::vector<Extent>& extents, Algorithm algorithm) {
  constexpr std::uint64_t kPiece = std::uint64_t{256} << 10;
  Hasher<Md5> md5;
  Hasher<Sha1> sha1;
  Hasher<Sha256> sha256;
  engine::BlobDigests sums;
  std::string buffer;
  for (const Extent& extent : extents) {
    for (std::uint64_t done = 0; done < extent.length;) {
      const std::uint64_t now = std::min(kPiece, extent.length - done);
      CLOCHE_TRY(bytes, store.blobs().read(view, extent.blob, extent.offset + done, now));
      buffer = std::move(bytes.bytes);
      if (bytes.file) {
        buffer.resize(now);
        CLOCHE_TRY(const got, bytes.file->read_at(bytes.file_offset,
                                                  std::as_writable_bytes(std::span(buffer))));
        if (got != now) return damaged("a blob's file is shorter than its row says");
      }
      const auto piece = as_bytes(buffer);
      md5.update(piece);
      switch (algorithm) {
        case Algorithm::Crc32:
          sums.crc32 = crc32(piece, sums.crc32);
          break;
        case Algorithm::Crc32c:
          sums.crc32c = crc32c(piece, sums.crc32c);
          break;
        case Algorithm::Crc64nvme:
          sums.crc64nvme = crc64nvme(piece, sums.crc64nvme);
          break;
        case Algorithm::Sha1:
          sha1.update(piece);
          break;
        case Algorithm::Sha256:
          sha256.update(piece);
          break;
      }
      done += now;
    }
  }
  if (algorithm == Algorithm::Sha1) sums.sha1 = sha1.finish();
  if (algorithm == Algorithm::Sha256) sums.sha256 = sha256.finish();
  return Digests{.md5 = md5.finish(), .checksum = value_of(sums, algorithm)};
}

// What a copy knows before its transaction.
struct CopyPlan {
  CopySource source;
  bool replace_metadata = false;
  bool replace_tagging = false;
  ObjectHeaders headers;  // As asked for by a REPLACE.
  AskedAcl acl;           // An ACL is never copied.
  std::optional<Algorithm> algorithm;
  std::optional<std::int64_t> part_number;  // UploadPartCopy.
  // Of the source as it was read; the transaction goes on only while it is the same.
  std::string source_etag;
  Instant source_modified{};
  std::optional<Digests> digests;  // Where the source's own can't be taken over.
  std::uint64_t size = 0;
};

Result<bool> read_directive(const Value& directive) {
  if (!directive || directive.text() == "COPY") return false;
  if (directive.text() == "REPLACE") return true;
  return invalid_argument("Unknown metadata directive.", "x-amz-metadata-directive",
                          directive.text());
}

Result<CopyPlan> plan_copy(const S3& s3, const protocol::Call& call) {
  const Value& input = call.input();
  CLOCHE_TRY_VOID(check_key(input["Key"].text()));
  CLOCHE_TRY(source, parse_copy_source(input["CopySource"].text()));
  CLOCHE_TRY(const asked, asked_checksum(input));
  CLOCHE_TRY(const replace_metadata, read_directive(input["MetadataDirective"]));
  CLOCHE_TRY(const replace_tagging, read_directive(input["TaggingDirective"]));
  CLOCHE_TRY(headers, read_object_headers(call));
  CLOCHE_TRY(acl, read_asked_acl(*s3.guard().users, input, AclOf::Object));
  CopyPlan plan;
  plan.acl = std::move(acl);
  plan.source = std::move(source);
  plan.algorithm = asked.algorithm;
  plan.replace_metadata = replace_metadata;
  plan.replace_tagging = replace_tagging;
  plan.headers = std::move(headers);
  return plan;
}

// Work of this size is done on the io thread; more would keep its other connections waiting.
constexpr std::uint64_t kHashInline = std::uint64_t{1} << 20;

// Runs `then` with the plan completed by digests of the bytes, computed here or on the worker.
template <class Then>
void with_digests(S3& s3, const std::shared_ptr<CopyPlan>& plan, std::vector<Extent> extents,
                  Algorithm algorithm, std::shared_ptr<engine::ReadView> view, Then then) {
  auto job = [&s3, plan, extents = std::move(extents), algorithm, view = std::move(view),
              then = std::move(then)]() mutable {
    auto digests = digest_of(s3.store(), *view, extents, algorithm);
    view.reset();
    if (digests) plan->digests = *std::move(digests);
    then(digests ? Result<void>() : Result<void>(std::move(digests).error()));
  };
  if (plan->size <= kHashInline) {
    job();
  } else {
    s3.worker().post(std::move(job));
  }
}

bool same_object(const protocol::Call& call, const CopySource& source) {
  return call.input()["Bucket"].text() == source.bucket && call.input()["Key"].text() == source.key;
}

Result<void> refuse_idle_copy(const protocol::Call& call, const CopyPlan& plan,
                              const ObjectRecord& source) {
  const Value& input = call.input();
  const bool changes =
      plan.replace_metadata || !plan.source.version_id.empty() || input["ServerSideEncryption"] ||
      input["WebsiteRedirectLocation"] ||
      (input["StorageClass"] && plan.headers.storage_class != source.headers.storage_class);
  if (!same_object(call, plan.source) || changes) return {};
  return invalid_request(
      "This copy request is illegal because it is trying to copy an object to itself without "
      "changing the object's metadata, storage "
      "class, website redirect location or encryption attributes.");
}

bool source_changed(const CopyPlan& plan, const ObjectRecord& object) {
  return object.etag != plan.source_etag || object.modified != plan.source_modified;
}

ObjectRecord copied(const CopyPlan& plan, const ObjectRecord& source) {
  ObjectRecord object;
  object.size = source.size;
  object.extents = source.extents;
  object.headers = plan.replace_metadata ? plan.headers : source.headers;
  object.headers.storage_class = plan.headers.storage_class;
  object.headers.tagging = plan.replace_tagging ? plan.headers.tagging : source.headers.tagging;
  if (plan.digests) {
    object.etag = to_hex(plan.digests->md5);
    const Algorithm algorithm = plan.algorithm.value_or(source.checksum ? source.checksum->algorithm
                                                                        : Algorithm::Crc64nvme);
    object.checksum =
        Checksum{.algorithm = algorithm, .value = plan.digests->checksum, .composite = false};
  } else {
    object.etag = source.etag;
    object.checksum = source.checksum;
  }
  return object;
}

// A copy is one piece, whatever its source was made of: it has a plain MD5 and a checksum of the
// whole.
bool needs_digests(const CopyPlan& plan, const ObjectRecord& source) {
  if (!source.parts.empty() || !source.checksum || source.checksum->composite) return true;
  return plan.algorithm && *plan.algorithm != source.checksum->algorithm;
}

// True if the source changed since the plan looked at it and the copy has to begin again.
Result<bool> apply_copy(engine::WriteTxn& txn, protocol::Call& call, const CopyPlan& plan,
                        Value& output) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(const source, find_source(txn, input, plan.source));
  if (source_changed(plan, source.object)) return true;
  CLOCHE_TRY_VOID(refuse_idle_copy(call, plan, source.object));
  CLOCHE_TRY(const newest, find_newest(txn, bucket, input["Key"].text()));
  CLOCHE_TRY_VOID(check_write_conditions(input, input["Key"].text(), newest));
  // The source's blobs are counted once more before anything is released: source and target may be
  // one object.
  CLOCHE_TRY_VOID(retain_extents(txn, source.object.extents));
  ObjectRecord object = copied(plan, source.object);
  CLOCHE_TRY_VOID(give_acl(txn, bucket, writer_of(call.caller()), plan.acl, object));
  CLOCHE_TRY(const stored, store_newest(txn, bucket, input["Key"].text(), std::move(object)));

  Value result = Value::map();
  result.add(arena, "ETag", quoted_etag(arena, stored.etag));
  result.add(arena, "LastModified", Value::timestamp(stored.modified));
  if (stored.checksum) add_checksum(result, arena, *stored.checksum);
  output = Value::map();
  output.add(arena, "CopyObjectResult", result);
  add_encryption(output, arena);
  add_version_id(output, arena, bucket, stored.version_id);
  if (source.bucket.versioning != Versioning::Off) {
    output.add(arena, "CopySourceVersionId",
               Value::string(arena, shown_version_id(source.object.version_id)));
  }
  return false;
}

Result<bool> apply_part_copy(engine::WriteTxn& txn, protocol::Call& call, const CopyPlan& plan,
                             Value& output) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  const std::string_view upload_id = input["UploadId"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(const upload, find_upload(txn, bucket, input["Key"].text(), upload_id));
  CLOCHE_TRY(const source, find_source(txn, input, plan.source));
  if (source_changed(plan, source.object)) return true;
  ByteRange range{.first = 0, .length = source.object.size};
  if (const Value& asked = input["CopySourceRange"]) {
    CLOCHE_TRY(const parsed, parse_copy_range(asked.text(), source.object.size));
    range = parsed;
  }
  PartRecord part;
  part.modified = txn.now();
  part.size = range.length;
  part.etag = to_hex(plan.digests->md5);
  part.checksum = Checksum{
      .algorithm = algorithm_of(upload), .value = plan.digests->checksum, .composite = false};
  part.extents = part_of(source.object.extents, range);
  CLOCHE_TRY_VOID(retain_extents(txn, part.extents));
  CLOCHE_TRY_VOID(store_part(txn, bucket, upload_id, *plan.part_number, part));

  Value result = Value::map();
  result.add(arena, "ETag", quoted_etag(arena, part.etag));
  result.add(arena, "LastModified", Value::timestamp(part.modified));
  if (upload.algorithm)
    result.add(arena, member_of(part.checksum->algorithm),
               Value::string(arena, part.checksum->value));
  output = Value::map();
  output.add(arena, "CopyPartResult", result);
  add_encryption(output, arena);
  if (source.bucket.versioning != Versioning::Off) {
    output.add(arena, "CopySourceVersionId",
               Value::string(arena, shown_version_id(source.object.version_id)));
  }
  return false;
}

using Apply = Result<bool> (*)(engine::WriteTxn&, protocol::Call&, const CopyPlan&, Value&);

// Commits; begins the whole operation again when the source changed under it.
void commit_copy(S3& s3, const CallPtr& call, const std::shared_ptr<CopyPlan>& plan, Apply apply,
                 void (*again)(S3&, const CallPtr&)) {
  auto output = std::make_shared<Value>();
  auto changed = std::make_shared<bool>(false);
  s3.store().submit(
      "s3." + std::string(call->operation()) + " " + call->input()["Bucket"].str() + "/" +
          call->input()["Key"].str(),
      [call, plan, apply, output, changed](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(const stale, apply(txn, *call, *plan, *output));
        *changed = stale;
        return {};
      },
      [&s3, call, output, changed, again](Result<void> done) {
        if (!done) return call->fail(std::move(done).error());
        if (*changed) return again(s3, call);
        call->reply(*output);
      });
}

}  // namespace

void copy_object(S3& s3, const CallPtr& call) {
  auto planned = plan_copy(s3, *call);
  if (!planned) return call->fail(std::move(planned).error());
  auto plan = std::make_shared<CopyPlan>(*std::move(planned));

  std::shared_ptr<engine::ReadView> view = s3.store().view();
  if (auto bucket = find_bucket(*view, call->input()); !bucket)
    return call->fail(std::move(bucket).error());
  auto source = find_source(*view, call->input(), plan->source);
  if (!source) return call->fail(std::move(source).error());
  const ObjectRecord& object = source->object;
  if (object.size > kPutBytesMax) {
    return call->fail(invalid_request(
        "The specified copy source is larger than the maximum allowable size for a copy source: " +
        std::to_string(kPutBytesMax)));
  }
  plan->source_etag = object.etag;
  plan->source_modified = object.modified;
  plan->size = object.size;
  if (!needs_digests(*plan, object)) return commit_copy(s3, call, plan, apply_copy, copy_object);
  const Algorithm algorithm =
      plan->algorithm.value_or(object.checksum ? object.checksum->algorithm : Algorithm::Crc64nvme);
  with_digests(s3, plan, object.extents, algorithm, std::move(view),
               [&s3, call, plan](Result<void> digested) {
                 if (!digested) return call->fail(std::move(digested).error());
                 commit_copy(s3, call, plan, apply_copy, copy_object);
               });
}

void upload_part_copy(S3& s3, const CallPtr& call) {
  const Value& input = call->input();
  auto plan = std::make_shared<CopyPlan>();
  std::shared_ptr<engine::ReadView> view = s3.store().view();
  std::vector<Extent> extents;
  Algorithm algorithm{};
  const auto prepare = [&]() -> Result<void> {
    CLOCHE_TRY(const number, read_part_number(input["PartNumber"]));
    CLOCHE_TRY(source, parse_copy_source(input["CopySource"].text()));
    CLOCHE_TRY(const bucket, find_bucket(*view, input));
    CLOCHE_TRY(const upload,
               find_upload(*view, bucket, input["Key"].text(), input["UploadId"].text()));
    CLOCHE_TRY(const found, find_source(*view, input, source));
    ByteRange range{.first = 0, .length = found.object.size};
    if (const Value& asked = input["CopySourceRange"]) {
      CLOCHE_TRY(const parsed, parse_copy_range(asked.text(), found.object.size));
      range = parsed;
    }
    if (range.length > kPartBytesMax) return entity_too_large(range.length, kPartBytesMax);
    plan->source = std::move(source);
    plan->part_number = number;
    plan->source_etag = found.object.etag;
    plan->source_modified = found.object.modified;
    plan->size = range.length;
    extents = part_of(found.object.extents, range);
    algorithm = algorithm_of(upload);
    return {};
  };
  if (auto prepared = prepare(); !prepared) return call->fail(std::move(prepared).error());
  with_digests(s3, plan, std::move(extents), algorithm, std::move(view),
               [&s3, call, plan](Result<void> digested) {
                 if (!digested) return call->fail(std::move(digested).error());
                 commit_copy(s3, call, plan, apply_part_copy, upload_part_copy);
               });
}

}  // namespace cloche::s3
