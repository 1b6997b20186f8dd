#include "s3/lifecycle.h"

#include <algorithm>

#include "base/time_text.h"
#include "s3/names.h"
#include "s3/object_headers.h"
#include "s3/settings.h"

namespace cloche::s3 {
namespace {

// "Supported transitions": each class goes only to those after it.
constexpr std::string_view kColder[] = {
    "",           "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA",
    "GLACIER_IR", "GLACIER",     "DEEP_ARCHIVE"};
// "Constraints and considerations for transitions": smaller objects stay where they are unless a
// filter speaks of sizes.
constexpr std::uint64_t kTransitionBytesMin = std::uint64_t{128} << 10;

std::ptrdiff_t coldness(std::string_view storage_class) {
  return std::ranges::find(kColder, storage_class) - std::begin(kColder);
}

bool is_enabled(const Value& rule) { return rule["Status"].text() == "Enabled"; }

// Seconds since 1970, as settings keep times.
std::optional<Instant> time_of(const Value& value) {
  if (const auto at = value.as_timestamp()) return at;
  return parse_epoch_seconds(value.text());
}

bool has_tag(const Pairs& tags, const Value& tag) {
  return std::ranges::any_of(tags, [&](const auto& pair) {
    return pair.first == tag["Key"].text() && pair.second == tag["Value"].text();
  });
}

bool filter_takes(const Value& filter, const Subject& subject) {
  if (!subject.key.starts_with(filter["Prefix"].text())) return false;
  if (const Value& tag = filter["Tag"]; tag && !has_tag(subject.tags, tag)) return false;
  for (const Value& tag : filter["Tags"].items()) {
    if (!has_tag(subject.tags, tag)) return false;
  }
  const auto size = static_cast<std::int64_t>(subject.size);
  if (const auto more = filter["ObjectSizeGreaterThan"].as_integer(); more && size <= *more)
    return false;
  if (const auto less = filter["ObjectSizeLessThan"].as_integer(); less && size >= *less)
    return false;
  return true;
}

bool filters_sizes(const Value& rule) {
  const Value& filter = rule["Filter"];
  for (const Value* part : {&filter, &filter["And"]}) {
    if ((*part)["ObjectSizeGreaterThan"] || (*part)["ObjectSizeLessThan"]) return true;
  }
  return false;
}

bool large_enough(const Value& configuration, const Value& rule, const Subject& subject,
                  std::string_view target) {
  if (subject.size >= kTransitionBytesMin || filters_sizes(rule)) return true;
  const bool archive = target == "GLACIER" || target == "DEEP_ARCHIVE";
  return archive &&
         configuration["TransitionDefaultMinimumObjectSize"].text() == "varies_by_storage_class";
}

// The colder of two classes.
void take_colder(std::string_view& chosen, std::string_view own, std::string_view target) {
  if (coldness(target) > std::max(coldness(own), coldness(chosen))) chosen = target;
}

}  // namespace

Instant due_after(Instant from, std::int64_t days) {
  using std::chrono::ceil;
  return ceil<std::chrono::days>(from + std::chrono::days(days));
}

bool rule_takes(const Value& rule, const Subject& subject) {
  if (const Value& prefix = rule["Prefix"]) return subject.key.starts_with(prefix.text());
  const Value& filter = rule["Filter"];
  return filter_takes(filter, subject) && (!filter["And"] || filter_takes(filter["And"], subject));
}

std::optional<Expiry> expiry_of(const Value& configuration, const Subject& subject,
                                Instant modified) {
  std::optional<Expiry> earliest;
  for (const Value& rule : configuration["Rules"].items()) {
    const Value& expiration = rule["Expiration"];
    std::optional<Instant> at = time_of(expiration["Date"]);
    if (const auto days = expiration["Days"].as_integer()) at = due_after(modified, *days);
    if (!at || !is_enabled(rule) || !rule_takes(rule, subject)) continue;
    if (!earliest || *at < earliest->at) earliest = Expiry{*at, rule["ID"].text()};
  }
  return earliest;
}

std::string_view transition_of(const Value& configuration, const Subject& subject,
                               std::string_view storage_class, Instant since, Instant now) {
  std::string_view chosen;
  for (const Value& rule : configuration["Rules"].items()) {
    if (!is_enabled(rule) || !rule_takes(rule, subject)) continue;
    for (const Value& transition : rule["Transitions"].items()) {
      const std::string_view target = transition["StorageClass"].text();
      std::optional<Instant> at = time_of(transition["Date"]);
      if (const auto days = transition["Days"].as_integer()) at = due_after(since, *days);
      if (!at || *at > now || !large_enough(configuration, rule, subject, target)) continue;
      take_colder(chosen, storage_class, target);
    }
  }
  return chosen;
}

std::string_view noncurrent_transition_of(const Value& configuration, const Subject& subject,
                                          std::string_view storage_class, Instant since,
                                          std::int64_t newer, Instant now) {
  std::string_view chosen;
  for (const Value& rule : configuration["Rules"].items()) {
    if (!is_enabled(rule) || !rule_takes(rule, subject)) continue;
    for (const Value& transition : rule["NoncurrentVersionTransitions"].items()) {
      const std::string_view target = transition["StorageClass"].text();
      if (newer < transition["NewerNoncurrentVersions"].as_integer(0)) continue;
      if (due_after(since, transition["NoncurrentDays"].as_integer(0)) > now) continue;
      if (large_enough(configuration, rule, subject, target))
        take_colder(chosen, storage_class, target);
    }
  }
  return chosen;
}

bool noncurrent_expired(const Value& configuration, const Subject& subject, Instant since,
                        std::int64_t newer, Instant now) {
  return std::ranges::any_of(configuration["Rules"].items(), [&](const Value& rule) {
    const Value& expiration = rule["NoncurrentVersionExpiration"];
    return expiration && is_enabled(rule) && rule_takes(rule, subject) &&
           newer >= expiration["NewerNoncurrentVersions"].as_integer(0) &&
           due_after(since, expiration["NoncurrentDays"].as_integer(0)) <= now;
  });
}

bool marker_expired(const Value& configuration, std::string_view key, Instant modified,
                    Instant now) {
  const Pairs no_tags;
  const Subject subject{.key = key, .size = 0, .tags = no_tags};
  return std::ranges::any_of(configuration["Rules"].items(), [&](const Value& rule) {
    const Value& expiration = rule["Expiration"];
    if (!is_enabled(rule) || !rule_takes(rule, subject)) return false;
    if (expiration["ExpiredObjectDeleteMarker"].as_bool()) return true;
    const auto days = expiration["Days"].as_integer();
    return days && due_after(modified, *days) <= now;
  });
}

std::optional<Expiry> abort_of(const Value& configuration, std::string_view key,
                               Instant initiated) {
  const Pairs no_tags;
  const Subject subject{.key = key, .size = 0, .tags = no_tags};
  std::optional<Expiry> earliest;
  for (const Value& rule : configuration["Rules"].items()) {
    const auto days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"].as_integer();
    if (!days || !is_enabled(rule) || !rule_takes(rule, subject)) continue;
    const Instant at = due_after(initiated, *days);
    if (!earliest || at < earliest->at) earliest = Expiry{at, rule["ID"].text()};
  }
  return earliest;
}

Result<void> add_expiration(Value& output, Arena& arena, const engine::ReadView& view,
                            const BucketRecord& bucket, std::string_view key,
                            const ObjectRecord& object) {
  if (!bucket.has(Setting::Lifecycle)) return {};
  CLOCHE_TRY(const configuration, read_setting(view, bucket, Setting::Lifecycle, arena));
  const Pairs tags = parse_tagging(object.headers.tagging).value_or(Pairs());
  const Subject subject{.key = key, .size = object.size, .tags = tags};
  const auto expiry = expiry_of(configuration, subject, object.modified);
  if (!expiry) return {};
  output.add(arena, "Expiration",
             Value::string(arena, "expiry-date=\"" + http_date(expiry->at) + "\", rule-id=\"" +
                                      url_encoded(expiry->rule_id) + "\""));
  return {};
}

Result<void> add_abort(Value& output, Arena& arena, const engine::ReadView& view,
                       const BucketRecord& bucket, std::string_view key, Instant initiated) {
  if (!bucket.has(Setting::Lifecycle)) return {};
  CLOCHE_TRY(const configuration, read_setting(view, bucket, Setting::Lifecycle, arena));
  const auto expiry = abort_of(configuration, key, initiated);
  if (!expiry) return {};
  output.add(arena, "AbortDate", Value::timestamp(expiry->at));
  output.add(arena, "AbortRuleId", Value::string(arena, expiry->rule_id));
  return {};
}

}  // namespace cloche::s3
