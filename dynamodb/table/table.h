// A table as it is remembered: its keys and indexes, which every item operation needs, and what
// DescribeTable tells of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/item/key_bytes.h"

namespace cloche::dynamodb {

struct KeyAttribute {
  std::string name;
  Type type = Type::S;
};

struct KeySchema {
  KeyAttribute partition;
  std::optional<KeyAttribute> sort;
  // A global index may have up to kKeyPartsMax attributes for each: those after the first.
  std::vector<KeyAttribute> more_partition{}, more_sort{};

  bool is_plain() const { return more_partition.empty() && more_sort.empty(); }
  template <typename F>
  void each_partition(F&& f) const {
    f(partition);
    for (const KeyAttribute& key : more_partition) f(key);
  }
  template <typename F>
  void each_sort(F&& f) const {
    if (sort) f(*sort);
    for (const KeyAttribute& key : more_sort) f(key);
  }
  template <typename F>
  void each(F&& f) const {
    each_partition(f);
    each_sort(f);
  }
  bool has(std::string_view name) const {
    bool found = false;
    each([&](const KeyAttribute& key) { found = found || key.name == name; });
    return found;
  }
  std::size_t size() const { return 1 + more_partition.size() + (sort ? 1 : 0) + more_sort.size(); }
};

struct Throughput {
  std::int64_t read_units = 0;
  std::int64_t write_units = 0;
  std::optional<Instant> increased;
  std::optional<Instant> decreased;
  std::int64_t decreases = 0;  // On the day (UTC) of the last one.

  std::int64_t decreases_on_day_of(Instant at) const {
    using std::chrono::floor;
    using Days = std::chrono::days;
    return decreased && floor<Days>(*decreased) == floor<Days>(at) ? decreases : 0;
  }
};

// WarmThroughput as asked for: zeros are the least there is.
struct WarmUnits {
  std::int64_t read = 0;
  std::int64_t write = 0;
};

// OnDemandThroughput: the most units by the second; zeros are no limit.
struct OnDemandLimits {
  std::int64_t read = 0;
  std::int64_t write = 0;
};

// Auto scaling of reads and of writes, as described: JSON; empty where it was never configured.
struct AutoScaling {
  std::string read, write;
};

enum class ProjectionType : std::uint8_t { All, KeysOnly, Include };

struct Index {
  std::int64_t id = 0;  // What its entries are stored under; never used twice.
  std::string name;
  bool global = true;
  KeySchema keys;
  ProjectionType projection = ProjectionType::All;
  std::vector<std::string> included;  // NonKeyAttributes.
  bool backfilling = false;  // Still being filled from the items that were there before it.
  Throughput throughput;
  OnDemandLimits limits;
  AutoScaling scaling;
  WarmUnits warm;
  bool contributor_insights = false;
};

struct ResourcePolicy {
  std::string text;  // Empty: none.
  std::string revision;
};

// A Kinesis stream that the table's changes are to go to.
struct KinesisDestination {
  std::string arn;
  std::string precision;  // ApproximateCreationDateTimePrecision; empty: never said.
  bool active = false;    // False: it was switched off, and is still told.
};

// The same table in another region (global tables).
struct Replica {
  std::string region;
  std::string kms_key;  // KMSMasterKeyId as given; empty: none.
};

struct Table {
  std::int64_t id = 0;  // What its items are stored under; never used twice.
  std::string account, region, name;
  std::string uuid;  // TableId
  Instant created{};
  KeySchema keys;
  PartitionOrder order = PartitionOrder::Mixed;
  std::vector<std::pair<std::string, Type>>
      attributes;              // AttributeDefinitions, in the order given.
  std::vector<Index> indexes;  // Local ones first.

  bool on_demand = false;
  std::optional<Instant> on_demand_since;
  Throughput throughput;
  OnDemandLimits limits;
  AutoScaling scaling;
  WarmUnits warm;
  bool contributor_insights = false;
  bool deletion_protection = false;
  std::string table_class;                // Empty: never set.
  std::string stream_view_type;           // Empty: no stream.
  std::string stream_label;               // Of the stream, or of the last one there was.
  std::int64_t stream_id = 0;             // What its records are stored under.
  std::string kms_key;                    // SSESpecification with type KMS; empty: the default.
  std::string ttl_attribute;              // Empty: no time to live.
  std::optional<Instant> recovery_since;  // Point-in-time recovery, if it is on.
  std::int64_t recovery_days = 0;         // RecoveryPeriodInDays; 0: never said.
  bool restoring = false;                 // Its items are still being brought back.
  std::string restored_from;              // ARN of a backup or table.
  Instant restored_to{};
  std::vector<std::pair<std::string, std::string>> tags;
  ResourcePolicy policy;         // Of the table and its indexes.
  ResourcePolicy stream_policy;  // Of its present stream.
  std::vector<KinesisDestination> kinesis;
  std::vector<Replica> replicas;  // In other regions than this one.
  bool counts_collections =
      false;  // Has had local indexes and the sizes of collections from its beginning.
  // When the global table of version 2017.11.29 was made that it is a replica of; absent: of none,
  // and its replicas are those of version 2019.11.21.
  std::optional<Instant> legacy_global_since;

  std::string arn() const {
    return "arn:aws:dynamodb:" + region + ":" + account + ":table/" + name;
  }
  std::string stream_arn() const { return arn() + "/stream/" + stream_label; }
  const Index* find_index(std::string_view index_name) const;
  bool has_local_index() const;
};

// Whether an index keeps an attribute: all, or its keys and the table's, or those and what it
// names.
bool is_projected(const Table& table, const Index& index, std::string_view attribute);

// Parts of rows, as JSON.
Value encode_keys(const KeySchema& keys, Arena& arena);
KeySchema decode_keys(const Value& value);
Value encode_time(const std::optional<Instant>& at);
std::optional<Instant> decode_time(const Value& value);

// As a row of dynamodb_tables: JSON.
std::string encode_table(const Table& table);
Result<Table> decode_table(std::string_view row);

// The output member WarmThroughput: at least that much can be read and written at once, without waiting
// for a partition to split. A new table tells it only if it was asked for.
void add_warm_throughput(Value& out, const WarmUnits& warm, const Throughput& units, bool on_demand,
                         std::string_view table_status, Arena& arena);

// The output member TableDescription. `status` is "ACTIVE", or what an operation has just begun.
struct TableCounts {
  std::int64_t items = 0;
  std::int64_t bytes = 0;
  Instant now{};  // Of which day decreases of throughput are counted.
};
Value describe_table(const Table& table, std::string_view status, const TableCounts& counts,
                     const std::vector<TableCounts>& index_counts, Arena& arena);

}  // namespace cloche::dynamodb
