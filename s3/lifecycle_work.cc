// Carries out the rules of a bucket. A round goes through objects, then older versions and delete
// markers, then uploads, a few rows per transaction; the next round is at the next midnight.
#include "base/digest.h"
#include "base/json.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/object_headers.h"
#include "s3/settings.h"
#include "s3/uploads.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

enum class Phase : std::int64_t { Objects, Versions, Uploads, Done };

// Where a round is. As JSON in the work's payload.
struct Place {
  std::string bucket;
  std::string stamp;
  Phase phase = Phase::Objects;
  std::string from;  // The key bytes of the row to go on with.
};

std::string encode(const Place& place) {
  std::string json = "{\"bucket\":";
  append_json_string(json, place.bucket);
  json += ",\"stamp\":";
  append_json_string(json, place.stamp);
  json += ",\"phase\":" + std::to_string(static_cast<std::int64_t>(place.phase)) + ",\"from\":";
  append_json_string(json, to_base64(as_bytes(place.from)));
  return json + '}';
}

Result<Place> decode_place(const std::string& payload) {
  Arena arena;
  CLOCHE_TRY(const value, parse_json(payload, arena));
  Place place{.bucket = value["bucket"].str(),
              .stamp = value["stamp"].str(),
              .phase = static_cast<Phase>(value["phase"].as_integer(0)),
              .from = {}};
  if (!from_base64(value["from"].text(), place.from)) return damaged("a lifecycle work's payload");
  return place;
}

Pairs tags_of(const ObjectRecord& object) {
  return parse_tagging(object.headers.tagging).value_or(Pairs());
}

// One step of a round.
class Step {
 public:
  Step(engine::WriteTxn& txn, const BucketRecord& bucket, const Value& rules)
      : txn_(txn), bucket_(bucket), rules_(rules), now_(txn.now()) {}

  // Goes through rows of the phase from `place` on, and moves it: to where the next step begins.
  Result<void> run(Place& place) {
    switch (place.phase) {
      case Phase::Objects:
        return each_key(place, kObjects, [&](std::string_view key) { return current(key); });
      case Phase::Versions:
        return each_key(place, kVersions, [&](std::string_view key) { return noncurrent(key); });
      case Phase::Uploads:
        return uploads(place);
      case Phase::Done:
        break;
    }
    return {};
  }

 private:
  // Keys are gathered before any is changed: a cursor over rows that vanish under it is no guide.
  template <class Visit>
  Result<void> each_key(Place& place, engine::TableId table, Visit visit) {
    std::vector<std::string> keys;
    CLOCHE_TRY_VOID(gather(place, table, keys));
    for (const std::string& key : keys) CLOCHE_TRY_VOID(visit(key));
    return {};
  }

  Result<void> gather(Place& place, engine::TableId table, std::vector<std::string>& keys) {
    engine::KeyRange range = rows_of_bucket(bucket_.id);
    if (!place.from.empty()) range.from = place.from;
    const auto cursor = txn_.scan(table, range);
    while (cursor->valid() && keys.size() < kLifecycleStep) {
      std::string key = key_of_row(cursor->key());
      // To the next key, past this one's versions.
      const std::string after = engine::KeyWriter().integer(bucket_.id).text(key).after().take();
      keys.push_back(std::move(key));
      cursor->seek(after);
    }
    CLOCHE_TRY_VOID(cursor->status());
    if (cursor->valid()) {
      place.from = cursor->key();
    } else {
      place.phase = static_cast<Phase>(static_cast<std::int64_t>(place.phase) + 1);
      place.from.clear();
    }
    return {};
  }

  Result<void> tell_of(EventKind kind, std::string_view key, const ObjectRecord& object) {
    if (!wants_events(bucket_)) return {};
    return record_event(txn_, bucket_, kind, cause_of_lifecycle(txn_), key, object);
  }

  Result<void> current(std::string_view key) {
    CLOCHE_TRY(const newest, find_newest(txn_, bucket_, key));
    if (!newest || newest->delete_marker) return {};
    const Pairs tags = tags_of(*newest);
    const Subject subject{.key = key, .size = newest->size, .tags = tags};
    const auto expiry = expiry_of(rules_, subject, newest->modified);
    if (expiry && expiry->at <= now_) return expire(key);
    const std::string_view colder =
        transition_of(rules_, subject, newest->headers.storage_class, newest->modified, now_);
    return colder.empty() ? Result<void>() : move_to(key, *newest, colder);
  }

  Result<void> expire(std::string_view key) {
    CLOCHE_TRY(const deleted, delete_newest(txn_, bucket_, key));
    ObjectRecord removed;
    if (deleted.version_id != "null") removed.version_id = deleted.version_id;
    return tell_of(
        deleted.delete_marker ? EventKind::ExpirationMarker : EventKind::ExpirationDelete, key,
        removed);
  }

  Result<void> move_to(std::string_view key, ObjectRecord object, std::string_view storage_class) {
    object.headers.storage_class = storage_class;
    CLOCHE_TRY_VOID(rewrite(txn_, bucket_, key, object));
    return tell_of(EventKind::Transition, key, object);
  }

  // False if the version is locked: it is asked again at the next midnight.
  Result<bool> remove(std::string_view key, const ObjectRecord& version) {
    auto deleted = delete_version(txn_, bucket_, key, shown_version_id(version.version_id));
    if (!deleted && deleted.error().kind == Error::Kind::Refused) return false;
    if (!deleted) return std::move(deleted).error();
    CLOCHE_TRY_VOID(tell_of(EventKind::ExpirationDelete, key, version));
    return true;
  }

  Result<std::vector<ObjectRecord>> older_versions(std::string_view key) {
    std::vector<ObjectRecord> versions;
    const auto cursor = txn_.scan(kVersions, versions_of_key(bucket_.id, key));
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(record, decode_object(cursor->value()));
      versions.push_back(std::move(record));
    }
    CLOCHE_TRY_VOID(cursor->status());
    return versions;
  }

  Result<void> noncurrent(std::string_view key) {
    CLOCHE_TRY(const newest, find_newest(txn_, bucket_, key));
    CLOCHE_TRY(const versions, older_versions(key));
    // The newest is the first of them if it is a delete marker, and an object elsewhere otherwise.
    const bool marked = newest && newest->delete_marker;
    std::size_t left = versions.size();
    std::int64_t newer = 0;
    Instant replaced = newest ? newest->modified : Instant();
    for (std::size_t i = marked ? 1 : 0; i < versions.size(); ++i) {
      const ObjectRecord& version = versions[i];
      CLOCHE_TRY(const removed, visit_noncurrent(key, version, replaced, newer));
      if (removed) --left;
      replaced = version.modified;
      ++newer;
    }
    if (marked && left == 1 && marker_expired(rules_, key, newest->modified, now_))
      CLOCHE_TRY_VOID(remove(key, *newest));
    return {};
  }

  Result<bool> visit_noncurrent(std::string_view key, const ObjectRecord& version, Instant since,
                                std::int64_t newer) {
    const Pairs tags = tags_of(version);
    const Subject subject{.key = key, .size = version.size, .tags = tags};
    if (noncurrent_expired(rules_, subject, since, newer, now_)) {
      return remove(key, version);
    }
    if (version.delete_marker) return false;
    const std::string_view colder = noncurrent_transition_of(
        rules_, subject, version.headers.storage_class, since, newer, now_);
    if (!colder.empty()) CLOCHE_TRY_VOID(move_to(key, version, colder));
    return false;
  }

  Result<void> uploads(Place& place) {
    engine::KeyRange range = rows_of_bucket(bucket_.id);
    if (!place.from.empty()) range.from = place.from;
    std::vector<std::pair<std::string, std::string>> due;
    const auto cursor = txn_.scan(kUploads, range);
    int seen = 0;
    for (; cursor->valid() && seen < kUploadsStep; cursor->next(), ++seen) {
      engine::KeyReader reader(cursor->key());
      reader.integer();
      std::string key = reader.text();
      CLOCHE_TRY(const upload, decode_upload(cursor->value()));
      const auto expiry = abort_of(rules_, key, upload.initiated);
      if (expiry && expiry->at <= now_) due.emplace_back(std::move(key), reader.text());
    }
    CLOCHE_TRY_VOID(cursor->status());
    place.phase = cursor->valid() ? Phase::Uploads : Phase::Done;
    if (cursor->valid()) place.from = cursor->key();
    for (const auto& [key, upload_id] : due)
      CLOCHE_TRY_VOID(erase_upload(txn_, bucket_.id, key, upload_id));
    return {};
  }

  // An upload has up to 10,000 parts, which go with it.
  static constexpr int kUploadsStep = 4;

  engine::WriteTxn& txn_;
  const BucketRecord& bucket_;
  const Value& rules_;
  Instant now_;
};

Result<void> queue(engine::WriteTxn& txn, const Place& place, Instant due) {
  CLOCHE_TRY_VOID(
      txn.later({.kind = std::string(kLifecycleWork), .payload = encode(place), .due = due}));
  return {};
}

}  // namespace

Result<void> start_lifecycle(engine::WriteTxn& txn, const BucketRecord& bucket,
                             std::string_view stamp) {
  return queue(txn, {.bucket = bucket.name, .stamp = std::string(stamp), .from = {}}, {});
}

Result<void> lifecycle_step(engine::WriteTxn& txn, const std::string& payload) {
  CLOCHE_TRY(place, decode_place(payload));
  CLOCHE_TRY(const bucket, find_bucket_named(txn, place.bucket));
  if (!bucket || !bucket->has(Setting::Lifecycle)) return {};
  Arena arena;
  CLOCHE_TRY(const rules, read_setting(txn, *bucket, Setting::Lifecycle, arena));
  if (rules["Stamp"].text() != place.stamp) return {};  // Another configuration has its own work.
  CLOCHE_TRY_VOID(Step(txn, *bucket, rules).run(place));
  if (place.phase != Phase::Done) return queue(txn, place, {});
  place.phase = Phase::Objects;
  place.from.clear();
  return queue(txn, place, std::chrono::floor<std::chrono::days>(txn.now()) + std::chrono::days(1));
}

}  // namespace cloche::s3
