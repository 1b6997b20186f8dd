#include "s3/records.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/json.h"

namespace cloche::s3 {
namespace {

// Stored; by the values of EncryptionKind and LockMode.
constexpr std::string_view kEncryptionNames[] = {"", "kms", "dsse", "c"};
constexpr std::string_view kLockNames[] = {"", "governance", "compliance"};

// Writes one JSON object, member after member.
class Writer {
 public:
  Writer() { out_.reserve(512); }

  // Words of an object's head; all of them come before the first member.
  void word(std::string_view text) {
    out_ += text.empty() ? std::string_view("-") : text;
    out_ += ' ';
  }
  void word(std::int64_t number) {
    out_ += std::to_string(number);
    out_ += ' ';
  }

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    if (value == 0) return;
    begin(name);
    out_ += std::to_string(value);
  }
  void time(std::string_view name, Instant at) { number(name, at.time_since_epoch().count()); }
  void flag(std::string_view name, bool value) {
    if (!value) return;
    begin(name);
    out_ += "true";
  }
  void pairs(std::string_view name, const Pairs& pairs) {
    if (pairs.empty()) return;
    begin(name);
    char separator = '{';
    for (const auto& [key, value] : pairs) {
      out_ += separator;
      separator = ',';
      append_json_string(out_, key);
      out_ += ':';
      append_json_string(out_, value);
    }
    out_ += '}';
  }
  void headers(const ObjectHeaders& headers) {
    pairs("headers", headers.system);
    pairs("meta", headers.metadata);
    text("tags", headers.tagging);
  }
  void checksum(const std::optional<Checksum>& checksum) {
    if (!checksum) return;
    text("algorithm", name_of(checksum->algorithm));
    text("checksum", checksum->value);
    flag("composite", checksum->composite);
  }
  void parts(const std::vector<ObjectPart>& parts) {
    if (parts.empty()) return;
    begin("parts");
    char separator = '[';
    for (const ObjectPart& part : parts) {
      out_ += separator;
      separator = ',';
      out_ += '[' + std::to_string(part.number) + ',' + std::to_string(part.size) + ",\"" +
              part.checksum + "\"]";
    }
    out_ += ']';
  }
  void encryption(const Encryption& encryption) {
    if (encryption.kind == EncryptionKind::S3) return;
    text("sse", kEncryptionNames[static_cast<std::size_t>(encryption.kind)]);
    text("key", encryption.key);
    flag("bucket_key", encryption.bucket_key);
  }
  void lock(const Lock& lock) {
    if (lock.mode != LockMode::None) {
      text("lock", kLockNames[static_cast<std::size_t>(lock.mode)]);
      time("until", lock.until);
    }
    if (lock.legal_hold) number("hold", *lock.legal_hold ? 1 : -1);
  }
  // [digest, blob size, offset, length, salt], the last three only where they say something.
  void extents(const std::vector<Extent>& extents) {
    if (extents.empty()) return;
    begin("extents");
    char separator = '[';
    for (const Extent& extent : extents) {
      out_ += separator;
      separator = ',';
      out_ += "[\"" + to_hex(extent.blob.digest) + "\"," + std::to_string(extent.blob.size);
      if (extent.offset != 0 || extent.length != extent.blob.size || !extent.salt.empty()) {
        out_ += ',' + std::to_string(extent.offset) + ',' + std::to_string(extent.length);
      }
      if (!extent.salt.empty()) out_ += ",\"" + extent.salt + '"';
      out_ += ']';
    }
    out_ += ']';
  }

  std::string take() {
    out_ += first_ ? "{}" : "}";
    return std::move(out_);
  }

 private:
  void begin(std::string_view name) {
    out_ += first_ ? '{' : ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  std::string out_;
  bool first_ = true;
};

// The places of the words in an object's head.
enum Word : std::size_t {
  kModified,
  kSize,
  kETag,
  kVersion,
  kRank,
  kMarker,
  kClass,
  kAlgorithm,
  kChecksum,
  kComposite,
  kWords
};

struct Head {
  std::array<std::string_view, kWords> words;
  std::string_view json;

  std::string_view word(Word at) const { return words[at] == "-" ? std::string_view() : words[at]; }
  std::int64_t number(Word at) const { return Value::number(words[at]).as_integer(0); }
};

Result<Head> read_head(std::string_view row) {
  Head head;
  for (std::string_view& word : head.words) {
    const auto blank = row.find(' ');
    if (blank == std::string_view::npos) return damaged("an s3 object's row is cut short");
    word = row.substr(0, blank);
    row.remove_prefix(blank + 1);
  }
  head.json = row;
  return head;
}

Instant time_of(const Value& value) {
  return Instant(std::chrono::microseconds(value.as_integer(0)));
}
std::uint64_t size_of(const Value& value) {
  return static_cast<std::uint64_t>(value.as_integer(0));
}

Pairs pairs_of(const Value& value) {
  Pairs pairs;
  pairs.reserve(value.size());
  for (const Member& member : value.members()) pairs.emplace_back(member.name, member.value.text());
  return pairs;
}

ObjectHeaders headers_of(const Value& row) {
  return {.system = pairs_of(row["headers"]),
          .metadata = pairs_of(row["meta"]),
          .storage_class = row["class"].str(),
          .tagging = row["tags"].str()};
}

std::optional<Checksum> checksum_of(const Value& row) {
  const auto algorithm = algorithm_of(row["algorithm"].text());
  if (!algorithm) return std::nullopt;
  return Checksum{.algorithm = *algorithm,
                  .value = row["checksum"].str(),
                  .composite = row["composite"].as_bool()};
}

template <class Kind, std::size_t Count>
Kind kind_of(const std::string_view (&names)[Count], std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return static_cast<Kind>(found == std::end(names) ? 0 : found - std::begin(names));
}

Encryption encryption_of(const Value& row) {
  const Value& kind = row["sse"];
  if (!kind) return {};
  return {.kind = kind_of<EncryptionKind>(kEncryptionNames, kind.text()),
          .key = row["key"].str(),
          .bucket_key = row["bucket_key"].as_bool()};
}

Lock lock_of(const Value& row) {
  Lock lock;
  if (const Value& mode = row["lock"]) {
    lock.mode = kind_of<LockMode>(kLockNames, mode.text());
    lock.until = time_of(row["until"]);
  }
  if (const Value& hold = row["hold"]) lock.legal_hold = hold.as_integer(0) > 0;
  return lock;
}

Result<std::vector<Extent>> extents_of(const Value& value) {
  std::vector<Extent> extents;
  extents.reserve(value.size());
  for (const Value& item : value.items()) {
    const auto fields = item.items();
    if (fields.size() < 2) return damaged("an extent of an s3 row is cut short");
    Extent extent;
    if (!from_hex(fields[0].text(), extent.blob.digest))
      return damaged("an extent of an s3 row names no digest");
    extent.blob.size = size_of(fields[1]);
    extent.offset = fields.size() > 3 ? size_of(fields[2]) : 0;
    extent.length = fields.size() > 3 ? size_of(fields[3]) : extent.blob.size;
    if (fields.size() > 4) extent.salt = fields[4].str();
    extents.push_back(extent);
  }
  return extents;
}

Result<Value> parse_row(std::string_view row, Arena& arena) {
  auto parsed = parse_json(row, arena);
  if (!parsed) return damaged("an s3 row is not JSON: " + parsed.error().message);
  return parsed;
}

}  // namespace

std::string encode(const BucketRecord& record) {
  Writer writer;
  writer.number("id", record.id);
  writer.text("account", record.account);
  writer.text("region", record.region);
  writer.time("created", record.created);
  writer.number("versioning", static_cast<int>(record.versioning));
  writer.flag("eu", record.eu);
  writer.number("settings", static_cast<std::int64_t>(record.settings));
  writer.text("zone", record.zone);
  return writer.take();
}

std::string encode(const ObjectRecord& record) {
  Writer writer;
  writer.word(record.modified.time_since_epoch().count());
  writer.word(static_cast<std::int64_t>(record.size));
  writer.word(record.etag);
  writer.word(record.version_id);
  writer.word(record.rank);
  writer.word(record.delete_marker ? 1 : 0);
  writer.word(record.headers.storage_class);
  writer.word(record.checksum ? name_of(record.checksum->algorithm) : std::string_view());
  writer.word(record.checksum ? std::string_view(record.checksum->value) : std::string_view());
  writer.word(record.checksum && record.checksum->composite ? 1 : 0);
  writer.headers(record.headers);
  writer.encryption(record.encryption);
  writer.lock(record.lock);
  if (record.restored_until) writer.time("restored", *record.restored_until);
  writer.text("replication", record.replication);
  writer.text("upload", record.upload_id);
  writer.parts(record.parts);
  writer.extents(record.extents);
  writer.text("owner", record.owner);
  writer.text("acl", record.acl);
  return writer.take();
}

std::string encode(const UploadRecord& record) {
  Writer writer;
  writer.time("initiated", record.initiated);
  writer.text("account", record.account);
  if (record.algorithm) writer.text("algorithm", name_of(*record.algorithm));
  writer.flag("composite", record.composite);
  writer.text("class", record.headers.storage_class);
  writer.headers(record.headers);
  writer.text("owner", record.owner);
  writer.text("acl", record.acl);
  writer.encryption(record.encryption);
  writer.lock(record.lock);
  writer.number("newest", record.newest_at_start);
  return writer.take();
}

std::string encode(const PartRecord& record) {
  Writer writer;
  writer.time("modified", record.modified);
  writer.number("size", static_cast<std::int64_t>(record.size));
  writer.text("etag", record.etag);
  writer.checksum(record.checksum);
  writer.extents(record.extents);
  return writer.take();
}

Result<BucketRecord> decode_bucket(std::string_view name, std::string_view row) {
  Arena arena;
  CLOCHE_TRY(const value, parse_row(row, arena));
  return BucketRecord{.id = value["id"].as_integer(0),
                      .name = std::string(name),
                      .account = value["account"].str(),
                      .region = value["region"].str(),
                      .created = time_of(value["created"]),
                      .versioning = static_cast<Versioning>(value["versioning"].as_integer(0)),
                      .eu = value["eu"].as_bool(),
                      .settings = static_cast<std::uint64_t>(value["settings"].as_integer(0)),
                      .zone = value["zone"].str()};
}

Result<ObjectRecord> decode_object(std::string_view row) {
  Arena arena;
  CLOCHE_TRY(const head, read_head(row));
  CLOCHE_TRY(const value, parse_row(head.json, arena));
  ObjectRecord record{.version_id = std::string(head.word(kVersion)),
                      .rank = head.number(kRank),
                      .delete_marker = head.number(kMarker) != 0,
                      .modified = Instant(std::chrono::microseconds(head.number(kModified))),
                      .size = static_cast<std::uint64_t>(head.number(kSize)),
                      .etag = std::string(head.word(kETag)),
                      .headers = headers_of(value),
                      .checksum = {},
                      .encryption = encryption_of(value),
                      .lock = lock_of(value),
                      .replication = value["replication"].str(),
                      .restored_until = {},
                      .upload_id = value["upload"].str(),
                      .parts = {},
                      .extents = {},
                      .owner = value["owner"].str(),
                      .acl = value["acl"].str()};
  record.headers.storage_class = head.word(kClass);
  if (const auto algorithm = algorithm_of(head.word(kAlgorithm))) {
    record.checksum = Checksum{.algorithm = *algorithm,
                               .value = std::string(head.word(kChecksum)),
                               .composite = head.number(kComposite) != 0};
  }
  for (const Value& part : value["parts"].items()) {
    const auto fields = part.items();
    if (fields.size() < 3) return damaged("a part of an s3 row is cut short");
    record.parts.push_back({.number = fields[0].as_integer(0),
                            .size = size_of(fields[1]),
                            .checksum = fields[2].str()});
  }
  if (const Value& restored = value["restored"]) record.restored_until = time_of(restored);
  CLOCHE_TRY(extents, extents_of(value["extents"]));
  record.extents = std::move(extents);
  return record;
}

Result<UploadRecord> decode_upload(std::string_view row) {
  Arena arena;
  CLOCHE_TRY(const value, parse_row(row, arena));
  return UploadRecord{.initiated = time_of(value["initiated"]),
                      .account = value["account"].str(),
                      .headers = headers_of(value),
                      .algorithm = algorithm_of(value["algorithm"].text()),
                      .composite = value["composite"].as_bool(),
                      .owner = value["owner"].str(),
                      .acl = value["acl"].str(),
                      .encryption = encryption_of(value),
                      .lock = lock_of(value),
                      .newest_at_start = value["newest"].as_integer(0)};
}

Result<PartRecord> decode_part(std::string_view row) {
  Arena arena;
  CLOCHE_TRY(const value, parse_row(row, arena));
  CLOCHE_TRY(extents, extents_of(value["extents"]));
  return PartRecord{.modified = time_of(value["modified"]),
                    .size = size_of(value["size"]),
                    .etag = value["etag"].str(),
                    .checksum = checksum_of(value),
                    .extents = std::move(extents)};
}

Result<ObjectSummary> decode_summary(std::string_view row, Arena& arena) {
  CLOCHE_TRY(const found, read_head(row));
  CLOCHE_TRY(const head, read_head(arena.copy(row.substr(0, row.size() - found.json.size()))));
  // Nearly all objects are the bucket owner's. The text may stand elsewhere too, in metadata say.
  std::string_view owner;
  if (found.json.contains(R"("owner":")")) {
    Arena parsed;
    CLOCHE_TRY(const value, parse_row(found.json, parsed));
    owner = arena.copy(value["owner"].text());
  }
  return ObjectSummary{.version_id = head.word(kVersion),
                       .etag = head.word(kETag),
                       .storage_class = head.word(kClass),
                       .rank = head.number(kRank),
                       .size = static_cast<std::uint64_t>(head.number(kSize)),
                       .modified = Instant(std::chrono::microseconds(head.number(kModified))),
                       .delete_marker = head.number(kMarker) != 0,
                       .algorithm = algorithm_of(head.word(kAlgorithm)),
                       .composite = head.number(kComposite) != 0,
                       .owner = owner};
}

}  // namespace cloche::s3
