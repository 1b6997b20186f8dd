// ListStreams, DescribeStream, GetShardIterator, GetRecords.
#include <algorithm>
#include <cstdio>

#include "base/digest.h"
#include "base/time_text.h"
#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/stream/stream.h"

namespace cloche::dynamodb {
namespace {

Error stream_not_found(std::string_view arn) {
  Error error = table_not_found();
  error.message = "Requested resource not found: Stream: " + std::string(arn) + " not found";
  return error;
}

Error shard_not_found() {
  Error error = table_not_found();
  error.message = "Requested resource not found: Shard does not exist";
  return error;
}

Error iterator_expired(Instant created, Instant now) {
  Error error = table_not_found();
  error.code = "ExpiredIteratorException";
  error.message = "Iterator expired. The iterator was created at time " + http_date(created) +
                  " while right now it is " + http_date(now) +
                  " which is further in the future than the tolerated delay of " +
                  std::to_string(std::chrono::milliseconds(kIteratorLifetime).count()) +
                  " milliseconds.";
  return error;
}

Error data_trimmed() {
  Error error = table_not_found();
  error.code = "TrimmedDataAccessException";
  error.message = "The operation attempted to read past the oldest stream record in a shard.";
  return error;
}

// A caller's own streams in the region it asks.
Result<Stream> need_stream(const engine::ReadView& view, const Place& place, std::string_view arn,
                           Instant now) {
  CLOCHE_TRY(stream, find_stream(view, arn, now));
  if (!stream || stream->account != place.account || stream->region != place.region)
    return stream_not_found(arn);
  return *std::move(stream);
}

// Where a reader stands. As text it is the stream's ARN, a version, and the rest in base64, as the
// service's iterators look.
struct Position {
  std::string stream_arn;
  std::int64_t shard = 0;
  std::int64_t sequence = 0;  // Of the next record to be read.
  bool exact = false;         // It was asked for by number: that it is gone is an error.
  Instant created{};

  std::string text() const {
    const std::string inner = std::to_string(shard) + " " + std::to_string(sequence) + " " +
                              (exact ? "1 " : "0 ") +
                              std::to_string(created.time_since_epoch().count());
    return stream_arn + "|1|" + to_base64(as_bytes(inner));
  }

  static Result<Position> parse(std::string_view text) {
    const std::size_t bar = text.find("|1|");
    std::string inner;
    Position position;
    std::int64_t created = 0;
    int exact = 0;
    if (bar == std::string_view::npos || !from_base64(text.substr(bar + 3), inner) ||
        std::sscanf(inner.c_str(), "%ld %ld %d %ld", &position.shard, &position.sequence, &exact,
                    &created) != 4)
      return validation("Invalid ShardIterator");
    position.stream_arn = text.substr(0, bar);
    position.exact = exact != 0;
    position.created = Instant(std::chrono::microseconds(created));
    return position;
  }
};

Value describe_keys(const KeySchema& keys, Arena& arena) {
  Value out = Value::list();
  const auto add = [&](const KeyAttribute& key, std::string_view kind) {
    Value& element = out.push(arena, Value::map());
    element.add(arena, "AttributeName", Value::string(arena, key.name));
    element.add(arena, "KeyType", Value::string(kind));
  };
  add(keys.partition, "HASH");
  if (keys.sort) add(*keys.sort, "RANGE");
  return out;
}

Value describe_shard(const Shard& shard, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "ShardId", Value::string(arena, shard.id));
  Value& range = out.add(arena, "SequenceNumberRange", Value::map());
  range.add(arena, "StartingSequenceNumber", Value::string(arena, sequence_text(shard.first)));
  if (shard.last)
    range.add(arena, "EndingSequenceNumber", Value::string(arena, sequence_text(*shard.last)));
  if (!shard.parent.empty()) out.add(arena, "ParentShardId", Value::string(arena, shard.parent));
  return out;
}

// The shards that DescribeStream shows, from after the one it was told to begin after.
Result<std::vector<Shard>> chosen_shards(const engine::ReadView& view, const Stream& stream,
                                         const Value& input, Instant now) {
  CLOCHE_TRY(shards, shards_of(view, stream, now));
  if (const Value& after = input["ExclusiveStartShardId"]; after.present()) {
    const auto at = std::ranges::find(shards, after.text(), &Shard::id);
    shards.erase(shards.begin(), at == shards.end() ? at : at + 1);
  }
  if (const Value& filter = input["ShardFilter"]; filter.present())
    std::erase_if(shards, [&](const Shard& s) { return s.parent != filter["ShardId"].text(); });
  return shards;
}

std::size_t limit_of(const Value& input, std::int64_t max) {
  return static_cast<std::size_t>(std::min(input["Limit"].as_integer(max), max));
}

// The first record that an iterator of the asked type reads.
Result<std::int64_t> first_sequence(const engine::ReadView& view, const Stream& stream,
                                    const Shard& shard, const Value& input) {
  const std::string_view type = input["ShardIteratorType"].text();
  if (type == "TRIM_HORIZON") return shard.first;
  CLOCHE_TRY(const next, next_sequence(view, stream));
  if (type == "LATEST") return shard.last ? *shard.last + 1 : next;
  const Value& given = input["SequenceNumber"];
  if (!given.present()) {
    return validation("SequenceNumber must be provided when ShardIteratorType is " +
                      std::string(type));
  }
  const auto sequence = parse_sequence(given.text());
  if (!sequence || *sequence < shard.first || *sequence > shard.last.value_or(next - 1))
    return validation("Invalid SequenceNumber: " + given.str());
  return type == "AT_SEQUENCE_NUMBER" ? *sequence : *sequence + 1;
}

struct Page {
  Value records = Value::list();
  std::int64_t next = 0;
};

// Records from a position on, up to the end of its shard, a count, or 1 MiB.
Result<Page> read_page(const engine::ReadView& view, const Stream& stream, const Shard& shard,
                       const Position& position, std::size_t limit, Instant now, Arena& arena) {
  Page page;
  page.next = std::max(position.sequence, shard.first);
  std::size_t bytes = 0;
  const auto cursor = view.scan(kStreamRecords, records_from(stream.id, page.next));
  for (; cursor->valid() && page.records.size() < limit && bytes < kPageBytesMax; cursor->next()) {
    const std::int64_t sequence = sequence_of_row(cursor->key());
    if (shard.last && sequence > *shard.last) break;
    CLOCHE_TRY(const record, decode_record(cursor->value()));
    if (record.at + kStreamRetention <= now) {
      if (position.exact) return data_trimmed();
      continue;
    }
    if (position.exact && page.records.empty() && sequence > position.sequence)
      return data_trimmed();
    page.records.push(arena, Value::raw(arena.copy(record.json)));
    bytes += record.json.size();
    page.next = sequence + 1;
  }
  CLOCHE_TRY_VOID(cursor->status());
  return page;
}

}  // namespace

Result<void> list_streams(Service& service, const protocol::CallPtr& call) {
  const Instant now = service.store.clock().now();
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    const Value& input = call->input();
    const Place place = place_of(*call);
    const std::size_t limit = limit_of(input, 100);
    std::optional<Stream> after;
    if (const Value& start = input["ExclusiveStartStreamArn"]; start.present()) {
      CLOCHE_TRY(stream, need_stream(view, place, start.text(), now));
      after = std::move(stream);
    }
    // One more than asked for tells whether there is another page.
    CLOCHE_TRY(const streams,
               dynamodb::list_streams(view, place.account, place.region, input["TableName"].text(),
                                      after ? &*after : nullptr, limit + 1, now));
    Arena& arena = call->arena();
    Value list = Value::list();
    for (const Stream& stream : std::span(streams).first(std::min(limit, streams.size()))) {
      Value& out = list.push(arena, Value::map());
      out.add(arena, "StreamArn", Value::string(arena, stream.arn()));
      out.add(arena, "TableName", Value::string(arena, stream.table));
      out.add(arena, "StreamLabel", Value::string(arena, stream.label));
    }
    Value output = Value::map();
    output.add(arena, "Streams", list);
    if (streams.size() > limit) {
      output.add(arena, "LastEvaluatedStreamArn", Value::string(arena, streams[limit - 1].arn()));
    }
    return output;
  });
  return {};
}

Result<void> describe_stream(Service& service, const protocol::CallPtr& call) {
  const Instant now = service.store.clock().now();
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    const Value& input = call->input();
    CLOCHE_TRY(const stream, need_stream(view, place_of(*call), input["StreamArn"].text(), now));
    CLOCHE_TRY(const shards, chosen_shards(view, stream, input, now));
    const std::size_t limit = limit_of(input, 100);
    Arena& arena = call->arena();
    Value output = Value::map();
    Value& out = output.add(arena, "StreamDescription", Value::map());
    out.add(arena, "StreamArn", Value::string(arena, stream.arn()));
    out.add(arena, "StreamLabel", Value::string(arena, stream.label));
    out.add(arena, "StreamStatus", Value::string(stream.disabled ? "DISABLED" : "ENABLED"));
    out.add(arena, "StreamViewType", Value::string(arena, stream.view_type));
    out.add(arena, "CreationRequestDateTime", Value::timestamp(stream.created));
    out.add(arena, "TableName", Value::string(arena, stream.table));
    out.add(arena, "KeySchema", describe_keys(stream.keys, arena));
    Value list = Value::list();
    for (const Shard& shard : std::span(shards).first(std::min(limit, shards.size())))
      list.push(arena, describe_shard(shard, arena));
    out.add(arena, "Shards", list);
    if (shards.size() > limit)
      out.add(arena, "LastEvaluatedShardId", Value::string(arena, shards[limit - 1].id));
    return output;
  });
  return {};
}

Result<void> get_shard_iterator(Service& service, const protocol::CallPtr& call) {
  const Instant now = service.store.clock().now();
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    const Value& input = call->input();
    CLOCHE_TRY(const stream, need_stream(view, place_of(*call), input["StreamArn"].text(), now));
    CLOCHE_TRY(const shards, shards_of(view, stream, now));
    const auto shard = std::ranges::find(shards, input["ShardId"].text(), &Shard::id);
    if (shard == shards.end()) return shard_not_found();
    CLOCHE_TRY(const sequence, first_sequence(view, stream, *shard, input));
    Position position;
    position.stream_arn = stream.arn();
    position.shard = shard->number;
    position.sequence = sequence;
    position.exact = input["ShardIteratorType"].text() == "AT_SEQUENCE_NUMBER";
    position.created = now;
    Value output = Value::map();
    output.add(call->arena(), "ShardIterator", Value::string(call->arena(), position.text()));
    return output;
  });
  return {};
}

Result<void> get_records(Service& service, const protocol::CallPtr& call) {
  const Instant now = service.store.clock().now();
  const Value& input = call->input();
  const std::int64_t asked = input["Limit"].as_integer(1000);
  if (asked > 1000) {
    return validation("1 validation error detected: Value '" + std::to_string(asked) +
                      "' at 'limit' failed to satisfy constraint: Member must have value less than "
                      "or equal to 1000");
  }
  CLOCHE_TRY(const position, Position::parse(input["ShardIterator"].text()));
  if (position.created + kIteratorLifetime < now) return iterator_expired(position.created, now);
  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(const stream, need_stream(view, place_of(*call), position.stream_arn, now));
    CLOCHE_TRY(const shards, shards_of(view, stream, now));
    const auto shard = std::ranges::find(shards, position.shard, &Shard::number);
    if (shard == shards.end()) return data_trimmed();
    Arena& arena = call->arena();
    CLOCHE_TRY(const page, read_page(view, stream, *shard, position,
                                     static_cast<std::size_t>(asked), now, arena));
    Value output = Value::map();
    output.add(arena, "Records", page.records);
    // The end of a closed shard: there is nothing to come.
    if (!shard->last || page.next <= *shard->last) {
      Position next = position;
      next.sequence = page.next;
      next.exact = false;
      next.created = now;
      output.add(arena, "NextShardIterator", Value::string(arena, next.text()));
    }
    return output;
  });
  return {};
}

}  // namespace cloche::dynamodb
