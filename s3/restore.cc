#include "s3/restore.h"

#include "base/time_text.h"
#include "s3/errors.h"
#include "s3/events.h"
#include "s3/handlers.h"
#include "s3/versions.h"

namespace cloche::s3 {
namespace {

struct RestorePlan {
  std::int64_t days = 0;
  bool expedited = false;
};

Result<RestorePlan> plan_restore(const Value& input) {
  const Value& request = input["RestoreRequest"];
  if (!request) return malformed_xml();
  if (request["Type"] || request["SelectParameters"] || request["OutputLocation"])
    return header_not_implemented("Type", "Cloche restores whole objects only");
  const Value& days = request["Days"];
  if (!days) return malformed_xml();
  if (days.as_integer(0) < 1) {
    return invalid_argument("restoration days should be at least 1", "Days",
                            std::to_string(days.as_integer(0)));
  }
  for (const Value* tier : {&request["Tier"], &request["GlacierJobParameters"]["Tier"]}) {
    if (*tier && tier->text() != "Standard" && tier->text() != "Bulk" &&
        tier->text() != "Expedited")
      return malformed_xml();
  }
  const bool expedited = request["Tier"].text() == "Expedited" ||
                         request["GlacierJobParameters"]["Tier"].text() == "Expedited";
  return RestorePlan{.days = days.as_integer(0), .expedited = expedited};
}

// "Amazon S3 calculates the expiration date by adding the number of days to the time of the request,
// and then rounds it to the next day at midnight UTC."
Instant expiry_of(Instant now, std::int64_t days) {
  return std::chrono::floor<std::chrono::days>(now + std::chrono::days(days)) +
         std::chrono::days(1);
}

// It is begun and done in one (restore.h), so both are told at once.
Result<void> tell_of_restore(engine::WriteTxn& txn, const BucketRecord& bucket,
                             const protocol::Call& call, std::string_view key,
                             const ObjectRecord& object) {
  if (!wants_events(bucket)) return {};
  const Cause cause = cause_of(call);
  CLOCHE_TRY_VOID(record_event(txn, bucket, EventKind::RestorePost, cause, key, object));
  return record_event(txn, bucket, EventKind::RestoreCompleted, cause, key, object,
                      "\"glacierEventData\":{\"restoreEventData\":{"
                      "\"lifecycleRestorationExpiryTime\":\"" +
                          iso8601_milliseconds(*object.restored_until) +
                          "\",\"lifecycleRestoreStorageClass\":\"" + object.headers.storage_class +
                          "\"}}");
}

Result<Value> apply_restore(engine::WriteTxn& txn, protocol::Call& call, const RestorePlan& plan) {
  const Value& input = call.input();
  const std::string_view key = input["Key"].text();
  CLOCHE_TRY(const bucket, find_bucket(txn, input));
  CLOCHE_TRY(object, find_version(txn, bucket, key, input["VersionId"].text()));
  if (object.delete_marker) return method_not_allowed(call.http().method());
  const std::string& storage_class = object.headers.storage_class;
  if (!is_archived(storage_class)) {
    Error error = invalid_object_state(storage_class.empty() ? "STANDARD" : storage_class);
    error.message = "Restore is not allowed for the object's current storage class";
    return error;
  }
  // "Archive retrieval options": expedited retrievals are for GLACIER alone.
  if (plan.expedited && storage_class == "DEEP_ARCHIVE") {
    return invalid_argument("Retrieval option is not supported by this storage class", "Tier",
                            "Expedited");
  }
  const bool again = object.restored_until && *object.restored_until > txn.now();
  object.restored_until = expiry_of(txn.now(), plan.days);
  CLOCHE_TRY_VOID(rewrite(txn, bucket, key, object));
  CLOCHE_TRY_VOID(tell_of_restore(txn, bucket, call, key, object));
  // 200 where a restored copy is there and just stays for longer ("RestoreObject", Responses).
  call.set_status(again ? 200 : 202);
  return Value::map();
}

}  // namespace

bool is_archived(std::string_view storage_class) {
  return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

Result<void> check_not_archived(const ObjectRecord& object, Instant now) {
  if (!is_archived(object.headers.storage_class)) return {};
  if (object.restored_until && *object.restored_until > now) return {};
  return invalid_object_state(object.headers.storage_class);
}

Result<void> add_restore_status(Value& item, Arena& arena, std::string_view row,
                                std::string_view storage_class, Instant now) {
  if (!is_archived(storage_class)) return {};
  CLOCHE_TRY(const object, decode_object(row));
  if (!object.restored_until || *object.restored_until <= now) return {};
  Value status = Value::map();
  status.add(arena, "IsRestoreInProgress", Value::boolean(false));
  status.add(arena, "RestoreExpiryDate", Value::timestamp(*object.restored_until));
  item.add(arena, "RestoreStatus", status);
  return {};
}

std::string restore_text(const ObjectRecord& object, Instant now) {
  if (!object.restored_until || *object.restored_until <= now) return {};
  return "ongoing-request=\"false\", expiry-date=\"" + http_date(*object.restored_until) + "\"";
}

void restore_object(S3& s3, const CallPtr& call) {
  auto plan = plan_restore(call->input());
  if (!plan) return call->fail(std::move(plan).error());
  commit(s3, call,
         [call, plan = *plan](engine::WriteTxn& txn) { return apply_restore(txn, *call, plan); });
}

}  // namespace cloche::s3
