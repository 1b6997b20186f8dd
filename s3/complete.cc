#include "base/digest.h"
#include "s3/conditions.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/uploads.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// A part as the request names it.
struct NamedPart {
  std::int64_t number = 0;
  std::string_view etag;
  std::optional<Algorithm> algorithm;
  std::string_view checksum;
};

Result<std::vector<NamedPart>> plan_parts(const Value& input) {
  const Value& list = input["MultipartUpload"]["Parts"];
  std::vector<NamedPart> parts;
  parts.reserve(list.size());
  for (const Value& item : list.items()) {
    NamedPart part{.number = item["PartNumber"].as_integer(0),
                   .etag = unquoted(item["ETag"].text()),
                   .algorithm = {},
                   .checksum = {}};
    if (!item["PartNumber"] || !item["ETag"]) return malformed_xml();
    for (const Algorithm algorithm : kAlgorithms) {
      if (const Value& value = item[member_of(algorithm)]) {
        part.algorithm = algorithm;
        part.checksum = value.text();
      }
    }
    if (!parts.empty() && part.number < parts.back().number)
      return invalid_part_order(input["UploadId"].text());
    // A part that is named again, after it was sent again: the last one counts.
    if (!parts.empty() && part.number == parts.back().number) parts.pop_back();
    parts.push_back(part);
  }
  return parts;
}

Result<void> check_checksum_mode(const Value& input, const UploadRecord& upload) {
  const Value& type = input["ChecksumType"];
  if (!type) return {};
  const std::string_view mode = !upload.algorithm  ? "null"
                                : upload.composite ? "COMPOSITE"
                                                   : "FULL_OBJECT";
  if (type.text() == mode) return {};
  return invalid_request("The upload was created using the " + std::string(mode) +
                         " checksum mode. The complete request must use the same checksum mode.");
}

Result<void> check_part(const Value& input, const UploadRecord& upload, const NamedPart& named,
                        const PartRecord& part, bool last) {
  const std::string_view upload_id = input["UploadId"].text();
  if (named.etag != part.etag) return invalid_part(upload_id, named.number, named.etag);
  if (!named.checksum.empty()) {
    // A checksum of another algorithm than the upload's can't be judged: to S3 that is not the part
    // that it has.
    // What S3 makes on its own is told with each part and may be given back (mc does).
    if (algorithm_of(upload) != *named.algorithm) {
      if (upload.algorithm) {
        return refused(400, "BadDigest",
                       "The " + std::string(lower_name_of(*named.algorithm)) +
                           " you specified for part " + std::to_string(named.number) +
                           " did not match what we received.");
      }
      return invalid_part(upload_id, named.number, named.etag);
    }
    if (part.checksum && part.checksum->value != named.checksum)
      return invalid_part(upload_id, named.number, named.etag);
  } else if (upload.algorithm && upload.composite) {
    return invalid_request("The upload was created using a " +
                           std::string(lower_name_of(*upload.algorithm)) +
                           " checksum. The complete request must include the checksum for each "
                           "part. It was missing for part " +
                           std::to_string(named.number) + " in the request.");
  }
  if (!last && part.size < kPartBytesMin)
    return entity_too_small(part.size, named.number, part.etag);
  return {};
}

// The object that the named parts make together: its extents are theirs, one after the other.
Result<ObjectRecord> assemble(const engine::ReadView& view, const BucketRecord& bucket,
                              const Value& input, const UploadRecord& upload,
                              const std::vector<NamedPart>& named) {
  ObjectRecord object;
  object.headers = upload.headers;
  object.owner = upload.owner;
  object.acl = upload.acl;
  object.encryption = upload.encryption;
  object.lock = upload.lock;
  Hasher<Md5> etags;
  std::vector<PartChecksum> checksums;
  const Algorithm algorithm = algorithm_of(upload);
  for (std::size_t i = 0; i < named.size(); ++i) {
    CLOCHE_TRY(const row,
               view.get(kParts, part_key(bucket.id, input["UploadId"].text(), named[i].number)));
    if (!row) return invalid_part(input["UploadId"].text(), named[i].number, named[i].etag);
    CLOCHE_TRY(part, decode_part(*row));
    CLOCHE_TRY_VOID(check_part(input, upload, named[i], part, i + 1 == named.size()));
    Md5 etag;
    if (!from_hex(part.etag, etag)) return damaged("a part's row has no MD5");
    etags.update(etag);
    const std::string checksum = part.checksum ? part.checksum->value : std::string();
    checksums.push_back({.value = checksum, .size = part.size});
    // Checksums of single parts are told later only where the client wanted them.
    object.parts.push_back({.number = named[i].number,
                            .size = part.size,
                            .checksum = upload.algorithm ? checksum : std::string()});
    object.size += part.size;
    object.extents.insert(object.extents.end(), part.extents.begin(), part.extents.end());
  }
  object.etag = to_hex(etags.finish()) + "-" + std::to_string(named.size());
  object.upload_id = input["UploadId"].text();
  // S3 makes no checksum on its own where a client's key would be needed for it (recordings of AWS,
  // 2026-02).
  if (!upload.algorithm && upload.encryption.kind == EncryptionKind::Customer) return object;
  object.checksum = Checksum{.algorithm = algorithm,
                             .value = upload.composite ? composite_checksum(algorithm, checksums)
                                                       : combined_checksum(algorithm, checksums),
                             .composite = upload.composite};
  return object;
}

// A composite checksum may be given with the number of parts or without it: minio-go leaves it out, and S3
// takes both (github.com/minio/minio, issue 19670, which compares them).
bool same_checksum(std::string_view given, const Checksum& made) {
  if (given == made.value) return true;
  return made.composite && given == std::string_view(made.value).substr(0, made.value.rfind('-'));
}

// A checksum of the whole, which the request may give. One of the full object counts as such only if the
// request says so, where the algorithm's own type is the other (recordings of AWS, 2025-08). Where the upload
// began without an algorithm, one of another than S3's own choice is not looked at (recording, 2026-02).
Result<void> check_checksum(const Value& input, bool chosen, const Checksum& made) {
  for (const Algorithm algorithm : kAlgorithms) {
    const Value& given = input[member_of(algorithm)];
    if (!given || (!chosen && algorithm != made.algorithm)) continue;
    const bool type_is_clear =
        made.composite || algorithm == Algorithm::Crc64nvme || input["ChecksumType"].present();
    if (algorithm != made.algorithm || !same_checksum(given.text(), made) || !type_is_clear)
      return bad_checksum(lower_name_of(made.algorithm));
  }
  return {};
}

Result<void> check_whole(const Value& input, bool chosen, const ObjectRecord& object) {
  if (const Value& size = input["MpuObjectSize"];
      size && static_cast<std::uint64_t>(size.as_integer(0)) != object.size) {
    return invalid_request("The provided 'x-amz-mp-object-size' header value " +
                           std::to_string(size.as_integer(0)) +
                           " does not match what was computed: " + std::to_string(object.size));
  }
  if (object.size > kObjectBytesMax) return entity_too_large(object.size, kObjectBytesMax);
  if (!object.checksum) return {};
  return check_checksum(input, chosen, *object.checksum);
}

// `chosen`: the client chose the checksum's algorithm.
Value describe(protocol::Call& call, const BucketRecord& bucket, bool chosen,
               const ObjectRecord& object) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  Value output = Value::map();
  // With the key as one segment, its slashes escaped too, unlike POST's.
  const std::string location =
      call.base_url() + "/" + bucket.name + "/" + segment_encoded(input["Key"].text());
  output.add(arena, "Location", Value::string(arena, location));
  output.add(arena, "Bucket", input["Bucket"]);
  output.add(arena, "Key", input["Key"]);
  output.add(arena, "ETag", quoted_etag(arena, object.etag));
  // The one that S3 makes on its own is not told of an object under a key of KMS (recording of AWS,
  // 2026-02), but kept.
  const bool told = chosen || object.encryption.kind == EncryptionKind::S3;
  if (object.checksum && told) add_checksum(output, arena, *object.checksum);
  // Nothing is said of a client's key ("CompleteMultipartUpload", Response Syntax).
  if (object.encryption.kind != EncryptionKind::Customer)
    add_encryption(output, arena, object.encryption, input);
  add_new_version_id(output, arena, object.version_id);
  return output;
}

// A conditional completion fails if the key was written or deleted since the upload began: what the
// condition was made of is no longer sure ("Conditional writes", ConditionalRequestConflict).
Result<void> check_no_conflict(const Value& input, const UploadRecord& upload,
                               const std::optional<ObjectRecord>& newest) {
  if (!input["IfMatch"] && !input["IfNoneMatch"]) return {};
  if ((newest ? newest->rank : 0) == upload.newest_at_start) return {};
  return conditional_request_conflict(input["IfMatch"] ? "If-Match" : "If-None-Match",
                                      input["Key"].text());
}

// Completing an upload again with the same parts succeeds again, for as long as what came of it is the key's
// newest version: a client that lost the answer asks once more.
Result<std::optional<ObjectRecord>> completed_before(const engine::ReadView& view,
                                                     const BucketRecord& bucket,
                                                     std::string_view key,
                                                     std::string_view upload_id,
                                                     const std::vector<NamedPart>& named) {
  CLOCHE_TRY(newest, find_newest(view, bucket, key));
  const bool same =
      newest && newest->upload_id == upload_id &&
      std::ranges::equal(newest->parts, named, {}, &ObjectPart::number, &NamedPart::number);
  if (!same) newest.reset();
  return newest;
}

// Directory buckets: "you must use consecutive part numbers ... starting from 1".
Result<void> check_consecutive(std::string_view upload_id, const std::vector<NamedPart>& named) {
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (named[i].number != static_cast<std::int64_t>(i) + 1)
      return invalid_part(upload_id, named[i].number, named[i].etag);
  }
  return {};
}

// A client's key need not come with the request, but if it does it is the upload's.
Result<void> check_given_key(const Value& input, const UploadRecord& upload) {
  CLOCHE_TRY(const key, read_customer_key(input, KeyUse::Encrypt));
  if (!key) return {};
  return check_key_of_upload(upload.encryption, key);
}

Result<Value> apply_complete(engine::WriteTxn& txn, protocol::Call& call,
                             const std::vector<NamedPart>& named) {
  const Value& input = call.input();
  const std::string_view key = input["Key"].text();
  const std::string_view upload_id = input["UploadId"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  auto found = find_upload(txn, bucket, key, upload_id);
  if (!found) {
    CLOCHE_TRY(const before, completed_before(txn, bucket, key, upload_id, named));
    if (before) return describe(call, bucket, before->checksum.has_value(), *before);
  }
  CLOCHE_TRY(const upload, std::move(found));
  if (named.empty()) {
    return input["MultipartUpload"] ? malformed_xml()
                                    : invalid_request("You must specify at least one part");
  }
  if (bucket.is_directory()) CLOCHE_TRY_VOID(check_consecutive(upload_id, named));
  CLOCHE_TRY_VOID(check_given_key(input, upload));
  CLOCHE_TRY_VOID(check_checksum_mode(input, upload));
  CLOCHE_TRY(const newest, find_newest(txn, bucket, key));
  CLOCHE_TRY_VOID(check_write_conditions(input, key, newest));
  CLOCHE_TRY_VOID(check_no_conflict(input, upload, newest));
  CLOCHE_TRY(object, assemble(txn, bucket, input, upload, named));
  CLOCHE_TRY_VOID(check_whole(input, upload.algorithm.has_value(), object));

  std::vector<std::int64_t> kept;
  for (const NamedPart& part : named) kept.push_back(part.number);
  CLOCHE_TRY_VOID(erase_upload(txn, bucket.id, key, upload_id, kept));
  CLOCHE_TRY_VOID(plan_replication(txn, bucket, key, object));
  CLOCHE_TRY(const stored, store_newest(txn, bucket, key, std::move(object)));
  CLOCHE_TRY_VOID(tell(txn, bucket, EventKind::CreatedComplete, call, key, stored));
  Value output = describe(call, bucket, upload.algorithm.has_value(), stored);
  CLOCHE_TRY_VOID(add_expiration(output, call.arena(), txn, bucket, key, stored));
  return output;
}

}  // namespace

void complete_multipart_upload(S3& s3, const CallPtr& call) {
  if (auto planned = plan_write_conditions(call->input()); !planned)
    return call->fail(std::move(planned).error());
  auto parts = plan_parts(call->input());
  if (!parts) return call->fail(std::move(parts).error());
  commit(s3, call, [call, parts = *std::move(parts)](engine::WriteTxn& txn) {
    return apply_complete(txn, *call, parts);
  });
}

}  // namespace cloche::s3
