// Configurations of which a bucket has several, each with an id: inventory, analytics, metrics,
// intelligent tiering. They are stored and given back; no report is written and no figure counted.
// Sources: the four Put operations' pages; codes, texts and statuses from recordings of AWS, 2023
// to 2025.
#include <algorithm>
#include <span>

#include "base/digest.h"
#include "base/json.h"
#include "s3/errors.h"
#include "s3/limits.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

struct NamedKind {
  Setting kind;
  std::string_view member, list;
  Result<void> (*check)(std::string_view id, const Value& configuration);
};

bool one_of(const Value& value, std::initializer_list<std::string_view> known) {
  return std::ranges::find(known, value.text()) != known.end();
}

Result<void> check_same_id(std::string_view id, const Value& configuration) {
  if (configuration["Id"].text() != id) return malformed_xml();
  return {};
}

Result<void> check_inventory(std::string_view id, const Value& configuration) {
  if (configuration["Id"].text() != id) return id_mismatch();
  const Value& destination = configuration["Destination"]["S3BucketDestination"];
  if (!one_of(destination["Format"], {"CSV", "ORC", "Parquet"}) ||
      !one_of(configuration["Schedule"]["Frequency"], {"Daily", "Weekly"}) ||
      !one_of(configuration["IncludedObjectVersions"], {"All", "Current"}))
    return malformed_xml();
  for (const Value& field : configuration["OptionalFields"].items()) {
    if (!one_of(field, {"Size", "LastModifiedDate", "StorageClass", "ETag", "IsMultipartUploaded",
                        "ReplicationStatus", "EncryptionStatus", "ObjectLockRetainUntilDate",
                        "ObjectLockMode", "ObjectLockLegalHoldStatus",
                        "IntelligentTieringAccessTier", "BucketKeyStatus", "ChecksumAlgorithm",
                        "ObjectAccessControlList", "ObjectOwner", "LifecycleExpirationDate"}))
      return malformed_xml();
  }
  if (!destination["Bucket"].text().starts_with("arn:aws:s3:::"))
    return invalid_inventory_destination();
  return {};
}

Result<void> check_tiering(std::string_view id, const Value& configuration) {
  CLOCHE_TRY_VOID(check_same_id(id, configuration));
  if (!one_of(configuration["Status"], {"Enabled", "Disabled"}) ||
      configuration["Tierings"].empty())
    return malformed_xml();
  for (const Value& tiering : configuration["Tierings"].items()) {
    const std::int64_t days = tiering["Days"].as_integer(0);
    const bool deep = tiering["AccessTier"].text() == "DEEP_ARCHIVE_ACCESS";
    if (!one_of(tiering["AccessTier"], {"ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"}))
      return malformed_xml();
    // "IntelligentTieringConfiguration", Days: 90 to 730, and 180 at least for the deep tier.
    if (days < (deep ? 180 : 90) || days > 730)
      return invalid_argument("'Days' for Tiering action must be between " +
                                  std::string(deep ? "180" : "90") + " and 730",
                              "Days", std::to_string(days));
  }
  return {};
}

Result<void> check_analytics(std::string_view id, const Value& configuration) {
  CLOCHE_TRY_VOID(check_same_id(id, configuration));
  const Value& data_export = configuration["StorageClassAnalysis"]["DataExport"];
  if (data_export &&
      (!one_of(data_export["OutputSchemaVersion"], {"V_1"}) ||
       !one_of(data_export["Destination"]["S3BucketDestination"]["Format"], {"CSV"})))
    return malformed_xml();
  return {};
}

const NamedKind kInventory = {Setting::Inventory, "InventoryConfiguration",
                              "InventoryConfigurationList", check_inventory};
const NamedKind kAnalytics = {Setting::Analytics, "AnalyticsConfiguration",
                              "AnalyticsConfigurationList", check_analytics};
const NamedKind kMetrics = {Setting::Metrics, "MetricsConfiguration", "MetricsConfigurationList",
                            check_same_id};
const NamedKind kTiering = {Setting::IntelligentTiering, "IntelligentTieringConfiguration",
                            "IntelligentTieringConfigurationList", check_tiering};

Result<Value> apply_put(engine::WriteTxn& txn, const Value& input, const NamedKind& named) {
  CLOCHE_TRY(bucket, find_bucket(txn, input));
  const std::string_view id = input["Id"].text();
  CLOCHE_TRY(const before, find_setting(txn, bucket, named.kind, id));
  if (!before) {
    CLOCHE_TRY(const all, list_settings(txn, bucket, named.kind, "", kNamedSettingsMax));
    if (all.size() >= kNamedSettingsMax) return too_many_configurations();
  }
  CLOCHE_TRY_VOID(put_setting(txn, bucket, named.kind, input[named.member], id));
  return Value::map();
}

void put_named(S3& s3, const CallPtr& call, const NamedKind& named) {
  const Value& input = call->input();
  if (!input[named.member]) return call->fail(malformed_xml());
  if (auto checked = named.check(input["Id"].text(), input[named.member]); !checked)
    return call->fail(std::move(checked).error());
  call->set_status(204);  // The model says 200.
  commit(s3, call,
         [call, &named](engine::WriteTxn& txn) { return apply_put(txn, call->input(), named); });
}

void get_named(S3& s3, const CallPtr& call, const NamedKind& named) {
  answer(call, [&]() -> Result<Value> {
    const auto view = s3.store().view();
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const configuration,
               read_setting(*view, bucket, named.kind, call->arena(), call->input()["Id"].text()));
    if (!configuration) return no_such_configuration();
    Value output = Value::map();
    output.add(call->arena(), named.member, configuration);
    return output;
  }());
}

void delete_named(S3& s3, const CallPtr& call, const NamedKind& named) {
  commit(s3, call, [call, &named](engine::WriteTxn& txn) -> Result<Value> {
    const std::string_view id = call->input()["Id"].text();
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    CLOCHE_TRY(const there, find_setting(txn, bucket, named.kind, id));
    if (!there) return no_such_configuration();
    CLOCHE_TRY_VOID(erase_setting(txn, bucket, named.kind, id));
    return Value::map();
  });
}

Result<Value> list_named(const engine::ReadView& view, protocol::Call& call,
                         const NamedKind& named) {
  const Value& input = call.input();
  Arena& arena = call.arena();
  std::string after;
  if (const Value& token = input["ContinuationToken"]; token && !from_base64(token.text(), after))
    return invalid_argument("The continuation token provided is incorrect", "continuation-token");
  CLOCHE_TRY(const bucket, find_bucket(view, input));
  CLOCHE_TRY(found, list_settings(view, bucket, named.kind, after, kNamedSettingsPage + 1));
  const bool truncated = found.size() > kNamedSettingsPage;
  if (truncated) found.pop_back();
  Value list = Value::list();
  for (const NamedSetting& setting : found) {
    CLOCHE_TRY(const configuration, parse_json(arena.copy(setting.json), arena));
    list.push(arena, configuration);
  }
  Value output = Value::map();
  output.add(arena, "IsTruncated", Value::boolean(truncated));
  if (input["ContinuationToken"])
    output.add(arena, "ContinuationToken", input["ContinuationToken"]);
  if (truncated)
    output.add(arena, "NextContinuationToken",
               Value::string(arena, to_base64(as_bytes(found.back().id))));
  if (!list.empty()) output.add(arena, named.list, list);
  return output;
}

void list_all(S3& s3, const CallPtr& call, const NamedKind& named) {
  answer(call, list_named(*s3.store().view(), *call, named));
}

}  // namespace

void put_bucket_inventory(S3& s3, const CallPtr& call) { put_named(s3, call, kInventory); }
void get_bucket_inventory(S3& s3, const CallPtr& call) { get_named(s3, call, kInventory); }
void delete_bucket_inventory(S3& s3, const CallPtr& call) { delete_named(s3, call, kInventory); }
void list_bucket_inventories(S3& s3, const CallPtr& call) { list_all(s3, call, kInventory); }
void put_bucket_analytics(S3& s3, const CallPtr& call) { put_named(s3, call, kAnalytics); }
void get_bucket_analytics(S3& s3, const CallPtr& call) { get_named(s3, call, kAnalytics); }
void delete_bucket_analytics(S3& s3, const CallPtr& call) { delete_named(s3, call, kAnalytics); }
void list_bucket_analytics(S3& s3, const CallPtr& call) { list_all(s3, call, kAnalytics); }
void put_bucket_metrics(S3& s3, const CallPtr& call) { put_named(s3, call, kMetrics); }
void get_bucket_metrics(S3& s3, const CallPtr& call) { get_named(s3, call, kMetrics); }
void delete_bucket_metrics(S3& s3, const CallPtr& call) { delete_named(s3, call, kMetrics); }
void list_bucket_metrics(S3& s3, const CallPtr& call) { list_all(s3, call, kMetrics); }
void put_bucket_tiering(S3& s3, const CallPtr& call) { put_named(s3, call, kTiering); }
void get_bucket_tiering(S3& s3, const CallPtr& call) { get_named(s3, call, kTiering); }
void delete_bucket_tiering(S3& s3, const CallPtr& call) { delete_named(s3, call, kTiering); }
void list_bucket_tierings(S3& s3, const CallPtr& call) { list_all(s3, call, kTiering); }

}  // namespace cloche::s3
