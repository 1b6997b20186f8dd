#include "s3/access.h"
#include "s3/conditions.h"
#include "s3/directory.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/limits.h"
#include "s3/names.h"
#include "s3/object_lock.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

Result<Deleted> remove_one(engine::WriteTxn& txn, const BucketRecord& bucket, std::string_view key,
                           std::string_view version_id, bool bypass, const protocol::Call& call) {
  const bool newest = version_id.empty();
  CLOCHE_TRY(const deleted, newest ? delete_newest(txn, bucket, key)
                                   : delete_version(txn, bucket, key, version_id, bypass));
  if (!wants_events(bucket) && !bucket.has(Setting::Replication)) return deleted;
  ObjectRecord removed;
  removed.version_id = deleted.version_id == "null" && newest ? std::string() : deleted.version_id;
  removed.delete_marker = newest && deleted.delete_marker;
  // Deleting what is not there is told too (recording of AWS, 2022).
  CLOCHE_TRY_VOID(tell(txn, bucket,
                       removed.delete_marker ? EventKind::RemovedMarker : EventKind::RemovedDelete,
                       call, key, removed));
  return deleted;
}

Result<void> check_if_match(const engine::ReadView& view, const BucketRecord& bucket,
                            std::string_view key, const Value& if_match) {
  if (!if_match) return {};
  CLOCHE_TRY(const newest, find_newest(view, bucket, key));
  if (!newest || newest->delete_marker) return no_such_key(key);
  if (!etag_matches(if_match.text(), newest->etag)) return precondition_failed("If-Match");
  return {};
}

// Conditions that directory buckets alone have ("DeleteObject", If-Match-Size and its kin).
Result<void> check_if_same(const engine::ReadView& view, const BucketRecord& bucket,
                           std::string_view key, const Value& size, const Value& modified) {
  if (!size && !modified) return {};
  CLOCHE_TRY(const newest, find_newest(view, bucket, key));
  if (!newest) return no_such_key(key);
  if (size && static_cast<std::uint64_t>(size.as_integer(-1)) != newest->size)
    return precondition_failed("x-amz-if-match-size");
  const auto at = modified.as_timestamp();
  const auto second = [](Instant time) { return std::chrono::floor<std::chrono::seconds>(time); };
  if (modified && (!at || second(*at) != second(newest->modified)))
    return precondition_failed("x-amz-if-match-last-modified-time");
  return {};
}

Value describe_deleted(Arena& arena, std::string_view key, std::string_view asked_version,
                       const Deleted& deleted) {
  Value item = Value::map();
  item.add(arena, "Key", Value::string(arena, key));
  if (!asked_version.empty()) item.add(arena, "VersionId", Value::string(arena, asked_version));
  if (deleted.delete_marker) {
    item.add(arena, "DeleteMarker", Value::boolean(true));
    item.add(arena, "DeleteMarkerVersionId", Value::string(arena, deleted.version_id));
  }
  return item;
}

Value describe_error(Arena& arena, std::string_view key, std::string_view version_id,
                     const Error& error) {
  Value item = Value::map();
  item.add(arena, "Code", Value::string(arena, error.code));
  item.add(arena, "Key", Value::string(arena, key));
  item.add(arena, "Message", Value::string(arena, error.message));
  if (!version_id.empty()) item.add(arena, "VersionId", Value::string(arena, version_id));
  return item;
}

Result<Value> apply_delete_objects(S3& s3, engine::WriteTxn& txn, protocol::Call& call) {
  Arena& arena = call.arena();
  const Value& input = call.input();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(const bypass, read_bypass(call, bucket));
  const bool quiet = input["Delete"]["Quiet"].as_bool();
  Value deleted = Value::list();
  Value errors = Value::list();
  for (const Value& object : input["Delete"]["Objects"].items()) {
    const std::string_view key = object["Key"].text();
    const std::string_view version_id = object["VersionId"].text();
    auto checked = judge_object(s3, txn, call, "DeleteObject", bucket, key, version_id);
    if (checked) checked = check_if_match(txn, bucket, key, object["ETag"]);
    if (checked && bucket.is_directory())
      checked = check_if_same(txn, bucket, key, object["Size"], object["LastModifiedTime"]);
    auto removed = checked ? remove_one(txn, bucket, key, version_id, bypass, call)
                           : Result<Deleted>(std::move(checked).error());
    if (!removed && removed.error().code == "InvalidArgument" && !version_id.empty())
      removed = no_such_version(key, version_id);  // Unlike DeleteObject (recording of AWS, 2025).
    if (removed) {
      if (!quiet) deleted.push(arena, describe_deleted(arena, key, version_id, *removed));
    } else if (removed.error().kind == Error::Kind::Refused) {
      errors.push(arena, describe_error(arena, key, version_id, removed.error()));
    } else {
      return std::move(removed)
          .error();  // A fault of the store fails all: nothing of a half-done answer may stand.
    }
  }
  Value output = Value::map();
  if (!deleted.empty()) output.add(arena, "Deleted", deleted);
  if (!errors.empty()) output.add(arena, "Errors", errors);
  return output;
}

}  // namespace

void delete_object(S3& s3, const CallPtr& call) {
  const Value& input = call->input();
  if (!is_directory_name(input["Bucket"].text())) {
    if (input["IfMatchLastModifiedTime"])
      return call->fail(header_not_implemented("x-amz-if-match-last-modified-time", ""));
    if (input["IfMatchSize"]) return call->fail(header_not_implemented("x-amz-if-match-size", ""));
  }
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& asked = call->input();
    const std::string_view key = asked["Key"].text();
    CLOCHE_TRY(const bucket, find_bucket(txn, asked));
    CLOCHE_TRY(const bypass, read_bypass(*call, bucket));
    CLOCHE_TRY_VOID(check_if_match(txn, bucket, key, asked["IfMatch"]));
    CLOCHE_TRY_VOID(
        check_if_same(txn, bucket, key, asked["IfMatchSize"], asked["IfMatchLastModifiedTime"]));
    CLOCHE_TRY(const deleted,
               remove_one(txn, bucket, key, asked["VersionId"].text(), bypass, *call));
    Value output = Value::map();
    if (deleted.delete_marker) output.add(call->arena(), "DeleteMarker", Value::boolean(true));
    if (!deleted.version_id.empty())
      output.add(call->arena(), "VersionId", Value::string(call->arena(), deleted.version_id));
    return output;
  });
}

void delete_objects(S3& s3, const CallPtr& call) {
  const Value& objects = call->input()["Delete"]["Objects"];
  if (objects.empty() || objects.size() > kDeleteObjectsMax) return call->fail(malformed_xml());
  if (auto digested = require_body_digest(*call); !digested)
    return call->fail(std::move(digested).error());
  commit(s3, call,
         [&s3, call](engine::WriteTxn& txn) { return apply_delete_objects(s3, txn, *call); });
}

}  // namespace cloche::s3
