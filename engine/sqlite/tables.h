// The tables of the schema in one SQLite database: rows by their key bytes (key.h), read and
// written.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "engine/engine.h"
#include "engine/schema/schema.h"
#include "engine/sqlite/bound.h"
#include "engine/sqlite/connection.h"
#include "engine/sqlite/row_memo.h"

namespace cloche::engine::sqlite {

// Creates the tables that are not there yet. Refuses a table whose columns are not the declared
// ones.
Result<void> create_tables(Connection& connection, const Tables& tables);

Result<bool> has_table(Connection& connection, std::string_view name);
Result<void> create_meta(Connection& connection);
// The statements that made these tables, as sqlite_schema has them.
std::string meta_sql();
std::string table_sql(const TableSpec& table);
// Numbers about the database itself; they belong to no service and are not part of the history.
enum class Meta : std::uint8_t { Format, Flushed, Time, Schema };
Result<std::int64_t> read_meta(Connection& connection, Meta name);  // 0 if it was never written.
Result<void> write_meta(Connection& connection, Meta name, std::int64_t value);

// Reads rows over one connection, with statements that are kept. One thread at a time.
class TableReader {
 public:
  TableReader(Connection& connection, const Tables& tables);
  ~TableReader();

  // To be called when the read transaction of the connection ends: rows may be others in the next.
  void forget() { memo_.forget(); }

  // The value is copied into `arena`.
  Result<std::optional<std::string_view>> get(TableId table, std::string_view key, Arena& arena);

  // Walks a range of one table. To be destroyed before the reader.
  class Scan {
   public:
    Scan(TableReader& reader, TableId table, KeyRange range, Direction direction);
    ~Scan();
    bool valid() const { return valid_; }
    std::string_view key() const { return key_; }
    std::string_view value() const { return value_; }
    void next();
    void seek(std::string_view key);
    Result<void> status() const { return status_; }

   private:
    void start(std::string_view from, std::string_view to, bool to_included);
    void release();

    TableReader& reader_;
    const TableSpec& table_;
    const KeyRange range_;
    const Direction direction_;
    std::uint64_t shape_ = 0;
    std::optional<Statement> statement_;
    KeyColumns low_, high_;
    std::string low_bytes_, high_bytes_;  // What the statement is bound to.
    bool valid_ = false;
    std::string key_;
    std::string_view value_;
    Result<void> status_;
  };

 private:
  Result<Statement> take(std::uint64_t shape, const TableSpec& table, const Limit& low,
                         const Limit& high, Direction direction);

  Connection& connection_;
  const Tables& tables_;
  KeyColumns columns_;
  RowMemo memo_;
  std::unordered_map<TableId, Statement> gets_;
  // Prepared statements that no scan uses just now, by their shape: the columns and kinds of their
  // limits.
  std::unordered_map<std::uint64_t, std::vector<Statement>> idle_scans_;
};

// Writes rows over one connection. One thread at a time.
class TableWriter {
 public:
  TableWriter(Connection& connection, const Tables& tables)
      : connection_(connection), tables_(tables) {}
  Result<void> put(TableId table, std::string_view key, std::string_view value);
  Result<void> erase(TableId table, std::string_view key);

 private:
  struct Statements {
    Statement put, erase;
  };
  Result<Statements*> statements(TableId table);
  std::size_t bind_key(Statement& statement, std::string_view key);

  Connection& connection_;
  const Tables& tables_;
  KeyColumns columns_;
  std::unordered_map<TableId, Statements> statements_;
};

}  // namespace cloche::engine::sqlite
