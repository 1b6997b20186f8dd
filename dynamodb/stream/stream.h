// Streams of tables: what changed, item by item, kept for 24 hours.
//
//   dynamodb_streams         (account, region, table, label)  one per stream, also of a table or a
//                                                             setting that is gone by now
//   dynamodb_stream_heads    (stream)                         where the next record goes
//   dynamodb_stream_shards   (stream, number)                 shards, oldest first
//   dynamodb_stream_records  (stream, sequence)               records in the order of the changes
//
// A stream has one open shard at a time, which is closed after four hours and has the next one for
// a child, as on AWS. A record is written in the transaction of its change. What is older than 24
// hours is not shown any more, and is removed by queued work.
// Source:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/table/items.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

inline constexpr engine::TableId kStreams = 205;
inline constexpr engine::TableId kStreamHeads = 206;
inline constexpr engine::TableId kStreamShards = 207;
inline constexpr engine::TableId kStreamRecords = 208;

// AWS: how long a record can be read, how long a shard takes records, how long an iterator is good.
inline constexpr std::chrono::hours kStreamRetention{24};
inline constexpr std::chrono::hours kShardLifetime{4};
inline constexpr std::chrono::minutes kIteratorLifetime{15};

struct Stream {
  std::int64_t id = 0;
  std::string account, region, table, label;
  std::string view_type;
  KeySchema keys;
  Instant created{};
  std::optional<Instant> disabled;

  std::string arn() const {
    return "arn:aws:dynamodb:" + region + ":" + account + ":table/" + table + "/stream/" + label;
  }
};

struct Shard {
  std::int64_t number = 0;
  std::string id;  // "shardId-00000001763732421123-5f0a9c1e"
  std::string parent;
  std::int64_t first = 0;            // Sequence of its first record.
  std::optional<std::int64_t> last;  // Absent while it is open.
  std::optional<Instant> closed;
};

// Sequence numbers as clients see them: 21 digits.
std::string sequence_text(std::int64_t sequence);
// Nothing if the text is none of ours.
std::optional<std::int64_t> parse_sequence(std::string_view text);

// Whether changes to the table's items are recorded.
inline bool has_stream(const Table& table) { return !table.stream_view_type.empty(); }

// Names a new stream in `table` and begins it; `table` is stored by the caller.
Result<void> open_stream(engine::WriteTxn& txn, Table& table);
// Ends the table's stream: it can be read for another 24 hours.
Result<void> close_stream(engine::WriteTxn& txn, Table& table);

// Writes the record of a change to an item of a table with a stream; none if the item stays as it
// was. To be called before the item is written; `after` is null if the item goes.
Result<void> record_change(engine::WriteTxn& txn, const Table& table, FoundItem& before,
                           const NewItem* after, Changer changer, Arena& arena);

// Nothing if there is no such stream, or if it ended more than 24 hours before `now`.
Result<std::optional<Stream>> find_stream(const engine::ReadView& view, std::string_view arn,
                                          Instant now);
// Streams in the order of their tables and labels, from after `after` (may be null) on.
Result<std::vector<Stream>> list_streams(const engine::ReadView& view, std::string_view account,
                                         std::string_view region, std::string_view table,
                                         const Stream* after, std::size_t max, Instant now);
// Oldest first; those that ended more than 24 hours before `now` are not shown.
Result<std::vector<Shard>> shards_of(const engine::ReadView& view, const Stream& stream,
                                     Instant now);
// The sequence that the next record will have.
Result<std::int64_t> next_sequence(const engine::ReadView& view, const Stream& stream);

// A record as it is kept: the time of the change in microseconds, a blank, and the JSON that
// GetRecords sends.
struct StoredRecord {
  Instant at{};
  std::string_view json;
};
Result<StoredRecord> decode_record(std::string_view row);
// The key of a record, and the range from it to the end of its stream.
engine::KeyRange records_from(std::int64_t stream, std::int64_t sequence);
std::int64_t sequence_of_row(std::string_view row_key);

// Names the work that removes old records, shards and streams.
void name_stream_work(engine::Store& store);

}  // namespace cloche::dynamodb
