#include "s3/settings.h"

#include "base/json.h"

namespace cloche::s3 {
namespace {

std::string setting_key(BucketId bucket, Setting kind, std::string_view id) {
  return engine::KeyWriter().integer(bucket).text(name_of(kind)).text(id).take();
}

engine::KeyRange settings_of_kind(BucketId bucket, Setting kind) {
  return engine::KeyRange::of(engine::KeyWriter().integer(bucket).text(name_of(kind)));
}

std::string id_of_row(std::string_view row_key) {
  engine::KeyReader reader(row_key);
  reader.integer();
  reader.text();
  return reader.text();
}

Result<void> put_bucket(engine::WriteTxn& txn, const BucketRecord& bucket) {
  return txn.put(kBuckets, bucket_key(bucket.name), encode(bucket));
}

}  // namespace

std::string_view name_of(Setting kind) {
  switch (kind) {
    case Setting::Tagging:
      return "tagging";
    case Setting::Cors:
      return "cors";
    case Setting::Website:
      return "website";
    case Setting::Notification:
      return "notification";
    case Setting::Lifecycle:
      return "lifecycle";
    case Setting::Logging:
      return "logging";
    case Setting::Replication:
      return "replication";
    case Setting::Accelerate:
      return "accelerate";
    case Setting::Inventory:
      return "inventory";
    case Setting::Analytics:
      return "analytics";
    case Setting::Metrics:
      return "metrics";
    case Setting::IntelligentTiering:
      return "intelligent-tiering";
    case Setting::Abac:
      return "abac";
    case Setting::Metadata:
      return "metadata";
    case Setting::MetadataTable:
      return "metadata-table";
    case Setting::Policy:
      return "policy";
    case Setting::Acl:
      return "acl";
    case Setting::Ownership:
      return "ownership";
    case Setting::PublicAccessBlock:
      return "public-access-block";
    case Setting::RequestPayment:
      return "request-payment";
    case Setting::Encryption:
      return "encryption";
    case Setting::ObjectLock:
      return "object-lock";
  }
  return "";
}

Result<std::optional<std::string_view>> find_setting(const engine::ReadView& view,
                                                     const BucketRecord& bucket, Setting kind,
                                                     std::string_view id) {
  if (!bucket.has(kind)) return std::optional<std::string_view>();
  return view.get(kSettings, setting_key(bucket.id, kind, id));
}

Result<Value> read_setting(const engine::ReadView& view, const BucketRecord& bucket, Setting kind,
                           Arena& arena, std::string_view id) {
  CLOCHE_TRY(const json, find_setting(view, bucket, kind, id));
  if (!json) return Value();
  auto value = parse_json(arena.copy(*json), arena);
  if (!value) return damaged("a row of s3_bucket_settings is not JSON");
  return value;
}

Result<void> put_setting(engine::WriteTxn& txn, BucketRecord& bucket, Setting kind,
                         const Value& configuration, std::string_view id) {
  std::string json;
  append_json(json, configuration);
  return put_setting(txn, bucket, kind, json, id);
}

Result<void> put_setting(engine::WriteTxn& txn, BucketRecord& bucket, Setting kind,
                         std::string_view json, std::string_view id) {
  CLOCHE_TRY_VOID(txn.put(kSettings, setting_key(bucket.id, kind, id), json));
  if (bucket.has(kind)) return {};
  bucket.settings |= bit_of(kind);
  return put_bucket(txn, bucket);
}

Result<void> erase_setting(engine::WriteTxn& txn, BucketRecord& bucket, Setting kind,
                           std::string_view id) {
  if (!bucket.has(kind)) return {};
  CLOCHE_TRY_VOID(txn.erase(kSettings, setting_key(bucket.id, kind, id)));
  const auto others = txn.scan(kSettings, settings_of_kind(bucket.id, kind));
  const bool any = others->valid();
  CLOCHE_TRY_VOID(others->status());
  if (any) return {};
  bucket.settings &= ~bit_of(kind);
  return put_bucket(txn, bucket);
}

Result<void> erase_settings(engine::WriteTxn& txn, const BucketRecord& bucket) {
  if (bucket.settings == 0) return {};
  std::vector<std::string> keys;
  const auto cursor = txn.scan(kSettings, rows_of_bucket(bucket.id));
  for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : keys) CLOCHE_TRY_VOID(txn.erase(kSettings, key));
  return {};
}

Result<std::vector<NamedSetting>> list_settings(const engine::ReadView& view,
                                                const BucketRecord& bucket, Setting kind,
                                                std::string_view after, std::size_t max) {
  std::vector<NamedSetting> found;
  if (!bucket.has(kind)) return found;
  engine::KeyRange range = settings_of_kind(bucket.id, kind);
  if (!after.empty())
    range.from =
        engine::KeyWriter().integer(bucket.id).text(name_of(kind)).text(after).after().take();
  const auto cursor = view.scan(kSettings, range);
  for (; cursor->valid() && found.size() < max; cursor->next()) {
    std::string id = id_of_row(cursor->key());
    CLOCHE_TRY(const json, find_setting(view, bucket, kind, id));
    if (json) found.push_back({.id = std::move(id), .json = *json});
  }
  CLOCHE_TRY_VOID(cursor->status());
  return found;
}

}  // namespace cloche::s3
