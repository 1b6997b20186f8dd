#include "engine/sqlite/tables.h"

#include <algorithm>

namespace cloche::engine::sqlite {
namespace {

const char* type_name(ColumnType type) {
  switch (type) {
    case ColumnType::Integer:
      return "INTEGER";
    case ColumnType::Text:
      return "TEXT";
    case ColumnType::Blob:
      return "BLOB";
  }
  return "";
}

// "a, b": the first `count` key columns.
std::string column_list(const TableSpec& table, std::size_t count, const char* suffix = "") {
  CLOCHE_CHECK(count <= table.key.size());  // A bound of more columns was made for another table.
  std::string list;
  for (std::size_t index = 0; index < count; ++index) {
    if (index > 0) list += ", ";
    list += table.key[index].name;
    list += suffix;
  }
  return list;
}

std::string marks(std::size_t count) {
  std::string list;
  for (std::size_t index = 0; index < count; ++index) list += index > 0 ? ", ?" : "?";
  return list;
}

std::string comparison(const TableSpec& table, const Limit& limit, char op) {
  if (limit.kind == Limit::Kind::None) return "0";
  if (limit.kind == Limit::Kind::All) return "1";
  return "(" + column_list(table, limit.columns) + ") " + op + (limit.inclusive ? "=" : "") + " (" +
         marks(limit.columns) + ")";
}

void bind_column(Statement& statement, int position, const KeyColumns::Column& column) {
  switch (column.type) {
    case ColumnType::Integer:
      return statement.bind_integer(position, column.integer);
    case ColumnType::Text:
      return statement.bind_text(position, column.bytes);
    case ColumnType::Blob:
      return statement.bind_blob(position, column.bytes);
  }
}

int bind_columns(Statement& statement, int position, const KeyColumns& values, std::size_t count) {
  for (std::size_t index = 0; index < count; ++index)
    bind_column(statement, position++, values.column(index));
  return position;
}

std::uint64_t bits_of(const Limit& limit) {
  return static_cast<std::uint64_t>(limit.kind) << 5 | limit.columns << 1 |
         (limit.inclusive ? 1 : 0);
}

// Text that a person would want to read in the shell. Everything else is stored as a blob; both
// read back the same.
bool is_plain_text(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; });
}

constexpr const char* kMetaNames[] = {"format", "flushed", "time", "schema"};

std::string create_sql(const TableSpec& table) {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + table.name + " (";
  for (const Column& column : table.key)
    sql += column.name + " " + type_name(column.type) + " NOT NULL, ";
  return sql + "value BLOB NOT NULL, PRIMARY KEY (" + column_list(table, table.key.size()) +
         ")) WITHOUT ROWID";
}

constexpr std::string_view kCreate = "CREATE TABLE IF NOT EXISTS ";
constexpr std::string_view kCreateMeta =
    "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY "
    "(name)) WITHOUT ROWID";

// SQLite keeps the statement without what it does not need again.
std::string as_kept(std::string_view create) {
  return "CREATE TABLE " + std::string(create.substr(kCreate.size()));
}

Result<void> check_columns(Connection& connection, const TableSpec& table) {
  CLOCHE_TRY(statement,
             connection.prepare("SELECT name, type FROM pragma_table_info('" + table.name + "')"));
  std::vector<std::pair<std::string, std::string>> found;
  for (;;) {
    CLOCHE_TRY(const more, statement.step());
    if (!more) break;
    found.emplace_back(statement.bytes(0), statement.bytes(1));
  }
  std::vector<std::pair<std::string, std::string>> declared;
  for (const Column& column : table.key) declared.emplace_back(column.name, type_name(column.type));
  declared.emplace_back("value", "BLOB");
  if (found == declared) return {};
  return damaged("state.db: table " + table.name + " has other columns than this release declares");
}

}  // namespace

Result<bool> has_table(Connection& connection, std::string_view name) {
  CLOCHE_TRY(statement,
             connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"));
  statement.bind_text(1, name);
  return statement.step();
}

Result<void> create_meta(Connection& connection) {
  return connection.execute(std::string(kCreateMeta));
}

std::string meta_sql() { return as_kept(kCreateMeta); }
std::string table_sql(const TableSpec& table) { return as_kept(create_sql(table)); }

Result<void> create_tables(Connection& connection, const Tables& tables) {
  std::vector<std::string> present;
  {
    CLOCHE_TRY(statement, connection.prepare(
                              "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"));
    for (;;) {
      CLOCHE_TRY(const more, statement.step());
      if (!more) break;
      present.emplace_back(statement.bytes(0));
    }
  }
  for (const TableSpec& table : tables.all()) {
    if (std::binary_search(present.begin(), present.end(), table.name)) {
      CLOCHE_TRY_VOID(check_columns(connection, table));
    } else {
      CLOCHE_TRY_VOID(connection.execute(create_sql(table)));
    }
  }
  return {};
}

Result<std::int64_t> read_meta(Connection& connection, Meta name) {
  CLOCHE_TRY(statement, connection.prepare("SELECT value FROM meta WHERE name = ?"));
  statement.bind_text(1, kMetaNames[static_cast<int>(name)]);
  CLOCHE_TRY(const found, statement.step());
  return found ? statement.integer(0) : 0;
}

Result<void> write_meta(Connection& connection, Meta name, std::int64_t value) {
  CLOCHE_TRY(statement, connection.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"));
  statement.bind_text(1, kMetaNames[static_cast<int>(name)]);
  statement.bind_integer(2, value);
  CLOCHE_TRY_VOID(statement.step());
  return {};
}

TableReader::TableReader(Connection& connection, const Tables& tables)
    : connection_(connection), tables_(tables) {}
TableReader::~TableReader() = default;

Result<std::optional<std::string_view>> TableReader::get(TableId table, std::string_view key,
                                                         Arena& arena) {
  if (const auto known = memo_.find(table, key)) return std::optional(arena.copy(*known));
  auto found = gets_.find(table);
  if (found == gets_.end()) {
    const TableSpec& spec = tables_.at(table);
    CLOCHE_TRY(statement, connection_.prepare("SELECT value FROM " + spec.name + " WHERE (" +
                                              column_list(spec, spec.key.size()) + ") = (" +
                                              marks(spec.key.size()) + ")"));
    found = gets_.emplace(table, std::move(statement)).first;
  }
  Statement& statement = found->second;
  columns_.parse(key);
  bind_columns(statement, 1, columns_, columns_.count());
  const auto row = statement.step();
  std::optional<std::string_view> value;
  if (row && *row) value = arena.copy(statement.bytes(0));
  if (value) memo_.remember(table, key, *value);
  statement.reset();  // A statement that is not would keep the read transaction open.
  if (!row) return row.error();
  return value;
}

Result<Statement> TableReader::take(std::uint64_t shape, const TableSpec& table, const Limit& low,
                                    const Limit& high, Direction direction) {
  auto& idle = idle_scans_[shape];
  if (!idle.empty()) {
    Statement statement = std::move(idle.back());
    idle.pop_back();
    return statement;
  }
  const std::size_t count = table.key.size();
  return connection_.prepare(
      "SELECT " + column_list(table, count) + ", value FROM " + table.name + " WHERE " +
      comparison(table, low, '>') + " AND " + comparison(table, high, '<') + " ORDER BY " +
      column_list(table, count, direction == Direction::Backward ? " DESC" : ""));
}

TableReader::Scan::Scan(TableReader& reader, TableId table, KeyRange range, Direction direction)
    : reader_(reader),
      table_(reader.tables_.at(table)),
      range_(std::move(range)),
      direction_(direction) {
  start(range_.from, range_.to, false);
}

TableReader::Scan::~Scan() { release(); }

void TableReader::Scan::release() {
  if (!statement_) return;
  statement_->reset();
  reader_.idle_scans_[shape_].push_back(*std::move(statement_));
  statement_.reset();
}

void TableReader::Scan::start(std::string_view from, std::string_view to, bool to_included) {
  release();
  low_bytes_ = from;
  high_bytes_ = to;
  const Limit low = Limit::from(low_, low_bytes_);
  const Limit high = to_included ? Limit::up_to(high_, high_bytes_, table_.key.size())
                                 : Limit::before(high_, high_bytes_);
  shape_ = static_cast<std::uint64_t>(table_.id) << 32 | bits_of(low) << 16 | bits_of(high) << 8 |
           (direction_ == Direction::Backward ? 1 : 0);
  auto taken = reader_.take(shape_, table_, low, high, direction_);
  if (!taken) {
    status_ = std::move(taken).error();
    valid_ = false;
    return;
  }
  statement_.emplace(*std::move(taken));
  int position = 1;
  if (low.kind == Limit::Kind::Compare)
    position = bind_columns(*statement_, position, low_, low.columns);
  if (high.kind == Limit::Kind::Compare) bind_columns(*statement_, position, high_, high.columns);
  next();
}

void TableReader::Scan::next() {
  auto row = statement_->step();
  valid_ = row && *row;
  if (!row) status_ = std::move(row).error();
  if (!valid_) return;
  KeyWriter writer(std::move(key_));
  int index = 0;
  for (const Column& column : table_.key) {
    if (column.type == ColumnType::Integer) writer.integer(statement_->integer(index));
    if (column.type == ColumnType::Text) writer.text(statement_->bytes(index));
    if (column.type == ColumnType::Blob) writer.blob(statement_->bytes(index));
    ++index;
  }
  key_ = writer.take();
  value_ = statement_->bytes(index);
}

void TableReader::Scan::seek(std::string_view key) {
  if (!status_) return;
  if (direction_ == Direction::Forward) {
    start(std::max<std::string_view>(key, range_.from), range_.to, false);
  } else if (!range_.to.empty() && key >= range_.to) {
    start(range_.from, range_.to, false);
  } else {
    start(range_.from, key, true);
  }
}

std::size_t TableWriter::bind_key(Statement& statement, std::string_view key) {
  statement.reset();
  columns_.parse(key);
  bind_columns(statement, 1, columns_, columns_.count());
  return columns_.count();
}

Result<TableWriter::Statements*> TableWriter::statements(TableId table) {
  auto found = statements_.find(table);
  if (found == statements_.end()) {
    const TableSpec& spec = tables_.at(table);
    const std::size_t count = spec.key.size();
    CLOCHE_TRY(put, connection_.prepare("INSERT OR REPLACE INTO " + spec.name + " VALUES (" +
                                        marks(count + 1) + ")"));
    CLOCHE_TRY(erase, connection_.prepare("DELETE FROM " + spec.name + " WHERE (" +
                                          column_list(spec, count) + ") = (" + marks(count) + ")"));
    found = statements_.emplace(table, Statements{std::move(put), std::move(erase)}).first;
  }
  return &found->second;
}

Result<void> TableWriter::put(TableId table, std::string_view key, std::string_view value) {
  CLOCHE_TRY(const prepared, statements(table));
  const int position = static_cast<int>(bind_key(prepared->put, key)) + 1;
  if (is_plain_text(value)) {
    prepared->put.bind_text(position, value);
  } else {
    prepared->put.bind_blob(position, value);
  }
  CLOCHE_TRY_VOID(prepared->put.step());
  prepared->put.reset();
  return {};
}

Result<void> TableWriter::erase(TableId table, std::string_view key) {
  CLOCHE_TRY(const prepared, statements(table));
  bind_key(prepared->erase, key);
  CLOCHE_TRY_VOID(prepared->erase.step());
  prepared->erase.reset();
  return {};
}

}  // namespace cloche::engine::sqlite
