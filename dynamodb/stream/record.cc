// Records of streams: written with their change, removed when they are 24 hours old.
#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "dynamodb/limits.h"
#include "dynamodb/stream/head.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/catalog.h"

namespace cloche::dynamodb {
namespace {

bool same_items(const Value& a, const Value& b) {
  return a.size() == b.size() && std::ranges::all_of(a.members(), [&](const Member& member) {
           const Value& other = b.find(member.name);
           return other.present() && equal(member.value, other);
         });
}

// The key attributes of an item, as a map.
Value keys_of(const Table& table, const Value& item, Arena& arena) {
  Value keys = Value::map();
  keys.add(arena, table.keys.partition.name, item.find(table.keys.partition.name));
  if (table.keys.sort) keys.add(arena, table.keys.sort->name, item.find(table.keys.sort->name));
  return keys;
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

// The record as GetRecords sends it. Its size is that of the keys and of the images that it holds.
Result<std::string> record_json(engine::WriteTxn& txn, const Table& table, FoundItem& before,
                                const NewItem* after, Changer changer, std::int64_t sequence,
                                Arena& arena) {
  CLOCHE_TRY(const old_tree, before.tree(arena));
  const Value keys = keys_of(table, after != nullptr ? after->tree : old_tree, arena);
  const bool news = table.stream_view_type.starts_with("NEW");
  const bool olds =
      table.stream_view_type.ends_with("OLD_IMAGES") || table.stream_view_type == "OLD_IMAGE";
  std::size_t bytes = item_bytes(keys);

  std::string json = "{\"eventID\":\"" + txn.ids().hex(32) + "\"";
  append_member(json, "eventName", !before.exists() ? "INSERT" : after ? "MODIFY" : "REMOVE");
  append_member(json, "eventVersion", "1.1");
  append_member(json, "eventSource", "aws:dynamodb");
  append_member(json, "awsRegion", table.region);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(txn.now()).time_since_epoch();
  json.append(",\"dynamodb\":{\"ApproximateCreationDateTime\":")
      .append(std::to_string(seconds.count()))
      .append(",\"Keys\":");
  append_json(json, keys);
  if (news && after != nullptr) {
    bytes += after->bytes;
    json.append(",\"NewImage\":").append(StoredItem(after->row).json());
  }
  if (olds && before.exists()) {
    bytes += before.bytes();
    json.append(",\"OldImage\":").append(before.json());
  }
  append_member(json, "SequenceNumber", sequence_text(sequence));
  json.append(",\"SizeBytes\":").append(std::to_string(bytes));
  append_member(json, "StreamViewType", table.stream_view_type);
  json += '}';
  if (changer == Changer::TimeToLive) {
    json.append(
        ",\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\",\"Type\":\"Service\"}");
  }
  json += '}';
  return json;
}

Result<void> trim_later(engine::WriteTxn& txn, std::int64_t stream, Instant due) {
  auto queued = txn.later({.kind = std::string(kTrimStream),
                           .payload = engine::KeyWriter().integer(stream).take(),
                           .due = due});
  return queued ? Result<void>() : std::move(queued).error();
}

// Removes what is too old, in steps, and comes back when the oldest record that is left will be.
Result<void> trim_step(engine::WriteTxn& txn, const std::string& payload) {
  const std::int64_t stream = engine::KeyReader(payload).integer();
  const std::string head_key = engine::KeyWriter().integer(stream).take();
  CLOCHE_TRY(const known, txn.get(kStreamHeads, head_key));
  if (!known) return {};  // The stream is gone.
  std::vector<std::string> old;
  std::size_t bytes = 0;
  std::optional<Instant> oldest_left;
  const auto cursor =
      txn.scan(kStreamRecords, engine::KeyRange::of(engine::KeyWriter().integer(stream)));
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(const record, decode_record(cursor->value()));
    if (record.at + kStreamRetention > txn.now() || old.size() == kStepRowsMax ||
        bytes > kStepBytesMax) {
      oldest_left = record.at;
      break;
    }
    old.emplace_back(cursor->key());
    bytes += cursor->value().size();
  }
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : old) CLOCHE_TRY_VOID(txn.erase(kStreamRecords, key));

  std::vector<std::string> old_shards;
  const auto shards =
      txn.scan(kStreamShards, engine::KeyRange::of(engine::KeyWriter().integer(stream)));
  for (; shards->valid(); shards->next()) {
    Arena arena;
    CLOCHE_TRY(const shard, parse_json(shards->value(), arena));
    const auto closed = decode_time(shard["closed"]);
    if (!closed || *closed + kStreamRetention > txn.now()) break;
    old_shards.emplace_back(shards->key());
  }
  CLOCHE_TRY_VOID(shards->status());
  for (const std::string& key : old_shards) CLOCHE_TRY_VOID(txn.erase(kStreamShards, key));

  if (oldest_left) return trim_later(txn, stream, *oldest_left + kStreamRetention);
  CLOCHE_TRY(head, StreamHead::get(txn, stream));
  head.trimming = false;
  return head.put(txn, stream);
}

// A stream that ended 24 hours ago goes with all that is left of it.
Result<void> forget_step(engine::WriteTxn& txn, const std::string& key) {
  CLOCHE_TRY(const row, txn.get(kStreams, key));
  if (!row) return {};
  Arena arena;
  CLOCHE_TRY(const stream, parse_json(*row, arena));
  const std::int64_t id = stream["id"].as_integer(0);
  CLOCHE_TRY_VOID(txn.erase(kStreams, key));
  CLOCHE_TRY_VOID(txn.erase(kStreamHeads, engine::KeyWriter().integer(id).take()));
  CLOCHE_TRY_VOID(clear_rows_later(txn, kStreamShards, id));
  return clear_rows_later(txn, kStreamRecords, id);
}

}  // namespace

Result<void> record_change(engine::WriteTxn& txn, const Table& table, FoundItem& before,
                           const NewItem* after, Changer changer, Arena& arena) {
  if (before.exists() && after != nullptr) {
    if (before.json() == StoredItem(after->row).json()) return {};
    CLOCHE_TRY(const old_tree, before.tree(arena));
    if (same_items(old_tree, after->tree)) return {};
  }
  CLOCHE_TRY(head, StreamHead::get(txn, table.stream_id));
  if (txn.now() - head.opened >= kShardLifetime)
    CLOCHE_TRY_VOID(next_shard(txn, table.stream_id, head));
  CLOCHE_TRY(const json, record_json(txn, table, before, after, changer, head.next, arena));
  CLOCHE_TRY_VOID(txn.put(kStreamRecords, records_from(table.stream_id, head.next).from,
                          std::to_string(txn.now().time_since_epoch().count()) + " " + json));
  ++head.next;
  if (!head.trimming) {
    head.trimming = true;
    CLOCHE_TRY_VOID(trim_later(txn, table.stream_id, txn.now() + kStreamRetention));
  }
  return head.put(txn, table.stream_id);
}

Result<StoredRecord> decode_record(std::string_view row) {
  std::int64_t at = 0;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), at);
  if (error != std::errc() || end == row.data() + row.size() || *end != ' ')
    return damaged("dynamodb_stream_records: a row is no record");
  StoredRecord record;
  record.at = Instant(std::chrono::microseconds(at));
  record.json = row.substr(static_cast<std::size_t>(end - row.data()) + 1);
  return record;
}

engine::KeyRange records_from(std::int64_t stream, std::int64_t sequence) {
  engine::KeyRange range = engine::KeyRange::of(engine::KeyWriter().integer(stream));
  range.from = engine::KeyWriter().integer(stream).integer(sequence).take();
  return range;
}

std::int64_t sequence_of_row(std::string_view row_key) {
  engine::KeyReader key(row_key);
  static_cast<void>(key.integer());
  return key.integer();
}

void name_stream_work(engine::Store& store) {
  store.on_work(std::string(kTrimStream), trim_step);
  store.on_work(std::string(kForgetStream), forget_step);
}

}  // namespace cloche::dynamodb
