#include "s3/event_messages.h"

#include <cstdio>

#include "base/digest.h"
#include "base/json.h"
#include "base/time_text.h"
#include "s3/names.h"

namespace cloche::s3 {
namespace {

// What each kind is called, and where.
struct Names {
  std::string_view api;      // In configurations; without "s3:" it is a record's eventName.
  std::string_view version;  // eventVersion.
  std::string_view detail_type, reason, deletion;  // On EventBridge.
};

Names names_of(EventKind kind) {
  constexpr std::string_view kGone = "Permanently Deleted", kMarked = "Delete Marker Created";
  switch (kind) {
    case EventKind::CreatedPut:
      return {"s3:ObjectCreated:Put", "2.1", "Object Created", "PutObject", ""};
    case EventKind::CreatedPost:
      return {"s3:ObjectCreated:Post", "2.1", "Object Created", "POST Object", ""};
    case EventKind::CreatedCopy:
      return {"s3:ObjectCreated:Copy", "2.1", "Object Created", "CopyObject", ""};
    case EventKind::CreatedComplete:
      return {"s3:ObjectCreated:CompleteMultipartUpload", "2.1", "Object Created",
              "CompleteMultipartUpload", ""};
    case EventKind::RemovedDelete:
      return {"s3:ObjectRemoved:Delete", "2.1", "Object Deleted", "DeleteObject", kGone};
    case EventKind::RemovedMarker:
      return {"s3:ObjectRemoved:DeleteMarkerCreated", "2.1", "Object Deleted", "DeleteObject",
              kMarked};
    case EventKind::RestorePost:
      return {"s3:ObjectRestore:Post", "2.1", "Object Restore Initiated", "", ""};
    case EventKind::RestoreCompleted:
      return {"s3:ObjectRestore:Completed", "2.1", "Object Restore Completed", "", ""};
    case EventKind::RestoreDelete:
      return {"s3:ObjectRestore:Delete", "2.1", "Object Restore Expired", "", ""};
    case EventKind::TaggingPut:
      return {"s3:ObjectTagging:Put", "2.3", "Object Tags Added", "", ""};
    case EventKind::TaggingDelete:
      return {"s3:ObjectTagging:Delete", "2.3", "Object Tags Deleted", "", ""};
    case EventKind::AclPut:
      return {"s3:ObjectAcl:Put", "2.3", "Object ACL Updated", "", ""};
    case EventKind::ExpirationDelete:
      return {"s3:LifecycleExpiration:Delete", "2.3", "Object Deleted", "Lifecycle Expiration",
              kGone};
    case EventKind::ExpirationMarker:
      return {"s3:LifecycleExpiration:DeleteMarkerCreated", "2.3", "Object Deleted",
              "Lifecycle Expiration", kMarked};
    case EventKind::Transition:
      return {"s3:LifecycleTransition", "2.3", "Object Storage Class Changed", "", ""};
  }
  return {};
}

// ACLs and tags are no changes of the object, so they have no size and no place in its sequence.
bool changes_object(EventKind kind) {
  return kind != EventKind::TaggingPut && kind != EventKind::TaggingDelete &&
         kind != EventKind::AclPut;
}
bool is_removal(EventKind kind) {
  return kind == EventKind::RemovedDelete || kind == EventKind::ExpirationDelete;
}
bool is_marker(EventKind kind) {
  return kind == EventKind::RemovedMarker || kind == EventKind::ExpirationMarker;
}

bool is_restore(EventKind kind) {
  return kind == EventKind::RestorePost || kind == EventKind::RestoreCompleted ||
         kind == EventKind::RestoreDelete;
}
// S3 itself did it, for the bucket's owner.
bool is_own(EventKind kind) {
  return kind == EventKind::RestoreCompleted || kind == EventKind::RestoreDelete;
}

// What AWS shows of an account here: "A3NL1KOZZKEXAMPLE". Made up from the account, so that it
// stays the same.
std::string principal_id(std::string_view account) {
  const Sha256 digest = sha256(as_bytes("cloche principal " + std::string(account)));
  std::string id = "A";
  for (std::size_t i = 0; i < 13; ++i)
    id += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[std::to_integer<unsigned>(digest[i]) & 31];
  return id;
}

// Hexadecimal of a fixed length, so that texts compare as the order of events does.
std::string sequencer(const Happening& happening) {
  char text[24];
  const auto at = static_cast<unsigned long long>(happening.at.time_since_epoch().count());
  std::snprintf(text, sizeof text, "%014llX%04llX", at,
                static_cast<unsigned long long>(happening.sequence) & 0xffff);
  return text;
}

constexpr std::string_view kItself = "s3.amazonaws.com";
constexpr std::string_view kEmptyETag = "d41d8cd98f00b204e9800998ecf8427e";

// The object in the words of the two kinds of messages.
struct ObjectWords {
  std::string_view etag, version_id;
};

Value object_of(Arena& arena, const Happening& happening, ObjectWords words, bool encode_key) {
  const ObjectRecord& object = happening.object;
  Value out = Value::map();
  out.add(arena, "key",
          Value::string(arena, encode_key ? url_encoded(happening.key) : happening.key));
  const bool removed = is_removal(happening.kind) || is_marker(happening.kind);
  if (!removed && changes_object(happening.kind))
    out.add(arena, "size", Value::integer(static_cast<std::int64_t>(object.size)));
  if (is_marker(happening.kind)) {
    out.add(arena, words.etag, Value::string(kEmptyETag));
  } else if (!removed) {
    out.add(arena, words.etag, Value::string(arena, object.etag));
  }
  if (!object.version_id.empty())
    out.add(arena, words.version_id, Value::string(arena, object.version_id));
  // EventBridge is told of no place for restores (recording of AWS, 2025-01).
  if (changes_object(happening.kind) && (encode_key || !is_restore(happening.kind)))
    out.add(arena, "sequencer", Value::string(arena, sequencer(happening)));
  return out;
}

Value one(Arena& arena, std::string_view name, Value value) {
  Value map = Value::map();
  map.add(arena, name, value);
  return map;
}

Value bucket_of(Arena& arena, const BucketRecord& bucket) {
  Value out = Value::map();
  out.add(arena, "name", Value::string(arena, bucket.name));
  out.add(arena, "ownerIdentity",
          one(arena, "principalId", Value::string(arena, principal_id(bucket.account))));
  out.add(arena, "arn", Value::string(arena, "arn:aws:s3:::" + bucket.name));
  return out;
}

std::string user_of(const Happening& happening) {
  const Cause& cause = happening.cause;
  if (is_own(happening.kind)) return "AmazonCustomer:" + principal_id(happening.bucket.account);
  return cause.account.empty() ? "s3.amazonaws.com" : "AWS:" + principal_id(cause.account);
}

Value record_of(Arena& arena, const Happening& happening, std::string_view configuration_id) {
  const Names names = names_of(happening.kind);
  const Cause& cause = happening.cause;
  Value record = Value::map();
  record.add(arena, "eventVersion", Value::string(names.version));
  record.add(arena, "eventSource", Value::string("aws:s3"));
  record.add(arena, "awsRegion", Value::string(arena, happening.bucket.region));
  record.add(arena, "eventTime", Value::string(arena, iso8601_milliseconds(happening.at)));
  record.add(arena, "eventName", Value::string(names.api.substr(3)));
  record.add(arena, "userIdentity",
             one(arena, "principalId", Value::string(arena, user_of(happening))));
  record.add(arena, "requestParameters",
             one(arena, "sourceIPAddress",
                 Value::string(is_own(happening.kind) ? kItself : cause.source_ip)));
  Value response = Value::map();
  response.add(arena, "x-amz-request-id", Value::string(cause.request_id));
  response.add(arena, "x-amz-id-2", Value::string(cause.host_id));
  record.add(arena, "responseElements", response);
  Value s3 = Value::map();
  s3.add(arena, "s3SchemaVersion", Value::string("1.0"));
  s3.add(arena, "configurationId", Value::string(arena, configuration_id));
  s3.add(arena, "bucket", bucket_of(arena, happening.bucket));
  s3.add(arena, "object", object_of(arena, happening, {"eTag", "versionId"}, true));
  record.add(arena, "s3", s3);
  return record;
}

Value detail_of(Arena& arena, const Happening& happening) {
  const Names names = names_of(happening.kind);
  const Cause& cause = happening.cause;
  Value detail = Value::map();
  detail.add(arena, "version", Value::string("0"));
  detail.add(arena, "bucket", one(arena, "name", Value::string(arena, happening.bucket.name)));
  detail.add(arena, "object", object_of(arena, happening, {"etag", "version-id"}, false));
  detail.add(arena, "request-id", Value::string(cause.request_id));
  const bool itself = cause.account.empty() || is_own(happening.kind);
  detail.add(arena, "requester", Value::string(itself ? kItself : std::string_view(cause.account)));
  if (!itself) detail.add(arena, "source-ip-address", Value::string(cause.source_ip));
  if (happening.kind == EventKind::RestoreCompleted && happening.object.restored_until)
    detail.add(arena, "restore-expiry-time",
               Value::string(arena, iso8601(*happening.object.restored_until)));
  if (is_restore(happening.kind))
    detail.add(arena, "source-storage-class",
               Value::string(happening.object.headers.storage_class));
  // "Amazon S3 event message: Object Storage Class Changed".
  if (happening.kind == EventKind::Transition)
    detail.add(arena, "destination-storage-class",
               Value::string(happening.object.headers.storage_class));
  if (!names.reason.empty()) detail.add(arena, "reason", Value::string(names.reason));
  if (!names.deletion.empty()) detail.add(arena, "deletion-type", Value::string(names.deletion));
  return detail;
}

// `extra` is put in before the closing brace.
std::string text_of(const Value& value, std::string_view extra) {
  std::string text;
  append_json(text, value);
  if (!extra.empty()) {
    text.back() = ',';
    text += extra;
    text += '}';
  }
  return text;
}

}  // namespace

std::string_view api_name(EventKind kind) { return names_of(kind).api; }

std::string record_message(const Happening& happening, std::string_view configuration_id) {
  Arena arena;
  return "{\"Records\":[" +
         text_of(record_of(arena, happening, configuration_id), happening.extra) + "]}";
}

std::string event_bridge_message(const Happening& happening, std::string_view id) {
  Arena arena;
  const BucketRecord& bucket = happening.bucket;
  Value event = Value::map();
  event.add(arena, "version", Value::string("0"));
  event.add(arena, "id", Value::string(id));
  event.add(arena, "detail-type", Value::string(names_of(happening.kind).detail_type));
  event.add(arena, "source", Value::string("aws.s3"));
  event.add(arena, "account", Value::string(bucket.account));
  event.add(arena, "time",
            Value::string(arena, iso8601(std::chrono::floor<std::chrono::seconds>(happening.at))));
  event.add(arena, "region", Value::string(bucket.region));
  Value resources = Value::list();
  resources.push(arena, Value::string(arena, "arn:aws:s3:::" + bucket.name));
  event.add(arena, "resources", resources);
  event.add(arena, "detail", detail_of(arena, happening));
  return text_of(event, {});
}

std::string test_message(const BucketRecord& bucket, const Cause& cause, Instant at) {
  Arena arena;
  Value event = Value::map();
  event.add(arena, "Service", Value::string("Amazon S3"));
  event.add(arena, "Event", Value::string("s3:TestEvent"));
  event.add(arena, "Time", Value::string(arena, iso8601_milliseconds(at)));
  event.add(arena, "Bucket", Value::string(bucket.name));
  event.add(arena, "RequestId", Value::string(cause.request_id));
  event.add(arena, "HostId", Value::string(cause.host_id));
  return text_of(event, {});
}

}  // namespace cloche::s3
