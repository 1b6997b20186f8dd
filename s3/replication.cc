#include "s3/replication.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "s3/errors.h"
#include "s3/lifecycle.h"
#include "s3/object_headers.h"
#include "s3/stored.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kArn = "arn:aws:s3:::";
constexpr std::size_t kRulesMax = 1000;  // "Replication configuration file elements".

std::string_view destination_of(const Value& rule) {
  const std::string_view arn = rule["Destination"]["Bucket"].text();
  return arn.starts_with(kArn) ? arn.substr(kArn.size()) : arn;
}

bool is_status(const Value& value) {
  return value.text() == "Enabled" || value.text() == "Disabled";
}

Result<void> check_replication(const protocol::Call&, const Value& configuration) {
  const Value& rules = configuration["Rules"];
  if (rules.empty() || rules.size() > kRulesMax || configuration["Role"].text().empty())
    return malformed_xml();
  for (const Value& rule : rules.items()) {
    const bool newer = rule["Filter"].present();
    if (!is_status(rule["Status"]) || rule["Filter"].size() > 1) return malformed_xml();
    if (newer && rule["Prefix"]) return malformed_xml();
    // What the newer form of a rule has to say ("Replication configuration", backward
    // compatibility).
    if (newer && !rule["Priority"])
      return invalid_request(
          "Priority must be specified for this version of Cross Region Replication configuration "
          "schema. Please refer to S3 Developer Guide for more information.");
    if (newer && !rule["DeleteMarkerReplication"])
      return invalid_request(
          "DeleteMarkerReplication must be specified for this version of Cross Region Replication "
          "configuration schema. Please refer to S3 Developer Guide for more information.");
    if (rule["DeleteMarkerReplication"] && !is_status(rule["DeleteMarkerReplication"]["Status"]))
      return malformed_xml();
    if (!rule["Destination"]["Bucket"].text().starts_with(kArn))
      return invalid_argument("Invalid bucket ARN.", "Bucket",
                              rule["Destination"]["Bucket"].text());
  }
  return {};
}

Result<void> decide_replication(const engine::ReadView& view, const BucketRecord& bucket,
                                const Value& configuration) {
  if (bucket.versioning != Versioning::Enabled)
    return invalid_request(
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration");
  for (const Value& rule : configuration["Rules"].items()) {
    CLOCHE_TRY(const destination, find_bucket_named(view, destination_of(rule)));
    if (!destination || destination->versioning != Versioning::Enabled)
      return invalid_request("Destination bucket must have versioning enabled.");
  }
  return {};
}

const StoredSetting kReplication = {.kind = Setting::Replication,
                                    .member = "ReplicationConfiguration",
                                    .output_member = "ReplicationConfiguration",
                                    .check = check_replication,
                                    .decide = decide_replication,
                                    .missing = no_such_replication};

// A rule's filter has the members of a lifecycle rule's; so has the older Prefix.
bool takes(const Value& rule, std::string_view key, const ObjectRecord& version) {
  if (rule["Status"].text() != "Enabled") return false;
  // The older form of rules replicates delete markers, the newer one when it says so.
  if (version.delete_marker && rule["Filter"] &&
      rule["DeleteMarkerReplication"]["Status"].text() != "Enabled")
    return false;
  const Pairs tags = parse_tagging(version.headers.tagging).value_or(Pairs());
  return rule_takes(rule, {.key = key, .size = version.size, .tags = tags});
}

// For each destination the rule of the highest priority.
std::map<std::string_view, Value> rules_for(const Value& configuration, std::string_view key,
                                            const ObjectRecord& version) {
  std::map<std::string_view, Value> chosen;
  for (const Value& rule : configuration["Rules"].items()) {
    if (!takes(rule, key, version)) continue;
    Value& best = chosen[destination_of(rule)];
    if (!best || rule["Priority"].as_integer(0) > best["Priority"].as_integer(0)) best = rule;
  }
  return chosen;
}

// False if the destination can't take it.
Result<bool> make_replica(engine::WriteTxn& txn, std::string_view bucket_name, const Value& rule,
                          std::string_view key, ObjectRecord version) {
  CLOCHE_TRY(const destination, find_bucket_named(txn, bucket_name));
  if (!destination || destination->versioning != Versioning::Enabled) return false;
  if (const Value& storage_class = rule["Destination"]["StorageClass"])
    version.headers.storage_class =
        storage_class.text() == "STANDARD" ? std::string() : storage_class.str();
  version.replication = version.delete_marker ? "" : kReplica;
  version.restored_until.reset();
  CLOCHE_TRY_VOID(retain_extents(txn, version.extents));
  CLOCHE_TRY_VOID(store_replica(txn, *destination, key, version));
  return true;
}

}  // namespace

Result<void> plan_replication(const engine::ReadView& view, const BucketRecord& bucket,
                              std::string_view key, ObjectRecord& object) {
  object.replication.clear();
  if (!bucket.has(Setting::Replication) || bucket.versioning != Versioning::Enabled) return {};
  Arena arena;
  CLOCHE_TRY(const configuration, read_setting(view, bucket, Setting::Replication, arena));
  if (!rules_for(configuration, key, object).empty()) object.replication = kPending;
  return {};
}

Result<void> replicate_later(engine::WriteTxn& txn, const BucketRecord& bucket,
                             std::string_view key, const ObjectRecord& version) {
  if (!bucket.has(Setting::Replication) || version.version_id.empty()) return {};
  if (!version.delete_marker && (version.replication.empty() || version.replication == kReplica))
    return {};
  std::string payload = "{\"bucket\":";
  append_json_string(payload, bucket.name);
  payload += ",\"key\":";
  append_json_string(payload, key);
  payload += ",\"version\":";
  append_json_string(payload, version.version_id);
  payload += '}';
  CLOCHE_TRY_VOID(
      txn.later({.kind = std::string(kReplicationWork), .payload = payload, .due = {}}));
  return {};
}

Result<void> replication_step(engine::WriteTxn& txn, const std::string& payload) {
  Arena arena;
  CLOCHE_TRY(const work, parse_json(payload, arena));
  const std::string_view key = work["key"].text();
  CLOCHE_TRY(const bucket, find_bucket_named(txn, work["bucket"].text()));
  if (!bucket) return {};
  CLOCHE_TRY(found, look_for_version(txn, *bucket, key, work["version"].text()));
  if (!found) return {};  // It has gone again.
  CLOCHE_TRY(const configuration, read_setting(txn, *bucket, Setting::Replication, arena));
  bool all = true;
  for (const auto& [destination, rule] : rules_for(configuration, key, *found)) {
    CLOCHE_TRY(const made, make_replica(txn, destination, rule, key, *found));
    all = all && made;
  }
  if (found->delete_marker) return {};
  found->replication = all ? "COMPLETED" : "FAILED";
  return rewrite(txn, *bucket, key, *found);
}

void put_bucket_replication(S3& s3, const CallPtr& call) { put_stored(s3, call, kReplication); }
void get_bucket_replication(S3& s3, const CallPtr& call) { get_stored(s3, call, kReplication); }
void delete_bucket_replication(S3& s3, const CallPtr& call) {
  delete_stored(s3, call, kReplication);
}

}  // namespace cloche::s3
