#include "engine/seal/state_file.h"

#include "engine/sqlite/connection.h"
#include "engine/sqlite/tables.h"
#include "engine/store/varint.h"

namespace cloche::engine {
namespace {

// Numbers of SQLite's header that count what was done to the file, or name the library that did it:
// https://www.sqlite.org/fileformat2.html, section 1.3.
constexpr std::uint64_t kChangeCounter = 24;
constexpr std::uint64_t kVersionValidFor = 92;
constexpr std::uint32_t kWrittenBy = 3'040'000;

Result<void> write_number(File& file, std::uint64_t at, std::uint32_t number) {
  std::array<std::byte, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(number >> (8 * (3 - i)));
  return file.write_at(at, bytes);
}

Result<void> settle_header(Env& env, const std::string& path) {
  CLOCHE_TRY(const file, env.open(path, OpenMode::ReadWrite));
  CLOCHE_TRY_VOID(write_number(*file, kChangeCounter, 1));
  CLOCHE_TRY_VOID(write_number(*file, kVersionValidFor, 1));
  return write_number(*file, kVersionValidFor + 4, kWrittenBy);
}

Result<SealedTable> write_table(sqlite::TableWriter& writer, const TableSpec& table,
                                CanonicalState& state,
                                const std::function<void(std::size_t)>& wrote) {
  SealedTable sealed{.name = table.name};
  Hasher<Sha256> hasher;
  std::string sizes;
  CLOCHE_TRY_VOID(
      state.visit(table, [&](std::string_view key, std::string_view value) -> Result<void> {
        ++sealed.rows;
        for (const std::string_view part : {key, value}) {
          sizes.clear();
          append_varint(sizes, part.size());
          hasher.update(as_bytes(sizes));
          hasher.update(as_bytes(part));
        }
        wrote(key.size() + value.size());
        return writer.put(table.id, key, value);
      }));
  sealed.digest = hasher.finish();
  return sealed;
}

}  // namespace

Result<std::vector<SealedTable>> write_state_file(Env& env, const std::string& path,
                                                  const Tables& tables, CanonicalState& state,
                                                  const std::function<void(std::size_t)>& wrote) {
  std::vector<SealedTable> sealed;
  {
    CLOCHE_TRY(const connection, sqlite::Connection::open(path, sqlite::Use::ReadWrite));
    // What is taken out of a page is written over with zeros: nothing of the order in which it was
    // filled stays.
    CLOCHE_TRY_VOID(connection->execute(
        "PRAGMA page_size = 4096; PRAGMA auto_vacuum = 0; PRAGMA journal_mode = OFF; "
        "PRAGMA synchronous = OFF; PRAGMA secure_delete = ON; PRAGMA locking_mode = EXCLUSIVE; "
        "BEGIN IMMEDIATE"));
    CLOCHE_TRY_VOID(sqlite::create_meta(*connection));
    CLOCHE_TRY_VOID(sqlite::create_tables(*connection, tables));
    CLOCHE_TRY_VOID(sqlite::write_meta(*connection, sqlite::Meta::Format, 1));
    CLOCHE_TRY_VOID(sqlite::write_meta(*connection, sqlite::Meta::Schema, tables.schema().version));
    sqlite::TableWriter writer(*connection, tables);
    for (const TableSpec& table : tables.all()) {
      CLOCHE_TRY(one, write_table(writer, table, state, wrote));
      sealed.push_back(std::move(one));
    }
    // The first record comes after the numbers that queued work has taken (outbox/work_row.h).
    CLOCHE_TRY_VOID(sqlite::write_meta(*connection, sqlite::Meta::Flushed,
                                       static_cast<std::int64_t>(state.last_work_lsn())));
    CLOCHE_TRY_VOID(connection->execute("COMMIT"));
  }
  CLOCHE_TRY_VOID(settle_header(env, path));
  return sealed;
}

Result<void> check_state_file(const std::string& path, const Tables& tables) {
  const auto wrong = [&] {
    return damaged(
        "the state in the sealed file is none that Cloche has written: it has tables "
        "or other things that are not Cloche's");
  };
  CLOCHE_TRY(const connection, sqlite::Connection::open(path, sqlite::Use::Existing));
  CLOCHE_TRY_VOID(connection->execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON"));
  CLOCHE_TRY(statement, connection->prepare("SELECT type, name, sql FROM sqlite_schema"));
  bool has_meta = false;
  for (;;) {
    CLOCHE_TRY(const more, statement.step());
    if (!more) break;
    const std::string_view type = statement.bytes(0), name = statement.bytes(1);
    if (type != "table") return wrong();
    const std::string_view sql = statement.bytes(2);
    if (name == "meta") {
      has_meta = sql == sqlite::meta_sql();
      if (!has_meta) return wrong();
      continue;
    }
    bool known = false;
    for (const TableSpec& table : tables.all())
      known = known || (table.name == name && sqlite::table_sql(table) == sql);
    if (!known) return wrong();
  }
  return has_meta ? Result<void>() : wrong();
}

}  // namespace cloche::engine
