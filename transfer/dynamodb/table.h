// Tables as one document, and items that go in batches.
//
// The document is the input of CreateTable without TableName, and beside it what is set after a
// table is there: TimeToLive, PointInTimeRecovery, ResourcePolicy. Lists without a meaning in their
// order are sorted by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transfer/aws/client.h"

namespace cloche::transfer {

// BatchWriteItem in the DynamoDB API Reference: 25 items, 16 MB in all.
inline constexpr std::size_t kBatchItemsMax = 25;
inline constexpr std::size_t kBatchBytesMax = std::size_t{8} << 20;

Result<std::vector<std::string>> list_tables(Client& client, std::string_view region);

// Reads a table's document. What the other side does not tell (tags, time to live, ...) is handed to
// `untold` and left out.
using UntoldOfTable = std::function<void(std::string_view what, const Error& why)>;
struct TableState {
  Value document;
  std::string id;           // Empty where the other side has none.
  std::uint64_t items = 0;  // As DescribeTable counts.
};
Result<TableState> read_table(Client& client, std::string_view region, std::string_view name,
                              Arena& arena, const UntoldOfTable& untold);

// Makes the table, without its stream and its time to live, and waits until it is there: neither is
// to see the items that come now.
Result<void> make_table(Client& client, std::string_view region, std::string_view name,
                        const Value& document);
// What make_table left out.
Result<void> finish_table(Client& client, std::string_view region, std::string_view name,
                          const Value& document);
Result<void> remove_table(Client& client, std::string_view region, std::string_view name);

// Writes items, whose JSON is given, 25 at a time. What was not processed is asked for again. One
// thread at a time.
class ItemWriter {
 public:
  ItemWriter(Client& client, std::string region, std::string table)
      : client_(client), region_(std::move(region)), table_(std::move(table)) {}
  Result<void> add(std::string_view item);
  Result<void> flush();
  std::uint64_t written() const { return written_; }

 private:
  Client& client_;
  std::string region_, table_;
  std::string batch_;
  std::size_t count_ = 0;
  std::uint64_t written_ = 0;
};

// One page of a scan. `start_key` is JSON, empty at the beginning.
struct ScanPage {
  Value items;           // A List.
  std::string last_key;  // JSON; empty at the end.
};
Result<ScanPage> scan(Client& client, std::string_view region, std::string_view table, int segment,
                      int segments, std::string_view start_key, Arena& arena);

}  // namespace cloche::transfer
