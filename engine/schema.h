// What a service declares of its tables: a name, key columns and one value. In state.db each is a
// real table
//   CREATE TABLE <name> (<column> INTEGER|TEXT|BLOB NOT NULL ..., value BLOB NOT NULL, PRIMARY KEY
//   (<columns>)) WITHOUT ROWID
// so that a person can look at it with the sqlite3 shell (values that are text are shown as text).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche::engine {

// Stored in the log, so a number is never used twice. 1-99 engine, 100-199 s3, 200-299 dynamodb,
// 300-309 kms, 310-399 lambda, 400 on: services.
using TableId = std::uint16_t;

enum class ColumnType : std::uint8_t { Integer, Text, Blob };

struct Column {
  std::string name;
  ColumnType type;
};

struct BlobRef;
struct TableDescription;  // engine/describe.h

struct TableSpec {
  TableId id;
  std::string name;  // [a-z0-9_]+, prefixed by the service: "s3_objects".
  std::vector<Column> key;
  // Of a table whose values refer to blobs: adds each reference that the value counts for (as often
  // as it does), so that doctor() can hold reference counts against the rows.
  std::function<void(std::string_view value, std::vector<BlobRef>& references)> blobs{};
  // What the rows are to a person. Null: nothing, as they are bookkeeping.
  const TableDescription* description = nullptr;
};

class WriteTxn;

// A numbered step from one release's schema to the next; steps run once, in order, inside ordinary
// write transactions.
struct Migration {
  std::uint32_t to_version;  // 2, 3, ...: version 1 is the first release.
  std::string what;
  std::function<Result<void>(WriteTxn&)> run;
};

struct Schema {
  std::uint32_t version = 1;
  std::vector<TableSpec> tables;
  std::vector<Migration> migrations;

  void add(std::vector<TableSpec> more);
};

}  // namespace cloche::engine
