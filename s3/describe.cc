#include "s3/describe.h"

#include <cctype>

#include "base/json.h"
#include "base/time_text.h"
#include "engine/engine.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/records.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

using engine::KeyReader;
using engine::Numbers;
using engine::Owner;
using engine::Owners;
using engine::Resource;
using engine::TableDescription;
using Named = std::vector<std::pair<std::int64_t, Owner>>;

// The detail of an owner that never had versions.
constexpr std::string_view kUnversioned = "unversioned";

Owner owner_of(const BucketRecord& bucket) {
  return {.kind = "bucket",
          .account = bucket.account,
          .region = bucket.region,
          .name = bucket.name,
          .detail = bucket.versioning == Versioning::Off ? std::string(kUnversioned) : ""};
}

// A row whose key begins with its bucket's number.
std::optional<Resource> part_of(KeyReader& columns, const Owners& owners, std::string_view kind) {
  const Owner* const owner = owners.find(columns.integer());
  if (owner == nullptr) return std::nullopt;
  return Resource{.owner = *owner, .kind = std::string(kind)};
}

// Members of a JSON object that are left out where they say nothing.
class Told {
 public:
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) out_.add(arena_, arena_.copy(name), Value::string(arena_, value));
  }
  void number(std::string_view name, std::uint64_t value) {
    out_.add(arena_, name, Value::integer(static_cast<std::int64_t>(value)));
  }
  void time(std::string_view name, Instant at) { text(name, iso8601_milliseconds(at)); }
  void flag(std::string_view name, bool value) {
    if (value) out_.add(arena_, name, Value::boolean(true));
  }
  void pairs(std::string_view name, const Pairs& pairs) {
    if (pairs.empty()) return;
    Value& map = out_.add(arena_, name, Value::map());
    for (const auto& [key, value] : pairs)
      map.add(arena_, arena_.copy(key), Value::string(arena_, value));
  }
  void append_to(std::string& into) const { append_json(into, out_); }

 private:
  Arena arena_;
  Value out_ = Value::map();
};

// "content-type" -> "ContentType", "x-amz-website-redirect-location" -> "WebsiteRedirectLocation".
std::string member_of_header(std::string_view header) {
  if (header.starts_with("x-amz-")) header.remove_prefix(6);
  std::string name;
  bool begins = true;
  for (const char c : header) {
    if (c != '-')
      name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '-';
  }
  return name;
}

void tell_headers(Told& told, const ObjectHeaders& headers) {
  told.text("StorageClass", headers.storage_class.empty() ? "STANDARD" : headers.storage_class);
  for (const auto& [name, value] : headers.system) told.text(member_of_header(name), value);
  told.pairs("Metadata", headers.metadata);
  told.text("Tagging", headers.tagging);
}

void tell_checksum(Told& told, const std::optional<Checksum>& checksum) {
  if (!checksum) return;
  told.text("Checksum" + std::string(name_of(checksum->algorithm)), checksum->value);
  told.text("ChecksumType", checksum->composite ? "COMPOSITE" : "FULL_OBJECT");
}

void tell_encryption(Told& told, const Encryption& encryption) {
  switch (encryption.kind) {
    case EncryptionKind::S3:
      return told.text("ServerSideEncryption", "AES256");
    case EncryptionKind::Kms:
    case EncryptionKind::KmsDsse:
      told.text("ServerSideEncryption",
                encryption.kind == EncryptionKind::Kms ? "aws:kms" : "aws:kms:dsse");
      told.text("SSEKMSKeyId", encryption.key);
      return told.flag("BucketKeyEnabled", encryption.bucket_key);
    case EncryptionKind::Customer:
      return told.text("SSECustomerAlgorithm", "AES256");
  }
}

void tell_lock(Told& told, const Lock& lock) {
  if (lock.mode != LockMode::None) {
    told.text("ObjectLockMode", lock.mode == LockMode::Governance ? "GOVERNANCE" : "COMPLIANCE");
    told.time("ObjectLockRetainUntilDate", lock.until);
  }
  if (lock.legal_hold) told.text("ObjectLockLegalHoldStatus", *lock.legal_hold ? "ON" : "OFF");
}

std::string quoted(std::string_view etag) {
  return etag.empty() ? std::string() : '"' + std::string(etag) + '"';
}

void name_bucket(std::string_view key, std::string_view value, Named& into) {
  const auto bucket = decode_bucket(KeyReader(key).text(), value);
  if (bucket) into.emplace_back(bucket->id, owner_of(*bucket));
}

std::optional<Resource> bucket_resource(std::string_view key, std::string_view value,
                                        const Owners&) {
  const auto bucket = decode_bucket(KeyReader(key).text(), value);
  if (!bucket) return std::nullopt;
  return Resource{.owner = owner_of(*bucket), .kind = "bucket"};
}

void bucket_json(std::string_view key, std::string_view value, std::string& into) {
  const auto bucket = decode_bucket(KeyReader(key).text(), value);
  if (!bucket) return;
  Told told;
  told.text("Name", bucket->name);
  told.time("CreationDate", bucket->created);
  told.text("BucketRegion", bucket->region);
  if (bucket->versioning != Versioning::Off) {
    told.text("VersioningStatus",
              bucket->versioning == Versioning::Enabled ? "Enabled" : "Suspended");
  }
  told.text("AvailabilityZone", bucket->zone);
  told.append_to(into);
}

std::optional<Resource> setting_resource(std::string_view key, std::string_view,
                                         const Owners& owners) {
  KeyReader columns(key);
  auto resource = part_of(columns, owners, "bucket setting");
  if (!resource) return resource;
  resource->name = columns.text();
  if (const std::string id = columns.text(); !id.empty()) resource->name += "/" + id;
  return resource;
}

// Settings are kept in the model's member names.
void setting_json(std::string_view, std::string_view value, std::string& into) { into += value; }

std::optional<Resource> object_resource(std::string_view key, std::string_view value,
                                        const Owners& owners) {
  KeyReader columns(key);
  auto resource = part_of(columns, owners, "object");
  if (!resource) return resource;
  resource->name = columns.text();
  Arena arena;
  const auto summary = decode_summary(value, arena);
  if (!summary) return resource;
  resource->version = summary->version_id;
  resource->bytes = summary->size;
  if (summary->delete_marker) resource->kind = "delete marker";
  return resource;
}

void object_json(std::string_view, std::string_view value, std::string& into) {
  const auto object = decode_object(value);
  if (!object) return;
  Told told;
  if (object->delete_marker) {
    told.time("LastModified", object->modified);
    return told.append_to(into);
  }
  told.number("Size", object->size);
  told.text("ETag", quoted(object->etag));
  told.time("LastModified", object->modified);
  tell_headers(told, object->headers);
  tell_checksum(told, object->checksum);
  tell_encryption(told, object->encryption);
  tell_lock(told, object->lock);
  if (!object->parts.empty()) told.number("PartsCount", object->parts.size());
  told.text("ReplicationStatus", object->replication);
  if (object->restored_until) told.time("RestoreExpiryDate", *object->restored_until);
  told.text("Owner", object->owner);
  told.text("ACL", object->acl);
  told.append_to(into);
}

std::optional<Resource> upload_resource(std::string_view key, std::string_view,
                                        const Owners& owners) {
  KeyReader columns(key);
  auto resource = part_of(columns, owners, "upload");
  if (!resource) return resource;
  resource->name = columns.text();
  resource->version = columns.text();
  return resource;
}

void upload_json(std::string_view, std::string_view value, std::string& into) {
  const auto upload = decode_upload(value);
  if (!upload) return;
  Told told;
  told.time("Initiated", upload->initiated);
  tell_headers(told, upload->headers);
  if (upload->algorithm) told.text("ChecksumAlgorithm", name_of(*upload->algorithm));
  tell_encryption(told, upload->encryption);
  tell_lock(told, upload->lock);
  told.append_to(into);
}

// A part's row does not say of which key it is.
std::optional<Resource> part_resource(std::string_view key, std::string_view value,
                                      const Owners& owners) {
  KeyReader columns(key);
  auto resource = part_of(columns, owners, "part");
  if (!resource) return resource;
  resource->version = columns.text();
  resource->name = "part " + std::to_string(columns.integer());
  if (const auto part = decode_part(value)) resource->bytes = part->size;
  return resource;
}

void part_json(std::string_view, std::string_view value, std::string& into) {
  const auto part = decode_part(value);
  if (!part) return;
  Told told;
  told.number("Size", part->size);
  told.text("ETag", quoted(part->etag));
  told.time("LastModified", part->modified);
  tell_checksum(told, part->checksum);
  told.append_to(into);
}

std::optional<Resource> event_resource(std::string_view key, std::string_view,
                                       const Owners& owners) {
  KeyReader columns(key);
  return part_of(columns, owners, "");
}

bool renumber_bucket(std::string_view key, std::string& value, const Numbers& numbers) {
  auto bucket = decode_bucket(KeyReader(key).text(), value);
  if (!bucket) return true;
  const auto number = numbers.find(bucket->id);
  if (!number) return false;
  bucket->id = *number;
  value = encode(*bucket);
  return true;
}

bool renumber_counter(std::string_view key, std::string& value, const Numbers& numbers) {
  if (KeyReader(key).text() != kBucketCounter) return numbers.whole();
  value = std::to_string(numbers.last());
  return numbers.last() > 0;
}

bool is_unversioned(std::string_view key, const Numbers& numbers) {
  const Owner* const owner = numbers.owners().find(KeyReader(key).integer());
  return owner != nullptr && owner->detail == kUnversioned;
}

// Where a key has but one version its rank says nothing beside the time, unless it was written twice
// while the clock stood still.
bool renumber_object(std::string_view key, std::string& value, const Numbers& numbers) {
  if (!is_unversioned(key, numbers)) return true;
  auto object = decode_object(value);
  if (!object || object->rank == rank_at(object->modified)) return true;
  object->rank = rank_at(object->modified);
  value = encode(*object);
  return true;
}

// An upload remembers the newest version that it found.
bool renumber_upload(std::string_view key, std::string& value, const Numbers& numbers) {
  constexpr std::int64_t kAnother = 1;  // No version's.
  auto upload = decode_upload(value);
  if (!upload || upload->newest_at_start == 0 || !is_unversioned(key, numbers)) return true;
  KeyReader columns(key);
  const BucketId bucket = columns.integer();
  const std::string found_key = object_key(bucket, columns.text());
  const auto row = numbers.view().get(kObjects, found_key);
  std::int64_t newest = kAnother;
  if (row && *row) {
    const auto object = decode_object(**row);
    if (object && object->rank == upload->newest_at_start) newest = rank_at(object->modified);
  }
  upload->newest_at_start = newest;
  value = encode(*upload);
  return true;
}

bool renumber_work(std::string_view kind, std::string& payload, const Numbers& numbers,
                   Owner& about) {
  if (kind == kRemoveUploads) {
    const BucketId bucket = Value::string(payload).as_integer(0);
    const Owner* const owner = numbers.owners().find(bucket);
    const auto number = numbers.find(bucket);
    if (owner == nullptr || !number) return false;
    about = *owner;
    payload = std::to_string(*number);
    return true;
  }
  Arena arena;
  auto parsed = parse_json(arena.copy(payload), arena);
  if (!parsed) return true;
  about.name = (*parsed)["bucket"].str();
  // A round of lifecycle that is under way names a row by its old number: its phase begins again.
  if (kind == kLifecycleWork && !(*parsed)["from"].text().empty()) {
    parsed->set(arena, "from", Value::string(""));
    payload.clear();
    append_json(payload, *parsed);
  }
  return true;
}

constexpr TableDescription kBucket{.names = name_bucket,
                                   .resource = bucket_resource,
                                   .json = bucket_json,
                                   .renumber = renumber_bucket,
                                   .renumber_work = renumber_work};
constexpr TableDescription kCounter{.renumber = renumber_counter};
constexpr TableDescription kSetting{
    .resource = setting_resource, .json = setting_json, .numbered = true};
constexpr TableDescription kObject{.resource = object_resource,
                                   .json = object_json,
                                   .numbered = true,
                                   .renumber = renumber_object};
constexpr TableDescription kVersion{
    .resource = object_resource, .json = object_json, .numbered = true};
constexpr TableDescription kUpload{.resource = upload_resource,
                                   .json = upload_json,
                                   .numbered = true,
                                   .renumber = renumber_upload};
constexpr TableDescription kPart{.resource = part_resource, .json = part_json, .numbered = true};
constexpr TableDescription kEvent{.resource = event_resource, .numbered = true};

}  // namespace

const TableDescription* description_of(engine::TableId table) {
  switch (table) {
    case kBuckets:
      return &kBucket;
    case kObjects:
      return &kObject;
    case kVersions:
      return &kVersion;
    case kCounters:
      return &kCounter;
    case kUploads:
      return &kUpload;
    case kParts:
      return &kPart;
    case kSettings:
      return &kSetting;
    case kEvents:
      return &kEvent;
    default:
      return nullptr;
  }
}

}  // namespace cloche::s3
