#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/listing.h"
#include "s3/uploads.h"

namespace cloche::s3 {
namespace {

void add_storage_class(Value& item, Arena& arena, const ObjectHeaders& headers) {
  item.add(arena, "StorageClass",
           headers.storage_class.empty() ? Value::string("STANDARD")
                                         : Value::string(arena, headers.storage_class));
}

// Unlike an owner it has a name still.
void add_initiator(Value& output, Arena& arena, const UploadRecord& upload) {
  Value initiator = Value::map();
  initiator.add(arena, "ID", Value::string(arena, canonical_id(upload.account)));
  initiator.add(arena, "DisplayName", Value::string(arena, upload.account));
  output.add(arena, "Initiator", initiator);
}

void add_checksum_mode(Value& item, Arena& arena, const UploadRecord& upload) {
  if (!upload.algorithm) return;
  item.add(arena, "ChecksumAlgorithm", Value::string(name_of(*upload.algorithm)));
  item.add(arena, "ChecksumType", Value::string(upload.composite ? "COMPOSITE" : "FULL_OBJECT"));
}

std::string upload_id_of(std::string_view row_key) {
  engine::KeyReader reader(row_key);
  reader.integer();
  reader.text();
  return reader.text();
}

Value describe_upload(Arena& arena, const ListQuery& query, std::string_view key,
                      std::string_view upload_id, const UploadRecord& upload) {
  Value item = Value::map();
  item.add(arena, "UploadId", Value::string(arena, upload_id));
  item.add(arena, "Key", shown(arena, query, key));
  item.add(arena, "Initiated", Value::timestamp(upload.initiated));
  add_storage_class(item, arena, upload.headers);
  add_owner(item, arena, "Owner", upload.account);
  add_initiator(item, arena, upload);
  add_checksum_mode(item, arena, upload);
  return item;
}

Value describe_part(Arena& arena, std::int64_t number, const UploadRecord& upload,
                    const PartRecord& part) {
  Value item = Value::map();
  item.add(arena, "PartNumber", Value::integer(number));
  item.add(arena, "LastModified", Value::timestamp(part.modified));
  item.add(arena, "ETag", quoted_etag(arena, part.etag));
  item.add(arena, "Size", Value::integer(static_cast<std::int64_t>(part.size)));
  if (upload.algorithm && part.checksum)
    item.add(arena, member_of(part.checksum->algorithm),
             Value::string(arena, part.checksum->value));
  return item;
}

}  // namespace

void list_multipart_uploads(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    CLOCHE_TRY(const query, read_list_query(input, "MaxUploads", "max-uploads"));
    CLOCHE_TRY(const bucket, find_bucket(*view, input));
    const std::string_view key_marker = input["KeyMarker"].text();
    // Without a key marker the upload id marker is ignored ("ListMultipartUploads").
    const std::string_view id_marker =
        key_marker.empty() ? std::string_view() : input["UploadIdMarker"].text();
    if (!id_marker.empty()) {
      CLOCHE_TRY(const row, view->get(kUploads, upload_key(bucket.id, key_marker, id_marker)));
      if (!row) return invalid_argument("Invalid uploadId marker", "upload-id-marker", id_marker);
    }
    Value uploads = Value::list();
    Value prefixes = Value::list();
    std::string last_id;
    CLOCHE_TRY(const end, walk(
                              *view, kUploads, bucket.id, query,
                              {.after = std::string(key_marker), .inclusive = !id_marker.empty()},
                              [&](std::string_view key, std::string_view row_key,
                                  std::string_view value) -> Result<bool> {
                                std::string id = upload_id_of(row_key);
                                if (key == key_marker && id <= id_marker) return false;
                                CLOCHE_TRY(const upload, decode_upload(value));
                                uploads.push(arena, describe_upload(arena, query, key, id, upload));
                                last_id = std::move(id);
                                return true;
                              },
                              [&](std::string_view prefix) {
                                push_common_prefix(prefixes, arena, query, prefix);
                                last_id.clear();
                              }));
    Value output = Value::map();
    output.add(arena, "Bucket", Value::string(arena, bucket.name));
    output.add(arena, "KeyMarker", shown(arena, query, key_marker));
    output.add(arena, "UploadIdMarker", Value::string(id_marker));
    // Always there, and empty where no upload is listed by itself (recordings of AWS, 2025).
    output.add(arena, "NextKeyMarker",
               uploads.empty() ? Value::string("") : shown(arena, query, end.last));
    output.add(arena, "NextUploadIdMarker", Value::string(arena, last_id));
    // Unlike the listings of objects, this one has no prefix if none was asked for.
    if (!query.prefix.empty()) output.add(arena, "Prefix", shown(arena, query, query.prefix));
    add_rest_of_query(output, arena, query);
    output.add(arena, "MaxUploads", Value::integer(query.max));
    output.add(arena, "IsTruncated", Value::boolean(end.truncated));
    if (!uploads.empty()) output.add(arena, "Uploads", uploads);
    if (!prefixes.empty()) output.add(arena, "CommonPrefixes", prefixes);
    return output;
  }());
}

void list_parts(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    const Value& input = call->input();
    Arena& arena = call->arena();
    const std::string_view upload_id = input["UploadId"].text();
    CLOCHE_TRY(const bucket, find_bucket(*view, input));
    CLOCHE_TRY(const upload, find_upload(*view, bucket, input["Key"].text(), upload_id));
    const std::int64_t max = std::min(input["MaxParts"].as_integer(kListMax), kListMax);
    const std::int64_t marker = input["PartNumberMarker"].as_integer(0);
    engine::KeyRange range = parts_of_upload(bucket.id, upload_id);
    if (marker > 0) range.from = part_key(bucket.id, upload_id, marker + 1);

    Value parts = Value::list();
    std::int64_t last = 0;
    const auto cursor = view->scan(kParts, range);
    for (; cursor->valid() && static_cast<std::int64_t>(parts.size()) < max; cursor->next()) {
      engine::KeyReader reader(cursor->key());
      reader.integer();
      reader.text();
      last = reader.integer();
      CLOCHE_TRY(const part, decode_part(cursor->value()));
      parts.push(arena, describe_part(arena, last, upload, part));
    }
    CLOCHE_TRY_VOID(cursor->status());
    Value output = Value::map();
    output.add(arena, "Bucket", Value::string(arena, bucket.name));
    output.add(arena, "Key", input["Key"]);
    output.add(arena, "UploadId", input["UploadId"]);
    CLOCHE_TRY_VOID(add_abort(output, arena, *view, bucket, input["Key"].text(), upload.initiated));
    output.add(arena, "PartNumberMarker", Value::integer(marker));
    output.add(arena, "NextPartNumberMarker", Value::integer(last));
    output.add(arena, "MaxParts", Value::integer(max));
    output.add(arena, "IsTruncated", Value::boolean(max > 0 && cursor->valid()));
    if (!parts.empty()) output.add(arena, "Parts", parts);
    add_initiator(output, arena, upload);
    add_owner(output, arena, "Owner", upload.account);
    add_storage_class(output, arena, upload.headers);
    add_checksum_mode(output, arena, upload);
    return output;
  }());
}

}  // namespace cloche::s3
