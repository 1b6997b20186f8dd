#include <algorithm>

#include "base/time_text.h"
#include "s3/conditions.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/object_lock.h"
#include "s3/ranges.h"
#include "s3/restore.h"
#include "s3/stored_body.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

// The part of an object that a request wants.
struct Selection {
  ByteRange range;
  bool partial = false;                    // Answered with 206 and Content-Range.
  std::optional<std::size_t> parts_count;  // When asked for by part number.
  std::string part_checksum;               // Of that part, if it has one.
};

Result<Selection> select_part(const ObjectRecord& object, std::int64_t number) {
  if (object.parts.empty()) {
    if (number != 1) return invalid_part_number(number, 1);
    return Selection{.range = {0, object.size},
                     .partial = object.size > 0,
                     .parts_count = {},
                     .part_checksum = {}};
  }
  std::uint64_t first = 0;
  // Parts may have been numbered with gaps; a reader counts them from one.
  for (std::size_t i = 0; i < object.parts.size(); ++i) {
    const ObjectPart& part = object.parts[i];
    if (static_cast<std::int64_t>(i + 1) == number) {
      return Selection{.range = {first, part.size},
                       .partial = true,
                       .parts_count = object.parts.size(),
                       .part_checksum = part.checksum};
    }
    first += part.size;
  }
  return invalid_part_number(number, object.parts.size());
}

Result<Selection> select(const protocol::Call& call, const ObjectRecord& object) {
  const Value& input = call.input();
  const Value& range = input["Range"];
  if (const Value& part_number = input["PartNumber"]) {
    if (range)
      return invalid_request("Cannot specify both Range header and partNumber query parameter");
    return select_part(object, part_number.as_integer(0));
  }
  CLOCHE_TRY(const part, parse_range(range.text(), object.size));
  if (!part)
    return Selection{
        .range = {0, object.size}, .partial = false, .parts_count = {}, .part_checksum = {}};
  return Selection{.range = *part, .partial = true, .parts_count = {}, .part_checksum = {}};
}

// "ENABLED" in any letters (recording of AWS, 2025-08).
bool asks_for_checksum(const Value& mode) {
  constexpr std::string_view kEnabled = "enabled";
  return std::ranges::equal(mode.text(), kEnabled, [](char a, char b) { return (a | 0x20) == b; });
}

// A part has a checksum of its own only where the object's is made of those; one of the full object is
// told only with all of its bytes.
void add_checksum_if_asked(Value& output, protocol::Call& call, const ObjectRecord& object,
                           const Selection& selection) {
  if (!object.checksum || !asks_for_checksum(call.input()["ChecksumMode"])) return;
  const bool of_a_part = selection.parts_count && object.checksum->composite;
  if (!of_a_part && selection.range.length == object.size)
    return add_checksum(output, call.arena(), *object.checksum);
  if (!of_a_part || selection.part_checksum.empty()) return;
  add_checksum(output, call.arena(),
               {.algorithm = object.checksum->algorithm,
                .value = selection.part_checksum,
                .composite = object.checksum->composite});
}

Value describe(protocol::Call& call, const BucketRecord& bucket, const ObjectRecord& object,
               const Selection& selection, Instant now) {
  Arena& arena = call.arena();
  Value output = Value::map();
  output.add(arena, "AcceptRanges", Value::string("bytes"));
  output.add(arena, "LastModified", Value::timestamp(object.modified));
  output.add(arena, "ETag", quoted_etag(arena, object.etag));
  add_encryption(output, arena, object.encryption, call.input());
  add_version_id(output, arena, bucket, object.version_id);
  add_object_headers(output, call, object.headers);
  add_lock(output, arena, object.lock);
  if (!object.replication.empty())
    output.add(arena, "ReplicationStatus", Value::string(arena, object.replication));
  if (object.restored_until) {
    const std::string restore = restore_text(object, now);
    if (!restore.empty()) output.add(arena, "Restore", Value::string(arena, restore));
  }
  add_checksum_if_asked(output, call, object, selection);
  if (selection.parts_count)
    output.add(arena, "PartsCount",
               Value::integer(static_cast<std::int64_t>(*selection.parts_count)));
  if (selection.partial) {
    const ByteRange& range = selection.range;
    const std::uint64_t last = range.length == 0 ? range.first : range.first + range.length - 1;
    output.add(arena, "ContentRange",
               Value::string(arena, "bytes " + std::to_string(range.first) + "-" +
                                        std::to_string(last) + "/" + std::to_string(object.size)));
    call.set_status(206);
  }
  return output;
}

// The version that a GET or HEAD means; refuses delete markers as S3 does, with the headers that
// tell of them.
Result<ObjectRecord> find_readable(const engine::ReadView& view, protocol::Call& call,
                                   const BucketRecord& bucket) {
  const Value& input = call.input();
  const std::string_view key = input["Key"].text();
  const Value& version_id = input["VersionId"];
  if (version_id && version_id.text().empty())
    return invalid_argument("Version id cannot be the empty string", "versionId", "");
  CLOCHE_TRY(object, find_version(view, bucket, key, version_id.text()));
  if (!object.delete_marker) return object;
  call.set_header("x-amz-delete-marker", "true");
  call.set_header("x-amz-version-id", shown_version_id(object.version_id));
  if (!version_id) return no_such_key(key);
  call.set_header("Allow", "DELETE");
  call.set_header("Last-Modified", http_date(object.modified));
  return method_not_allowed(call.http().method());
}

// The client's key where it is the object's; nothing where neither has one.
Result<std::optional<CustomerKey>> read_key(const protocol::Call& call,
                                            const ObjectRecord& object) {
  CLOCHE_TRY(key, read_customer_key(call.input(), KeyUse::Decrypt));
  CLOCHE_TRY_VOID(check_customer_key(object.encryption, key));
  return key;
}

Result<void> check_conditions(protocol::Call& call, const BucketRecord& bucket,
                              const ObjectRecord& object, Instant now) {
  auto checked = check_read_conditions(call.input(), object, now);
  if (!checked && checked.error().http_status == 304) {
    // A 304 tells what a 200 would have told of the cached copy (RFC 9110, section 15.4.5).
    call.set_header("ETag", "\"" + object.etag + "\"");
    call.set_header("Last-Modified", http_date(object.modified));
    if (!object.version_id.empty() || bucket.versioning != Versioning::Off)
      call.set_header("x-amz-version-id", shown_version_id(object.version_id));
  }
  return checked;
}

void read_object(S3& s3, const CallPtr& call, bool with_body) {
  const std::shared_ptr<const engine::ReadView> view = s3.store().view();
  const auto read = [&]() -> Result<void> {
    CLOCHE_TRY_VOID(check_key(call->input()["Key"].text()));
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY_VOID(refuse_encryption_headers(*call));
    CLOCHE_TRY_VOID(check_overrides(*call));
    CLOCHE_TRY(const object, find_readable(*view, *call, bucket));
    CLOCHE_TRY(const key, read_key(*call, object));
    const Instant now = s3.store().clock().now();
    if (with_body) {
      CLOCHE_TRY_VOID(check_not_archived(object, now));
      CLOCHE_TRY_VOID(check_kms_key(*view, object.encryption));
    }
    CLOCHE_TRY_VOID(check_conditions(*call, bucket, object, now));
    CLOCHE_TRY(const selection, select(*call, object));
    Value output = describe(*call, bucket, object, selection, now);
    // Told of the current version alone, and not to who names it (recording of AWS, 2024).
    if (!call->input()["VersionId"])
      CLOCHE_TRY_VOID(add_expiration(output, call->arena(), *view, bucket,
                                     call->input()["Key"].text(), object));
    if (!with_body) {
      output.add(call->arena(), "ContentLength",
                 Value::integer(static_cast<std::int64_t>(selection.range.length)));
      call->reply(output);
      return {};
    }
    CLOCHE_TRY(body, segments_of(s3.store(), view, object.extents, selection.range,
                                 key ? &*key : nullptr));
    call->reply(output, std::move(body));
    return {};
  };
  if (auto done = read(); !done) call->fail(std::move(done).error());
}

Value parts_of(Arena& arena, const protocol::Call& call, const ObjectRecord& object) {
  const std::int64_t marker = call.input()["PartNumberMarker"].as_integer(0);
  const std::int64_t max_parts =
      std::min<std::int64_t>(call.input()["MaxParts"].as_integer(1000), 1000);
  Value parts = Value::map();
  Value list = Value::list();
  std::int64_t last = 0;
  bool truncated = false;
  for (const ObjectPart& part : object.parts) {
    if (part.number <= marker) continue;
    if (static_cast<std::int64_t>(list.size()) == max_parts) {
      truncated = true;
      break;
    }
    Value item = Value::map();
    item.add(arena, "PartNumber", Value::integer(part.number));
    item.add(arena, "Size", Value::integer(static_cast<std::int64_t>(part.size)));
    if (!part.checksum.empty())
      item.add(arena, member_of(object.checksum->algorithm), Value::string(arena, part.checksum));
    list.push(arena, item);
    last = part.number;
  }
  parts.add(arena, "TotalPartsCount",
            Value::integer(static_cast<std::int64_t>(object.parts.size())));
  // Sizes of single parts are told only of objects whose parts have checksums of their own
  // (GetObjectAttributes' documentation).
  if (object.checksum && object.checksum->composite) {
    parts.add(arena, "PartNumberMarker", Value::integer(marker));
    parts.add(arena, "NextPartNumberMarker", Value::integer(last));
    parts.add(arena, "MaxParts", Value::integer(max_parts));
    parts.add(arena, "IsTruncated", Value::boolean(truncated));
    parts.add(arena, "Parts", list);
  }
  return parts;
}

bool asks_for(const Value& attributes, std::string_view name) {
  return std::any_of(attributes.items().begin(), attributes.items().end(),
                     [&](const Value& item) { return item.text() == name; });
}

}  // namespace

void get_object(S3& s3, const CallPtr& call) { read_object(s3, call, true); }

void head_object(S3& s3, const CallPtr& call) { read_object(s3, call, false); }

// BitTorrent ended in 2022 ("Retrieving Amazon S3 objects using BitTorrent"): there is a torrent of no
// object. Nobody has published what AWS answers since.
void get_object_torrent(S3& s3, const CallPtr& call) {
  if (auto bucket = find_bucket(*s3.store().view(), call->input()); !bucket)
    return call->fail(std::move(bucket).error());
  call->fail(no_such_key(call->input()["Key"].text()));
}

void get_object_attributes(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY_VOID(refuse_encryption_headers(*call));
    CLOCHE_TRY(const object, find_readable(*view, *call, bucket));
    CLOCHE_TRY_VOID(read_key(*call, object));
    Arena& arena = call->arena();
    const Value& asked = call->input()["ObjectAttributes"];
    Value output = Value::map();
    output.add(arena, "LastModified", Value::timestamp(object.modified));
    add_version_id(output, arena, bucket, object.version_id);
    if (asks_for(asked, "ETag")) output.add(arena, "ETag", Value::string(arena, object.etag));
    if (asks_for(asked, "Checksum") && object.checksum) {
      Value checksum = Value::map();
      // Without the number of parts, which is told by itself.
      Checksum plain = *object.checksum;
      plain.value.resize(std::min(plain.value.size(), plain.value.find('-')));
      add_checksum(checksum, arena, plain);
      output.add(arena, "Checksum", checksum);
    }
    if (asks_for(asked, "ObjectParts") && !object.parts.empty())
      output.add(arena, "ObjectParts", parts_of(arena, *call, object));
    if (asks_for(asked, "StorageClass")) {
      output.add(arena, "StorageClass",
                 Value::string(arena, object.headers.storage_class.empty()
                                          ? std::string_view("STANDARD")
                                          : object.headers.storage_class));
    }
    if (asks_for(asked, "ObjectSize"))
      output.add(arena, "ObjectSize", Value::integer(static_cast<std::int64_t>(object.size)));
    return output;
  }());
}

}  // namespace cloche::s3
