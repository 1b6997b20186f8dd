#include "s3/events.h"

#include "base/json.h"
#include "s3/errors.h"
#include "s3/event_messages.h"
#include "s3/handlers.h"
#include "s3/notifications.h"
#include "s3/settings.h"

namespace cloche::s3 {
namespace {

std::string event_key(BucketId bucket, std::int64_t number) {
  return engine::KeyWriter().integer(bucket).integer(number).take();
}

std::int64_t number_of_row(std::string_view row_key) {
  engine::KeyReader reader(row_key);
  reader.integer();
  return reader.integer();
}

Result<std::int64_t> next_number(const engine::WriteTxn& txn, BucketId bucket) {
  const auto last = txn.scan(kEvents, rows_of_bucket(bucket), engine::Direction::Backward);
  const std::int64_t number = last->valid() ? number_of_row(last->key()) + 1 : 1;
  CLOCHE_TRY_VOID(last->status());
  return number;
}

// Numbers have no gaps but for what was delivered, so one erasure per event keeps the bound.
Result<void> drop_oldest(engine::WriteTxn& txn, BucketId bucket, std::int64_t newest) {
  const auto first = txn.scan(kEvents, rows_of_bucket(bucket));
  CLOCHE_TRY_VOID(first->status());
  if (!first->valid() || newest - number_of_row(first->key()) < kUndeliveredMax) return {};
  return txn.erase(kEvents, std::string(first->key()));
}

Result<void> store_event(engine::WriteTxn& txn, BucketId bucket, std::int64_t number,
                         std::string_view destination, std::string_view message) {
  std::string row = "{\"to\":";
  append_json_string(row, destination);
  row += ",\"message\":";
  row += message;
  row += '}';
  CLOCHE_TRY_VOID(txn.put(kEvents, event_key(bucket, number), row));
  return drop_oldest(txn, bucket, number);
}

}  // namespace

Cause cause_of(const protocol::Call& call) {
  return {.account = call.caller().account,
          .request_id = std::string(call.request_id()),
          .host_id = std::string(call.host_id()),
          .source_ip = std::string(call.http().peer())};
}

Cause cause_of_lifecycle(engine::WriteTxn& txn) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return {.account = {},
          .request_id = txn.ids().from_alphabet(kLetters, 16),
          .host_id = txn.ids().from_alphabet(kLetters, 56),
          .source_ip = "s3.amazonaws.com"};
}

Result<void> record_event(engine::WriteTxn& txn, const BucketRecord& bucket, EventKind kind,
                          const Cause& cause, std::string_view key, const ObjectRecord& object,
                          std::string_view extra) {
  if (!wants_events(bucket)) return {};
  // Paid by each change in a bucket with notifications: a row and its JSON.
  Arena arena;
  CLOCHE_TRY(const configuration, read_setting(txn, bucket, Setting::Notification, arena));
  CLOCHE_TRY(number, next_number(txn, bucket.id));
  const Happening happening{.kind = kind,
                            .bucket = bucket,
                            .cause = cause,
                            .key = key,
                            .object = object,
                            .at = txn.now(),
                            .sequence = number,
                            .extra = extra};
  for (const Target& target : targets_of(configuration, api_name(kind), key)) {
    const std::string message = record_message(happening, target.configuration_id);
    CLOCHE_TRY_VOID(store_event(txn, bucket.id, number++, target.arn, message));
  }
  if (!configuration["EventBridgeConfiguration"]) return {};
  return store_event(txn, bucket.id, number, kEventBridge,
                     event_bridge_message(happening, txn.ids().uuid()));
}

Result<void> record_test_events(engine::WriteTxn& txn, const BucketRecord& bucket,
                                const Value& configuration, const Cause& cause) {
  CLOCHE_TRY(number, next_number(txn, bucket.id));
  for (const auto& [list, arn] : {std::pair("TopicConfigurations", "TopicArn"),
                                  std::pair("QueueConfigurations", "QueueArn")}) {
    for (const Value& one : configuration[list].items()) {
      CLOCHE_TRY_VOID(store_event(txn, bucket.id, number++, one[arn].text(),
                                  test_message(bucket, cause, txn.now())));
    }
  }
  return {};
}

Result<std::vector<Undelivered>> undelivered_events(const engine::ReadView& view, BucketId bucket,
                                                    std::size_t max) {
  std::vector<Undelivered> events;
  const auto cursor = view.scan(kEvents, rows_of_bucket(bucket));
  for (; cursor->valid() && events.size() < max; cursor->next()) {
    Arena arena;
    CLOCHE_TRY(const row, parse_json(cursor->value(), arena));
    std::string message;
    append_json(message, row["message"]);
    events.push_back({.number = number_of_row(cursor->key()),
                      .destination = row["to"].str(),
                      .message = std::move(message)});
  }
  CLOCHE_TRY_VOID(cursor->status());
  return events;
}

Result<std::string> S3::undelivered_events(std::string_view name) {
  const auto view = store_.view();
  CLOCHE_TRY(const bucket, find_bucket_named(*view, name));
  if (!bucket) return no_such_bucket(name);
  CLOCHE_TRY(const events, s3::undelivered_events(*view, bucket->id, kUndeliveredMax));
  std::string json = "[";
  for (const Undelivered& event : events) {
    if (json.size() > 1) json += ",\n";
    json += "{\"to\":";
    append_json_string(json, event.destination);
    json += ",\"message\":" + event.message + '}';
  }
  return json + "]";
}

Result<void> erase_event(engine::WriteTxn& txn, BucketId bucket, std::int64_t number) {
  return txn.erase(kEvents, event_key(bucket, number));
}

Result<void> erase_events(engine::WriteTxn& txn, BucketId bucket) {
  std::vector<std::string> keys;
  const auto cursor = txn.scan(kEvents, rows_of_bucket(bucket));
  for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : keys) CLOCHE_TRY_VOID(txn.erase(kEvents, key));
  return {};
}

}  // namespace cloche::s3
