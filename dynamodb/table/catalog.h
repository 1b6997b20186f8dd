// Where tables are found: their rows, and the cache of what those say.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// Rows of the engine. Numbers are stored in the log and never used twice.
inline constexpr engine::TableId kTables = 200;  // (account, region, name) -> encode_table
inline constexpr engine::TableId kItems =
    201;  // (table, hash, partition key, sort key) -> encode_item
inline constexpr engine::TableId kIndexEntries =
    202;  // (index, hash, index keys, item keys) -> encode_item of what is projected
inline constexpr engine::TableId kCounters =
    203;  // (name) -> the last number given out, in decimal
inline constexpr engine::TableId kTokens =
    204;  // (account, region, token) -> an idempotent request and its end

inline constexpr engine::TableId kCollections =
    216;  // (table, hash, partition key) -> bytes of a collection, in decimal (items.h)

// Who asks: names of tables are a caller's own.
struct Place {
  std::string account, region;
};

// The name in a TableName member, which may be the table's ARN. Refuses what can be neither.
Result<std::string_view> table_name_of(std::string_view name_or_arn);

// An ARN of something that belongs to a table: arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/KIND/ID,
// where the id may have colons of its own (a stream's label).
struct PartArn {
  std::string account, region, table, id;
};
// `kind` is "stream" or "backup". Nothing if the text is no such ARN.
std::optional<PartArn> parse_part_arn(std::string_view arn, std::string_view kind);

// Tables by name. What it answers is never stale: a decoded table is handed out only if the row in
// the view or transaction that asks has the very bytes that it was decoded from. Safe to use from
// any thread.
class Catalog {
 public:
  // Null if there is no such table.
  Result<std::shared_ptr<const Table>> find(const engine::ReadView& view, const Place& place,
                                            std::string_view name);

  // Writes the table's row, new or changed.
  static std::string row_key(const Table& table);
  static Result<void> store(engine::WriteTxn& txn, const Table& table);
  static Result<void> erase(engine::WriteTxn& txn, const Table& table);
  // A number that was never given out before, for tables and indexes.
  static Result<std::int64_t> next_id(engine::WriteTxn& txn);

 private:
  struct Decoded {
    std::string row;
    std::shared_ptr<const Table> table;
  };

  Mutex mutex_;
  // As many as there are tables; a dropped one's entry stays until its name is used again, some
  // KiB.
  std::unordered_map<std::string, Decoded> decoded_ CLOCHE_GUARDED_BY(mutex_);
};

// Queues the removal of all rows of a table of the engine whose key begins with this number, in
// steps.
Result<void> clear_rows_later(engine::WriteTxn& txn, engine::TableId rows, std::int64_t id);

}  // namespace cloche::dynamodb
