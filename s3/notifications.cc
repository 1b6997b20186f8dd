#include "s3/notifications.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/stored.h"

namespace cloche::s3 {
namespace {

// The three lists of a configuration.
struct Kind {
  std::string_view list, arn;
  std::string_view argument;  // As AWS's errors call it.
  std::string_view service;   // In the ARN.
};
constexpr Kind kKinds[] = {
    {"TopicConfigurations", "TopicArn", "Topic", "sns"},
    {"QueueConfigurations", "QueueArn", "Queue", "sqs"},
    {"LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", "lambda"},
};

// "Supported event types for SQS, SNS, and Lambda".
constexpr std::string_view kEventNames[] = {"s3:ReducedRedundancyLostObject",
                                            "s3:ObjectCreated:*",
                                            "s3:ObjectCreated:Put",
                                            "s3:ObjectCreated:Post",
                                            "s3:ObjectCreated:Copy",
                                            "s3:ObjectCreated:CompleteMultipartUpload",
                                            "s3:ObjectRemoved:*",
                                            "s3:ObjectRemoved:Delete",
                                            "s3:ObjectRemoved:DeleteMarkerCreated",
                                            "s3:ObjectRestore:*",
                                            "s3:ObjectRestore:Post",
                                            "s3:ObjectRestore:Completed",
                                            "s3:ObjectRestore:Delete",
                                            "s3:Replication:*",
                                            "s3:Replication:OperationFailedReplication",
                                            "s3:Replication:OperationNotTracked",
                                            "s3:Replication:OperationMissedThreshold",
                                            "s3:Replication:OperationReplicatedAfterThreshold",
                                            "s3:LifecycleTransition",
                                            "s3:IntelligentTiering",
                                            "s3:ObjectAcl:Put",
                                            "s3:LifecycleExpiration:*",
                                            "s3:LifecycleExpiration:Delete",
                                            "s3:LifecycleExpiration:DeleteMarkerCreated",
                                            "s3:ObjectTagging:*",
                                            "s3:ObjectTagging:Put",
                                            "s3:ObjectTagging:Delete"};

// arn:partition:service:region:account:resource.
bool is_arn_of(std::string_view arn, std::string_view service) {
  std::vector<std::string_view> fields;
  while (fields.size() < 5) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return false;
    fields.push_back(arn.substr(0, colon));
    arn.remove_prefix(colon + 1);
  }
  return fields[0] == "arn" && fields[1].starts_with("aws") && fields[2] == service &&
         !fields[3].empty() && !fields[4].empty() && !arn.empty();
}

// Does one of the two names take the other in? "s3:ObjectCreated:*" is all that begins so.
bool covers(std::string_view pattern, std::string_view event) {
  if (pattern == event) return true;
  return pattern.ends_with('*') && event.starts_with(pattern.substr(0, pattern.size() - 1));
}

struct Affixes {
  std::string_view prefix, suffix;
};

Affixes affixes_of(const Value& one) {
  Affixes affixes;
  for (const Value& rule : one["Filter"]["Key"]["FilterRules"].items())
    (ascii_lowered(rule["Name"].text()) == "prefix" ? affixes.prefix : affixes.suffix) =
        rule["Value"].text();
  return affixes;
}

Result<void> check_filter(const Value& one) {
  std::set<std::string> names;
  for (const Value& rule : one["Filter"]["Key"]["FilterRules"].items()) {
    if (!rule["Name"] || !rule["Value"]) return malformed_xml();
    const std::string name = ascii_lowered(rule["Name"].text());
    if (name != "prefix" && name != "suffix")
      return invalid_argument("filter rule name must be either prefix or suffix", "FilterRule.Name",
                              rule["Name"].text());
    if (!names.insert(name).second)
      return invalid_argument("Cannot specify more than one " + name + " rule in a filter.",
                              "FilterRule.Name", rule["Name"].text());
    if (rule["Value"].text().size() > 1024)
      return invalid_argument("Size of filter rule value cannot exceed 1024 bytes in UTF-8",
                              "FilterRule.Value", rule["Value"].text());
  }
  return {};
}

Result<void> check_one(const Value& one, const Kind& kind) {
  if (!is_arn_of(one[kind.arn].text(), kind.service))
    return invalid_argument("The ARN could not be parsed", kind.argument, one[kind.arn].text());
  if (one["Events"].empty()) return malformed_xml();
  for (const Value& event : one["Events"].items()) {
    if (std::ranges::find(kEventNames, event.text()) == std::end(kEventNames))
      return invalid_argument("The event '" + event.str() + "' is not supported for notifications",
                              "Event", event.text());
  }
  return check_filter(one);
}

bool share_event(const Value& a, const Value& b) {
  for (const Value& one : a["Events"].items()) {
    for (const Value& other : b["Events"].items()) {
      if (covers(one.text(), other.text()) || covers(other.text(), one.text())) return true;
    }
  }
  return false;
}

// Two configurations may not both tell of one event at one key.
Result<void> check_overlap(const Value& a, const Value& b) {
  if (!share_event(a, b)) return {};
  const Affixes one = affixes_of(a);
  const Affixes other = affixes_of(b);
  const bool prefixes =
      one.prefix.starts_with(other.prefix) || other.prefix.starts_with(one.prefix);
  const bool suffixes = one.suffix.ends_with(other.suffix) || other.suffix.ends_with(one.suffix);
  if (!prefixes || !suffixes) return {};
  const bool filtered = a["Filter"] || b["Filter"];
  return refused(400, "InvalidArgument",
                 filtered ? "Configuration is ambiguously defined. Cannot have overlapping "
                            "suffixes in two rules if the prefixes are overlapping for the "
                            "same event type."
                          : "Configurations overlap. Configurations on the same bucket "
                            "cannot share a common event type.");
}

// As it is stored: with an id for each, and the names of filter rules as AWS writes them.
Value completed(Arena& arena, engine::Ids& ids, const Value& one, std::string_view arn) {
  Value out = Value::map();
  out.add(arena, "Id",
          one["Id"] ? one["Id"] : Value::string(arena, to_base64(as_bytes(ids.uuid()))));
  out.add(arena, arn, one[arn]);
  out.add(arena, "Events", one["Events"]);
  if (!one["Filter"]) return out;
  Value rules = Value::list();
  for (const Value& rule : one["Filter"]["Key"]["FilterRules"].items()) {
    Value copy = Value::map();
    copy.add(arena, "Name",
             Value::string(ascii_lowered(rule["Name"].text()) == "prefix" ? "Prefix" : "Suffix"));
    copy.add(arena, "Value", rule["Value"]);
    rules.push(arena, copy);
  }
  Value key = Value::map();
  key.add(arena, "FilterRules", rules);
  Value filter = Value::map();
  filter.add(arena, "Key", key);
  out.add(arena, "Filter", filter);
  return out;
}

Value completed(Arena& arena, engine::Ids& ids, const Value& configuration) {
  Value out = Value::map();
  for (const Kind& kind : kKinds) {
    if (configuration[kind.list].empty()) continue;
    Value list = Value::list();
    for (const Value& one : configuration[kind.list].items())
      list.push(arena, completed(arena, ids, one, kind.arn));
    out.add(arena, kind.list, list);
  }
  if (configuration["EventBridgeConfiguration"])
    out.add(arena, "EventBridgeConfiguration", Value::map());
  return out;
}

const StoredSetting kNotification = {.kind = Setting::Notification,
                                     .member = "NotificationConfiguration",
                                     .output_member = {},
                                     .check = nullptr,
                                     .decide = nullptr,
                                     .missing = nullptr};

}  // namespace

Result<void> check_notifications(const Value& configuration) {
  std::vector<Value> all;
  std::set<std::string_view> ids;
  for (const Kind& kind : kKinds) {
    for (const Value& one : configuration[kind.list].items()) {
      CLOCHE_TRY_VOID(check_one(one, kind));
      if (one["Id"] && !ids.insert(one["Id"].text()).second)
        return invalid_argument("Same ID used for multiple configurations. IDs must be unique",
                                "Id", one["Id"].text());
      for (const Value& other : all) CLOCHE_TRY_VOID(check_overlap(other, one));
      all.push_back(one);
    }
  }
  return {};
}

std::vector<Target> targets_of(const Value& configuration, std::string_view event,
                               std::string_view key) {
  std::vector<Target> targets;
  for (const Kind& kind : kKinds) {
    for (const Value& one : configuration[kind.list].items()) {
      const auto asked = one["Events"].items();
      const auto takes = [&](const Value& pattern) { return covers(pattern.text(), event); };
      const Affixes affixes = affixes_of(one);
      if (std::ranges::any_of(asked, takes) && key.starts_with(affixes.prefix) &&
          key.ends_with(affixes.suffix))
        targets.push_back({.arn = one[kind.arn].text(), .configuration_id = one["Id"].text()});
    }
  }
  return targets;
}

void put_bucket_notification(S3& s3, const CallPtr& call) {
  const Value& configuration = call->input()["NotificationConfiguration"];
  if (!configuration) return call->fail(malformed_xml());
  if (auto checked = check_notifications(configuration); !checked)
    return call->fail(std::move(checked).error());
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& asked = call->input();
    CLOCHE_TRY(bucket, find_bucket(txn, asked));
    const Value stored = completed(call->arena(), txn.ids(), asked["NotificationConfiguration"]);
    if (stored.empty()) {
      CLOCHE_TRY_VOID(erase_setting(txn, bucket, Setting::Notification));
      return Value::map();
    }
    CLOCHE_TRY_VOID(put_setting(txn, bucket, Setting::Notification, stored));
    CLOCHE_TRY_VOID(record_test_events(txn, bucket, stored, cause_of(*call)));
    return Value::map();
  });
}

void get_bucket_notification(S3& s3, const CallPtr& call) { get_stored(s3, call, kNotification); }

}  // namespace cloche::s3
