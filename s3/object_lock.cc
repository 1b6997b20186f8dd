#include "s3/object_lock.h"

#include <algorithm>
#include <cstdio>

#include "base/time_text.h"
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/settings.h"
#include "s3/stored.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

constexpr std::string_view kModeHeader = "x-amz-object-lock-mode";
constexpr std::string_view kUntilHeader = "x-amz-object-lock-retain-until-date";
constexpr std::string_view kHoldHeader = "x-amz-object-lock-legal-hold";
constexpr std::string_view kBypassHeader = "x-amz-bypass-governance-retention";
constexpr std::string_view kInTheFuture = "The retain until date must be in the future!";

// "The maximum retention period is 100 years"; a year is 365 days.
constexpr std::int64_t kDaysPerYear = 365;
constexpr std::int64_t kRetentionYearsMax = 100;
constexpr std::int64_t kRetentionDaysMax = kRetentionYearsMax * kDaysPerYear;

std::optional<LockMode> mode_of(std::string_view name) {
  if (name == "GOVERNANCE") return LockMode::Governance;
  if (name == "COMPLIANCE") return LockMode::Compliance;
  return std::nullopt;
}
Value mode_name(LockMode mode) {
  return Value::string(mode == LockMode::Governance ? "GOVERNANCE" : "COMPLIANCE");
}

bool retains(const Lock& lock, Instant now) {
  return lock.mode != LockMode::None && lock.until > now;
}

// The day of the month of the n-th Sunday.
unsigned sunday(std::chrono::year_month month, unsigned n) {
  const std::chrono::year_month_day day{month / std::chrono::Sunday[n]};
  return static_cast<unsigned>(day.day());
}

// As S3 shows a date that it refuses: "Tue Dec 31 16:00:00 PST 2019", in the time of its home.
std::string pacific_text(Instant at) {
  using namespace std::chrono;
  const auto standard = floor<seconds>(at) - hours(8);
  const year year = year_month_day(floor<days>(standard)).year();
  // Since 2007: from the second Sunday of March to the first of November, at two o'clock.
  const auto begin = sys_days(year / March / day(sunday(year / March, 2))) + hours(2);
  const auto end = sys_days(year / November / day(sunday(year / November, 1))) + hours(1);
  const bool summer = standard >= begin && standard < end;
  const auto local = summer ? standard + hours(1) : standard;
  const auto midnight = floor<days>(local);
  const year_month_day date(midnight);
  const hh_mm_ss time(local - midnight);
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  std::snprintf(text, sizeof text, "%s %s %02u %02d:%02d:%02d %s %d",
                kDays[weekday(midnight).c_encoding()].data(),
                kMonths[static_cast<unsigned>(date.month()) - 1].data(),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                summer ? "PDT" : "PST", static_cast<int>(date.year()));
  return text;
}

Result<Lock> default_lock(const engine::ReadView& view, const BucketRecord& bucket, Instant now) {
  Arena arena;
  CLOCHE_TRY(const configuration, read_setting(view, bucket, Setting::ObjectLock, arena));
  const Value& retention = configuration["Rule"]["DefaultRetention"];
  if (!retention) return Lock{};
  Lock lock;
  lock.mode = mode_of(retention["Mode"].text()).value_or(LockMode::None);
  const std::int64_t days =
      retention["Days"].as_integer(0) + retention["Years"].as_integer(0) * kDaysPerYear;
  lock.until = now + std::chrono::days(days);
  return lock;
}

Result<void> check_period(const Value& retention, std::string_view unit, std::int64_t max) {
  const Value& period = retention[unit];
  if (!period) return {};
  const auto refused = [&](std::string_view why) {
    return invalid_argument(
        why, unit, period.as_integer() ? std::to_string(*period.as_integer()) : period.str());
  };
  if (period.as_integer(0) <= 0)
    return refused("Default retention period must be a positive integer value.");
  if (period.as_integer(0) > max) return refused("Default retention period too large.");
  return {};
}

Result<void> check_configuration(const protocol::Call& call, const Value& configuration) {
  CLOCHE_TRY_VOID(require_body_digest(call));
  if (configuration["ObjectLockEnabled"].text() != "Enabled") return malformed_xml();
  const Value& rule = configuration["Rule"];
  if (!rule) return {};
  const Value& retention = rule["DefaultRetention"];
  if (!mode_of(retention["Mode"].text())) return malformed_xml();
  if (retention["Days"].present() == retention["Years"].present()) return malformed_xml();
  CLOCHE_TRY_VOID(check_period(retention, "Days", kRetentionDaysMax));
  return check_period(retention, "Years", kRetentionYearsMax);
}

Result<void> decide_configuration(const engine::ReadView&, const BucketRecord& bucket,
                                  const Value&) {
  if (bucket.versioning == Versioning::Enabled) return {};
  return invalid_bucket_state(
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration");
}

const StoredSetting kObjectLock = {.kind = Setting::ObjectLock,
                                   .member = "ObjectLockConfiguration",
                                   .output_member = "ObjectLockConfiguration",
                                   .check = check_configuration,
                                   .decide = decide_configuration,
                                   .missing = object_lock_configuration_not_found};

// The version that a request about a lock means.
Result<ObjectRecord> find_lockable(const engine::ReadView& view, const protocol::Call& call,
                                   const BucketRecord& bucket) {
  const Value& input = call.input();
  if (!bucket.has(Setting::ObjectLock))
    return invalid_request("Bucket is missing Object Lock Configuration");
  CLOCHE_TRY(object, find_version(view, bucket, input["Key"].text(), input["VersionId"].text()));
  if (object.delete_marker) return method_not_allowed(call.http().method());
  return object;
}

// What PutObjectRetention may make of a lock that is there.
Result<void> check_change(const Lock& now_has, const Lock& wanted, Instant now, bool bypass) {
  if (!retains(now_has, now)) return {};
  const bool extends = wanted.mode == now_has.mode && wanted.until >= now_has.until;
  if (extends || (now_has.mode == LockMode::Governance && bypass)) return {};
  return access_denied("Access Denied because object protected by object lock.");
}

Result<Lock> read_retention(const Value& retention, Instant now) {
  Lock lock;
  const Value& mode = retention["Mode"];
  const Value& until = retention["RetainUntilDate"];
  if (!retention) return malformed_xml();
  if (!mode && !until) return lock;  // Takes a retention away.
  const auto known = mode_of(mode.text());
  if (!known || !until.as_timestamp()) return malformed_xml();
  lock.mode = *known;
  lock.until = *until.as_timestamp();
  if (lock.until <= now)
    return invalid_argument(kInTheFuture, "RetainUntilDate", pacific_text(lock.until));
  return lock;
}

}  // namespace

Result<AskedLock> read_lock(const protocol::Call& call, Instant now) {
  const Value& input = call.input();
  const Value& mode = input["ObjectLockMode"];
  const Value& until = input["ObjectLockRetainUntilDate"];
  const Value& hold = input["ObjectLockLegalHoldStatus"];
  AskedLock asked;
  if (!mode && !until && !hold) return asked;
  if (mode.present() != until.present()) {
    return invalid_argument(
        "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
        mode ? kUntilHeader : kModeHeader);
  }
  if (mode) {
    const auto known = mode_of(mode.text());
    if (!known) return invalid_argument("Unknown wormMode directive.", kModeHeader, mode.text());
    if (!until.as_timestamp()) {
      return invalid_argument("The retain until date must be provided in ISO 8601 format",
                              kUntilHeader, call.http().header(kUntilHeader));
    }
    asked.mode = *known;
    asked.until = *until.as_timestamp();
    if (asked.until <= now)
      return invalid_argument(kInTheFuture, kUntilHeader, pacific_text(asked.until));
  }
  if (hold) {
    if (hold.text() != "ON" && hold.text() != "OFF") {
      return invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", kHoldHeader,
                              hold.text());
    }
    asked.legal_hold = hold.text() == "ON";
  }
  return asked;
}

Result<Lock> decide_lock(const engine::ReadView& view, const BucketRecord& bucket,
                         const AskedLock& asked, Instant now) {
  if (!bucket.has(Setting::ObjectLock)) {
    if (asked.any()) return invalid_request("Bucket is missing ObjectLockConfiguration");
    return Lock{};
  }
  Lock lock{.mode = asked.mode, .until = asked.until, .legal_hold = asked.legal_hold};
  if (asked.mode == LockMode::None) {
    CLOCHE_TRY(by_default, default_lock(view, bucket, now));
    lock.mode = by_default.mode;
    lock.until = by_default.until;
  }
  return lock;
}

void add_lock(Value& output, Arena& arena, const Lock& lock) {
  if (lock.mode != LockMode::None) {
    output.add(arena, "ObjectLockMode", mode_name(lock.mode));
    output.add(arena, "ObjectLockRetainUntilDate", Value::timestamp(lock.until));
  }
  if (lock.legal_hold) {
    output.add(arena, "ObjectLockLegalHoldStatus", Value::string(*lock.legal_hold ? "ON" : "OFF"));
  }
}

Result<void> check_deletable(const Lock& lock, Instant now, bool bypass) {
  const bool retained = retains(lock, now) && !(bypass && lock.mode == LockMode::Governance);
  if (!retained && !lock.legal_hold.value_or(false)) return {};
  return access_denied("Access Denied because object protected by object lock.");
}

Result<bool> read_bypass(const protocol::Call& call, const BucketRecord& bucket) {
  const Value& bypass = call.input()["BypassGovernanceRetention"];
  const auto objects = call.input()["Delete"]["Objects"].items();
  const bool names_versions = std::ranges::any_of(
      objects, [](const Value& object) { return object["VersionId"].present(); });
  if (bypass && !bucket.has(Setting::ObjectLock) && !names_versions) {
    return invalid_argument(
        "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
        kBypassHeader);
  }
  return bypass.as_bool();
}

void put_object_lock_configuration(S3& s3, const CallPtr& call) {
  put_stored(s3, call, kObjectLock);
}

void get_object_lock_configuration(S3& s3, const CallPtr& call) {
  get_stored(s3, call, kObjectLock);
}

void put_object_retention(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& input = call->input();
    CLOCHE_TRY(const bucket, find_bucket(txn, input));
    CLOCHE_TRY_VOID(require_body_digest(*call));
    CLOCHE_TRY(const wanted, read_retention(input["Retention"], txn.now()));
    CLOCHE_TRY(object, find_lockable(txn, *call, bucket));
    CLOCHE_TRY_VOID(
        check_change(object.lock, wanted, txn.now(), input["BypassGovernanceRetention"].as_bool()));
    object.lock.mode = wanted.mode;
    object.lock.until = wanted.until;
    CLOCHE_TRY_VOID(rewrite(txn, bucket, input["Key"].text(), object));
    return Value::map();
  });
}

void get_object_retention(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const object, find_lockable(*view, *call, bucket));
    if (object.lock.mode == LockMode::None) return no_such_object_lock_configuration();
    Arena& arena = call->arena();
    Value retention = Value::map();
    retention.add(arena, "Mode", mode_name(object.lock.mode));
    retention.add(arena, "RetainUntilDate", Value::timestamp(object.lock.until));
    Value output = Value::map();
    output.add(arena, "Retention", retention);
    return output;
  }());
}

void put_object_legal_hold(S3& s3, const CallPtr& call) {
  commit(s3, call, [call](engine::WriteTxn& txn) -> Result<Value> {
    const Value& input = call->input();
    CLOCHE_TRY(const bucket, find_bucket(txn, input));
    CLOCHE_TRY_VOID(require_body_digest(*call));
    const std::string_view status = input["LegalHold"]["Status"].text();
    if (status != "ON" && status != "OFF") return malformed_xml();
    CLOCHE_TRY(object, find_lockable(txn, *call, bucket));
    object.lock.legal_hold = status == "ON";
    CLOCHE_TRY_VOID(rewrite(txn, bucket, input["Key"].text(), object));
    return Value::map();
  });
}

void get_object_legal_hold(S3& s3, const CallPtr& call) {
  const auto view = s3.store().view();
  answer(call, [&]() -> Result<Value> {
    CLOCHE_TRY(const bucket, find_bucket(*view, call->input()));
    CLOCHE_TRY(const object, find_lockable(*view, *call, bucket));
    if (!object.lock.legal_hold) return no_such_object_lock_configuration();
    Arena& arena = call->arena();
    Value hold = Value::map();
    hold.add(arena, "Status", Value::string(*object.lock.legal_hold ? "ON" : "OFF"));
    Value output = Value::map();
    output.add(arena, "LegalHold", hold);
    return output;
  }());
}

}  // namespace cloche::s3
