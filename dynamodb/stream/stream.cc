#include "dynamodb/stream/stream.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/json.h"
#include "base/time_text.h"
#include "dynamodb/limits.h"
#include "dynamodb/stream/head.h"
#include "dynamodb/table/catalog.h"

namespace cloche::dynamodb {
namespace {

// 21 digits: as many as the model's shortest SequenceNumber.
constexpr std::string_view kSequencePrefix = "1";
constexpr std::size_t kSequenceDigits = 20;

std::string stream_row_key(const Stream& stream) {
  return engine::KeyWriter()
      .text(stream.account)
      .text(stream.region)
      .text(stream.table)
      .text(stream.label)
      .take();
}

std::string encode_stream(const Stream& stream) {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "id", Value::integer(stream.id));
  out.add(arena, "view_type", Value::string(stream.view_type));
  out.add(arena, "keys", encode_keys(stream.keys, arena));
  out.add(arena, "created", encode_time(stream.created));
  if (stream.disabled) out.add(arena, "disabled", encode_time(stream.disabled));
  std::string row;
  append_json(row, out);
  return row;
}

Result<Stream> decode_stream(std::string_view key, std::string_view row) {
  Arena arena;
  const auto parsed = parse_json(row, arena);
  if (!parsed || (*parsed)["keys"].empty())
    return damaged("dynamodb_streams: a row is no description of a stream");
  const Value& in = *parsed;
  engine::KeyReader columns(key);
  Stream stream;
  stream.account = columns.text();
  stream.region = columns.text();
  stream.table = columns.text();
  stream.label = columns.text();
  stream.id = in["id"].as_integer(0);
  stream.view_type = in["view_type"].str();
  stream.keys = decode_keys(in["keys"]);
  stream.created = decode_time(in["created"]).value_or(Instant());
  stream.disabled = decode_time(in["disabled"]);
  return stream;
}

bool is_over(const std::optional<Instant>& ended, Instant now) {
  return ended && *ended + kStreamRetention <= now;
}

Result<void> put_shard(engine::WriteTxn& txn, std::int64_t stream, const Shard& shard) {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "id", Value::string(shard.id));
  if (!shard.parent.empty()) out.add(arena, "parent", Value::string(shard.parent));
  out.add(arena, "first", Value::integer(shard.first));
  if (shard.last) out.add(arena, "last", Value::integer(*shard.last));
  if (shard.closed) out.add(arena, "closed", encode_time(shard.closed));
  std::string row;
  append_json(row, out);
  return txn.put(kStreamShards, engine::KeyWriter().integer(stream).integer(shard.number).take(),
                 row);
}

Result<Shard> decode_shard(std::string_view key, std::string_view row) {
  Arena arena;
  const auto parsed = parse_json(row, arena);
  if (!parsed || !(*parsed)["id"].present())
    return damaged("dynamodb_stream_shards: a row is no shard");
  engine::KeyReader columns(key);
  static_cast<void>(columns.integer());
  Shard shard;
  shard.number = columns.integer();
  shard.id = (*parsed)["id"].str();
  shard.parent = (*parsed)["parent"].str();
  shard.first = (*parsed)["first"].as_integer(0);
  shard.last = (*parsed)["last"].as_integer();
  shard.closed = decode_time((*parsed)["closed"]);
  return shard;
}

Result<Shard> get_shard(const engine::ReadView& view, std::int64_t stream, std::int64_t number) {
  const std::string key = engine::KeyWriter().integer(stream).integer(number).take();
  CLOCHE_TRY(const row, view.get(kStreamShards, key));
  if (!row) return damaged("dynamodb_stream_shards: the open shard of a stream is missing");
  return decode_shard(key, *row);
}

std::string new_shard_id(engine::WriteTxn& txn) {
  const auto milliseconds =
      std::chrono::floor<std::chrono::milliseconds>(txn.now()).time_since_epoch().count();
  std::string number = std::to_string(milliseconds);
  number.insert(0, 20 - number.size(), '0');
  return "shardId-" + number + "-" + txn.ids().hex(8);
}

Result<Shard> end_shard(engine::WriteTxn& txn, std::int64_t stream, const StreamHead& head) {
  CLOCHE_TRY(shard, get_shard(txn, stream, head.shard));
  shard.last = std::max(shard.first, head.next - 1);
  shard.closed = txn.now();
  CLOCHE_TRY_VOID(put_shard(txn, stream, shard));
  return shard;
}

}  // namespace

std::string sequence_text(std::int64_t sequence) {
  std::string digits = std::to_string(sequence);
  digits.insert(0, kSequenceDigits - digits.size(), '0');
  return std::string(kSequencePrefix) + digits;
}

std::optional<std::int64_t> parse_sequence(std::string_view text) {
  if (text.size() != kSequencePrefix.size() + kSequenceDigits || !text.starts_with(kSequencePrefix))
    return std::nullopt;
  text.remove_prefix(kSequencePrefix.size());
  std::int64_t sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc() || end != text.data() + text.size() || sequence < 0) return std::nullopt;
  return sequence;
}

Result<StreamHead> StreamHead::get(const engine::ReadView& view, std::int64_t stream) {
  CLOCHE_TRY(const row, view.get(kStreamHeads, engine::KeyWriter().integer(stream).take()));
  StreamHead head;
  std::int64_t opened = 0;
  int trimming = 0;
  // Four decimal numbers with a blank between.
  if (!row || std::sscanf(std::string(*row).c_str(), "%ld %ld %ld %d", &head.next, &head.shard,
                          &opened, &trimming) != 4)
    return damaged("dynamodb_stream_heads: the head of a stream is missing or no head");
  head.opened = Instant(std::chrono::microseconds(opened));
  head.trimming = trimming != 0;
  return head;
}

Result<void> StreamHead::put(engine::WriteTxn& txn, std::int64_t stream) const {
  const std::string row = std::to_string(next) + " " + std::to_string(shard) + " " +
                          std::to_string(opened.time_since_epoch().count()) +
                          (trimming ? " 1" : " 0");
  return txn.put(kStreamHeads, engine::KeyWriter().integer(stream).take(), row);
}

Result<void> next_shard(engine::WriteTxn& txn, std::int64_t stream, StreamHead& head) {
  Shard shard;
  if (head.shard != 0) {
    CLOCHE_TRY(const parent, end_shard(txn, stream, head));
    shard.parent = parent.id;
  }
  shard.number = ++head.shard;
  shard.id = new_shard_id(txn);
  shard.first = head.next;
  head.opened = txn.now();
  return put_shard(txn, stream, shard);
}

Result<void> open_stream(engine::WriteTxn& txn, Table& table) {
  Stream stream;
  stream.account = table.account;
  stream.region = table.region;
  stream.table = table.name;
  stream.view_type = table.stream_view_type;
  stream.keys = table.keys;
  stream.created = txn.now();
  stream.label = iso8601_milliseconds(txn.now());
  stream.label.pop_back();  // Without the Z.
  CLOCHE_TRY(const id, Catalog::next_id(txn));
  stream.id = id;
  table.stream_id = id;
  table.stream_label = stream.label;
  CLOCHE_TRY_VOID(txn.put(kStreams, stream_row_key(stream), encode_stream(stream)));
  StreamHead head;
  CLOCHE_TRY_VOID(next_shard(txn, id, head));
  return head.put(txn, id);
}

Result<void> close_stream(engine::WriteTxn& txn, Table& table) {
  Stream stream;
  stream.account = table.account;
  stream.region = table.region;
  stream.table = table.name;
  stream.label = table.stream_label;
  const std::string key = stream_row_key(stream);
  CLOCHE_TRY(const row, txn.get(kStreams, key));
  table.stream_view_type.clear();
  if (!row) return damaged("dynamodb_streams: the stream of a table is missing");
  CLOCHE_TRY(known, decode_stream(key, *row));
  known.disabled = txn.now();
  CLOCHE_TRY_VOID(txn.put(kStreams, key, encode_stream(known)));
  CLOCHE_TRY(const head, StreamHead::get(txn, known.id));
  CLOCHE_TRY(const ended, end_shard(txn, known.id, head));
  static_cast<void>(ended);
  auto queued = txn.later(
      {.kind = std::string(kForgetStream), .payload = key, .due = txn.now() + kStreamRetention});
  return queued ? Result<void>() : std::move(queued).error();
}

Result<std::optional<Stream>> find_stream(const engine::ReadView& view, std::string_view arn,
                                          Instant now) {
  auto parts = parse_part_arn(arn, "stream");
  if (!parts) return std::optional<Stream>();
  Stream named;
  named.account = std::move(parts->account);
  named.region = std::move(parts->region);
  named.table = std::move(parts->table);
  named.label = std::move(parts->id);
  const std::string key = stream_row_key(named);
  CLOCHE_TRY(const row, view.get(kStreams, key));
  if (!row) return std::optional<Stream>();
  CLOCHE_TRY(stream, decode_stream(key, *row));
  if (is_over(stream.disabled, now)) return std::optional<Stream>();
  return std::optional<Stream>(std::move(stream));
}

Result<std::vector<Stream>> list_streams(const engine::ReadView& view, std::string_view account,
                                         std::string_view region, std::string_view table,
                                         const Stream* after, std::size_t max, Instant now) {
  engine::KeyWriter prefix;
  prefix.text(account).text(region);
  if (!table.empty()) prefix.text(table);
  engine::KeyRange range = engine::KeyRange::of(prefix);
  if (after != nullptr) range.from = std::max(range.from, stream_row_key(*after) + '\0');
  std::vector<Stream> streams;
  const auto cursor = view.scan(kStreams, range);
  for (; cursor->valid() && streams.size() < max; cursor->next()) {
    CLOCHE_TRY(stream, decode_stream(cursor->key(), cursor->value()));
    if (!is_over(stream.disabled, now)) streams.push_back(std::move(stream));
  }
  CLOCHE_TRY_VOID(cursor->status());
  return streams;
}

Result<std::vector<Shard>> shards_of(const engine::ReadView& view, const Stream& stream,
                                     Instant now) {
  std::vector<Shard> shards;
  const auto cursor =
      view.scan(kStreamShards, engine::KeyRange::of(engine::KeyWriter().integer(stream.id)));
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(shard, decode_shard(cursor->key(), cursor->value()));
    if (!is_over(shard.closed, now)) shards.push_back(std::move(shard));
  }
  CLOCHE_TRY_VOID(cursor->status());
  return shards;
}

Result<std::int64_t> next_sequence(const engine::ReadView& view, const Stream& stream) {
  CLOCHE_TRY(const head, StreamHead::get(view, stream.id));
  return head.next;
}

}  // namespace cloche::dynamodb
