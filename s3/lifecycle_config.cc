// What a lifecycle configuration may be, and the operations on it.
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/time_text.h"
#include "s3/errors.h"
#include "s3/lifecycle.h"
#include "s3/limits.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kClasses[] = {"GLACIER",    "STANDARD_IA",  "ONEZONE_IA",
                                         "GLACIER_IR", "DEEP_ARCHIVE", "INTELLIGENT_TIERING"};
constexpr std::string_view kSizes[] = {"all_storage_classes_128K", "varies_by_storage_class"};
constexpr std::string_view kSizeMember = "TransitionDefaultMinimumObjectSize";

Error wrong(std::string_view message) { return invalid_argument(message, "Days"); }

bool one_of(std::string_view text, std::span<const std::string_view> known) {
  return std::ranges::find(known, text) != known.end();
}

Result<void> check_date(const Value& date) {
  const auto at = date.as_timestamp();
  if (!at || std::chrono::floor<std::chrono::days>(*at) == *at) return {};
  return invalid_argument("'Date' must be at midnight GMT", "Date", iso8601(*at));
}

Result<void> check_tags(const Value& tags) {
  std::set<std::string_view> keys;
  for (const Value& tag : tags.items()) {
    if (!keys.insert(tag["Key"].text()).second)
      return invalid_request("Duplicate Tag Keys are not allowed.");
  }
  return {};
}

bool has_tags(const Value& filter) { return filter["Tag"] || !filter["And"]["Tags"].empty(); }

Result<void> check_filter(const Value& rule) {
  const Value& filter = rule["Filter"];
  // One of the two forms, and in the newer one a single condition or an And.
  if (filter.present() == rule["Prefix"].present()) return malformed_xml();
  if (filter.size() > 1) return malformed_xml();
  const Value& all = filter["And"];
  if (all && all.empty()) return malformed_xml();
  return check_tags(all["Tags"]);
}

Result<void> check_expiration(const Value& rule) {
  const Value& expiration = rule["Expiration"];
  if (!expiration) return {};
  if (expiration.size() != 1) return malformed_xml();
  CLOCHE_TRY_VOID(check_date(expiration["Date"]));
  if (const auto days = expiration["Days"].as_integer(); days && *days < 1)
    return wrong("'Days' for Expiration action must be a positive integer");
  if (expiration["ExpiredObjectDeleteMarker"] && has_tags(rule["Filter"]))
    return invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.");
  return {};
}

Result<void> check_noncurrent(const Value& rule) {
  const Value& expiration = rule["NoncurrentVersionExpiration"];
  if (!expiration) return {};
  if (expiration.empty()) return malformed_xml();
  if (const auto days = expiration["NoncurrentDays"].as_integer(); days && *days < 1)
    return invalid_argument(
        "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
        "NoncurrentDays");
  if (const auto newer = expiration["NewerNoncurrentVersions"].as_integer();
      newer && (*newer < 1 || *newer > 100))
    return invalid_argument(
        "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be between 1 and "
        "100",
        "NewerNoncurrentVersions");
  return {};
}

// "Objects must be stored at least 30 days": of these two classes alone.
Result<void> check_minimum(std::string_view action, std::string_view days_name, std::int64_t days,
                           std::string_view storage_class) {
  if (days >= 30 || (storage_class != "STANDARD_IA" && storage_class != "ONEZONE_IA")) return {};
  return invalid_argument("'" + std::string(days_name) + "' in " + std::string(action) +
                              " action must be greater than or equal to 30 for storageClass '" +
                              std::string(storage_class) + "'",
                          days_name);
}

Result<void> check_transition(const Value& rule, const Value& transition) {
  const std::string_view storage_class = transition["StorageClass"].text();
  if (!one_of(storage_class, kClasses)) return malformed_xml();
  if (transition["Days"].present() == transition["Date"].present()) return malformed_xml();
  CLOCHE_TRY_VOID(check_date(transition["Date"]));
  const Value& expiration = rule["Expiration"];
  if ((transition["Days"] && expiration["Date"]) || (transition["Date"] && expiration["Days"]))
    return invalid_request(
        "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule "
        "for prefix '" +
        rule["Prefix"].str() + rule["Filter"]["Prefix"].str() + "'");
  const auto days = transition["Days"].as_integer();
  if (!days) return {};
  if (*days < 0) return wrong("'Days' for Transition action must be nonnegative");
  CLOCHE_TRY_VOID(check_minimum("Transition", "Days", *days, storage_class));
  if (const auto end = expiration["Days"].as_integer(); end && *end <= *days)
    return wrong(
        "'Days' in the Expiration action for filter '(prefix=" + rule["Filter"]["Prefix"].str() +
        ")' must be greater than 'Days' in the Transition action");
  return {};
}

Result<void> check_actions(const Value& rule) {
  const Value& abort = rule["AbortIncompleteMultipartUpload"];
  if (!rule["Expiration"] && rule["Transitions"].empty() && !abort &&
      !rule["NoncurrentVersionExpiration"] && rule["NoncurrentVersionTransitions"].empty())
    return invalid_request("At least one action needs to be specified in a rule");
  CLOCHE_TRY_VOID(check_expiration(rule));
  CLOCHE_TRY_VOID(check_noncurrent(rule));
  for (const Value& transition : rule["Transitions"].items())
    CLOCHE_TRY_VOID(check_transition(rule, transition));
  for (const Value& transition : rule["NoncurrentVersionTransitions"].items()) {
    const std::string_view storage_class = transition["StorageClass"].text();
    if (!one_of(storage_class, kClasses)) return malformed_xml();
    CLOCHE_TRY_VOID(check_minimum("NoncurrentVersionTransition", "NoncurrentDays",
                                  transition["NoncurrentDays"].as_integer(0), storage_class));
  }
  if (!abort) return {};
  if (abort["DaysAfterInitiation"].as_integer(0) < 1)
    return invalid_argument(
        "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive "
        "integer",
        "DaysAfterInitiation");
  if (has_tags(rule["Filter"]))
    return invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags");
  return {};
}

Result<void> check_rule(const Value& rule) {
  const std::string_view status = rule["Status"].text();
  if (status != "Enabled" && status != "Disabled") return malformed_xml();
  if (rule["ID"].text().size() > kLifecycleIdMax)
    return invalid_argument("ID length should not exceed allowed limit of 255", "ID",
                            rule["ID"].text());
  CLOCHE_TRY_VOID(check_filter(rule));
  return check_actions(rule);
}

// As it is stored: each rule has an id.
Value completed(Arena& arena, engine::Ids& ids, const Value& input, std::string_view stamp) {
  Value rules = Value::list();
  for (const Value& rule : input["LifecycleConfiguration"]["Rules"].items()) {
    Value copy = Value::map();
    for (const Member& member : rule.members()) copy.add(arena, member.name, member.value);
    if (rule["ID"].text().empty())
      copy.set(arena, "ID", Value::string(arena, to_base64(as_bytes(ids.uuid()))));
    rules.push(arena, copy);
  }
  Value out = Value::map();
  const Value& size = input[kSizeMember];
  out.add(arena, kSizeMember, size ? size : Value::string(kSizes[0]));
  out.add(arena, "Rules", rules);
  // Tells this configuration's work from that of the one before. No member of the model, so it is
  // never shown.
  out.add(arena, "Stamp", Value::string(arena, stamp));
  return out;
}

const StoredSetting kLifecycle = {.kind = Setting::Lifecycle,
                                  .member = "LifecycleConfiguration",
                                  .output_member = {},
                                  .check = nullptr,
                                  .decide = nullptr,
                                  .missing = no_such_lifecycle};

}  // namespace

Result<void> check_lifecycle(const Value& configuration) {
  const Value& rules = configuration["Rules"];
  if (rules.empty() || rules.size() > kLifecycleRulesMax) return malformed_xml();
  std::set<std::string_view> ids;
  for (const Value& rule : rules.items()) {
    CLOCHE_TRY_VOID(check_rule(rule));
    const std::string_view id = rule["ID"].text();
    if (!id.empty() && !ids.insert(id).second)
      return invalid_argument("Rule ID must be unique. Found same ID for more than one rule", "ID",
                              id);
  }
  return {};
}

void put_bucket_lifecycle(S3& s3, const CallPtr& call) {
  const Value& input = call->input();
  const Value& configuration = input["LifecycleConfiguration"];
  if (!configuration) return call->fail(malformed_xml());
  if (const Value& size = input[kSizeMember]; size && !one_of(size.text(), kSizes))
    return call->fail(
        invalid_request("Invalid TransitionDefaultMinimumObjectSize found: " + size.str()));
  if (auto checked = check_lifecycle(configuration); !checked)
    return call->fail(std::move(checked).error());
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    CLOCHE_TRY(bucket, find_bucket(txn, call->input()));
    const std::string stamp = txn.ids().hex(16);
    const Value stored = completed(call->arena(), txn.ids(), call->input(), stamp);
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Lifecycle, stored));
    CLOCHE_TRY_VOID(start_lifecycle(txn, bucket, stamp));
    Value output = Value::map();
    output.add(call->arena(), kSizeMember, stored[kSizeMember]);
    return output;
  });
}

void get_bucket_lifecycle(S3& s3, const CallPtr& call) { get_stored(s3, call, kLifecycle); }
void delete_bucket_lifecycle(S3& s3, const CallPtr& call) { delete_stored(s3, call, kLifecycle); }

}  // namespace cloche::s3
