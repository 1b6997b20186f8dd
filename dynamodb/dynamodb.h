// DynamoDB: tables, items and indexes over the engine, with the expressions, limits and words of
// the service.
//
//   DynamoDb dynamodb(*store);              // Opened with dynamodb::tables() in its schema.
//   register_dynamodb(registry, dynamodb);  // Before the server starts.
//   store->start_scheduler();               // Works off dropped tables and new indexes.
//
// Where things are: item/ values, exact numbers, keys as ordered bytes; expression/ from text to
// tree to truth; table/ what is known of tables, rows of items and index entries; backup/ copies of
// tables, transfer/ tables to and from buckets of S3; operation/ one file per subject. A write is a plan made from the request alone, then a decision and its
// application in one transaction, index entries included. A read looks at one consistent view.
//
// What differs from AWS, on purpose:
// - A table is ACTIVE as soon as CreateTable has answered (with CREATING), and its name is free as
//   soon as DeleteTable has. What was in it is removed in the background.
// - Reads are always consistent; ConsistentRead matters to capacity units, and is refused on global
//   indexes.
// - Global indexes are written with their item, never later.
// - Throughput is limited only when asked for; capacity units are counted as the service does.
// - DescribeTable counts items as they are now (an estimate beyond kCountedRowsMax), not as some
//   hours ago.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/schema.h"

namespace cloche::engine {
class Store;
class WriteTxn;
}  // namespace cloche::engine
namespace cloche::iam {
struct Guard;
}
namespace cloche::protocol {
class Registry;
}

namespace cloche::dynamodb {

// The tables of the engine that this service keeps its rows in (ids 200 to 299).
std::vector<engine::TableSpec> tables();

// Schema version 2: streams and times to live that were set when nothing acted on them begin to.
Result<void> begin_streams_and_expiries(engine::WriteTxn& txn);

// Which requests are refused for their throughput; see operation/throttle.h.
struct ThrottleOptions {
  bool by_throughput = false;  // --dynamodb-throttle
  // DYNAMODB_ERROR_PROBABILITY and its kind: of all operations on items, of reads, of writes.
  double errors = 0, read_errors = 0, write_errors = 0;
  std::function<double()> chance{};  // From 0 to below 1. Needed if one of these is more than 0.

  bool is_on() const { return by_throughput || errors > 0 || read_errors > 0 || write_errors > 0; }
};

struct DynamoDbOptions {
  // False: items whose time to live has passed stay (DYNAMODB_REMOVE_EXPIRED_ITEMS=0).
  bool remove_expired = true;
  ThrottleOptions throttle{};
  // The most that the items of one partition key of a table with local indexes may have, in bytes; for
  // tests. 0: as on AWS.
  std::int64_t collection_bytes_max = 0;
};

// One per store. Safe to use from any thread once registered.
class DynamoDb {
 public:
  // Names its kinds of work to the store's scheduler. `store` and `guard` must outlive it.
  DynamoDb(engine::Store& store, const iam::Guard& guard, DynamoDbOptions options = {});
  ~DynamoDb();
  DynamoDb(const DynamoDb&) = delete;
  DynamoDb& operator=(const DynamoDb&) = delete;

  // Removes at once what has expired by now, in all tables; answers with how many items. Waits for
  // its commits, one for every thousand.
  Result<std::int64_t> remove_expired();

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

void register_dynamodb(protocol::Registry& registry, DynamoDb& dynamodb);

}  // namespace cloche::dynamodb
