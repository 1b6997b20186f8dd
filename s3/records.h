// The values of S3's rows: compact JSON with short names, so that a person can read them in the
// sqlite3 shell and a later release can add to them. Members that have their default are left out.
// An object's row has what listings show in front of its JSON, as words with a blank between, since
// a page of a listing reads a thousand of them ("-" stands for nothing):
//
//   modified size etag version rank marker class algorithm checksum composite {...}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "engine/blob.h"
#include "s3/checksums.h"
#include "s3/tables.h"

namespace cloche::s3 {

using Pairs = std::vector<std::pair<std::string, std::string>>;

enum class Versioning : std::uint8_t {
  Off = 0,
  Enabled = 1,
  Suspended = 2
};  // Stored; never renumbered.

// The kinds of settings.h, as bits of BucketRecord::settings. Stored; never renumbered.
enum class Setting : std::uint8_t {
  Tagging = 0,
  Cors = 1,
  Website = 2,
  Notification = 3,
  Lifecycle = 4,
  Logging = 5,
  Replication = 6,
  Accelerate = 7,
  Inventory = 8,
  Analytics = 9,
  Metrics = 10,
  IntelligentTiering = 11,
  Abac = 12,
  Metadata = 13,
  MetadataTable = 14,
  Policy = 15,
  Acl = 16,
  Ownership = 17,
  PublicAccessBlock = 18,
  RequestPayment = 19,
  Encryption = 20,
  ObjectLock = 21,
};
constexpr std::uint64_t bit_of(Setting kind) {
  return std::uint64_t{1} << static_cast<unsigned>(kind);
}

struct BucketRecord {
  BucketId id = 0;
  std::string name;  // Not stored in the value: the row's key.
  std::string account;
  std::string region;
  Instant created{};
  Versioning versioning = Versioning::Off;
  bool eu = false;             // Made with the location EU, which is eu-west-1 and told as EU.
  std::uint64_t settings = 0;  // The kinds that it has (settings.h keeps them).
  std::string zone = {};       // Of a directory bucket (directory.h); empty: general purpose.

  bool is_directory() const { return !zone.empty(); }
  bool has(Setting kind) const { return (settings & bit_of(kind)) != 0; }
};

// A run of bytes of a blob.
struct Extent {
  engine::BlobRef blob;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  // Where the blob is cipher text under a client's key: what its own key was derived with, in hex
  // (customer_key.h). Empty for all others.
  std::string salt{};
};

// A part of an object that was put together from parts.
struct ObjectPart {
  std::int64_t number = 0;
  std::uint64_t size = 0;
  std::string checksum;  // Base64, of the object's algorithm; may be empty.
};

// What the client said about an object, beside its bytes.
struct ObjectHeaders {
  Pairs system;               // By lower-case header name: {"content-type", "text/plain"}.
  Pairs metadata;             // x-amz-meta- names without the prefix.
  std::string storage_class;  // Empty: STANDARD.
  std::string tagging;        // As in x-amz-tagging: key1=value1&key2=value2, URL-encoded.
};

// How an object is encrypted at rest, as the client is told (encryption.h).
enum class EncryptionKind : std::uint8_t { S3, Kms, KmsDsse, Customer };
struct Encryption {
  EncryptionKind kind = EncryptionKind::S3;
  std::string
      key;  // Kms, KmsDsse: the key's ARN. Customer: what the client's key is known again by.
  bool bucket_key = false;
};

// What keeps a version from being deleted (object_lock.h).
enum class LockMode : std::uint8_t { None, Governance, Compliance };
struct Lock {
  LockMode mode = LockMode::None;
  Instant until{};                      // With a mode.
  std::optional<bool> legal_hold = {};  // Nothing: never set.
};

struct ObjectRecord {
  std::string version_id;  // Empty: the null version.
  std::int64_t rank = 0;
  bool delete_marker = false;
  Instant modified{};
  std::uint64_t size = 0;
  std::string etag;  // Without quotes.
  ObjectHeaders headers;
  std::optional<Checksum> checksum;
  Encryption encryption;
  Lock lock;
  std::string replication;                // x-amz-replication-status; empty: none.
  std::optional<Instant> restored_until;  // A restored copy of an archived object (restore.cc).
  std::string upload_id;                  // Of the multipart upload that it came from.
  std::vector<ObjectPart> parts;
  std::vector<Extent> extents;
  std::string owner;  // An account; empty: the bucket's.
  std::string acl;    // As acl.h writes it; empty: the owner has all.
};

struct UploadRecord {
  Instant initiated{};
  std::string account;
  ObjectHeaders headers;
  std::optional<Algorithm> algorithm;  // As asked at the beginning.
  bool composite = false;
  std::string owner, acl;  // Of the object that it becomes.
  Encryption encryption;
  Lock lock;
  std::int64_t newest_at_start = 0;  // The rank of the key's newest version when it began; 0: none.
};

struct PartRecord {
  Instant modified{};
  std::uint64_t size = 0;
  std::string etag;
  std::optional<Checksum> checksum;
  std::vector<Extent> extents;
};

std::string encode(const BucketRecord& record);
std::string encode(const ObjectRecord& record);
std::string encode(const UploadRecord& record);
std::string encode(const PartRecord& record);

// Rows that can't be read are damage: we wrote them.
Result<BucketRecord> decode_bucket(std::string_view name, std::string_view row);
Result<ObjectRecord> decode_object(std::string_view row);
Result<UploadRecord> decode_upload(std::string_view row);
Result<PartRecord> decode_part(std::string_view row);

// What listings show of an object row, without its headers, parts and extents.
struct ObjectSummary {
  std::string_view version_id;  // These refer to the row or the arena.
  std::string_view etag, storage_class;
  std::int64_t rank = 0;
  std::uint64_t size = 0;
  Instant modified{};
  bool delete_marker = false;
  std::optional<Algorithm> algorithm;
  bool composite = false;
  std::string_view owner = {};  // An account; empty: the bucket's.
};
Result<ObjectSummary> decode_summary(std::string_view row, Arena& arena);

}  // namespace cloche::s3
