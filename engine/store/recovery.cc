#include "engine/store/recovery.h"

#include <algorithm>
#include <charconv>

#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// Of state.db and the folders around it, as docs/formats/state.md describes them.
constexpr std::int64_t kStateFormat = 1;

// The files that a record names, all there and whole? Only a power cut before the first sync can
// have taken them. Those that are there may still be in the page cache alone: the next sync has
// them.
Result<bool> has_blobs(const Record& record, BlobStore& blobs, Env& env) {
  for (const BlobRef& blob : record.blobs) {
    const std::string path = blobs.file_path(blob.digest);
    auto opened = env.open(path, OpenMode::Read);
    if (!opened) return false;
    const std::shared_ptr<File> file = *std::move(opened);
    CLOCHE_TRY(const size, file->size());
    if (size != blob.size) return false;
    Hasher<Sha256> hasher;
    std::vector<std::byte> piece(std::size_t{256} << 10);
    for (std::uint64_t at = 0; at < size;) {
      CLOCHE_TRY(const got, file->read_at(at, piece));
      if (got == 0) return false;
      hasher.update(std::span(piece).first(got));
      at += got;
    }
    if (hasher.finish() != blob.digest) return false;
    blobs.sync_later(file, path);
  }
  return true;
}

Result<void> check_record(const Record& record, Lsn lsn, const Tables& tables) {
  if (record.schema_version > tables.schema().version)
    return newer_schema(record.schema_version, tables.schema().version);
  if (record.lsn != lsn)
    return damaged("record " + std::to_string(lsn.value()) + " of the log says it is another one");
  for (const RowChange& change : record.changes) {
    if (!tables.find(table_of(change.row))) {
      return damaged("record " + std::to_string(lsn.value()) + " of the log names table " +
                     std::to_string(table_of(change.row)) + ", which this release does not have");
    }
  }
  return {};
}

// Replayed rows on their way into the memtable, in batches by their keys: a skip list that is
// filled in key order walks memory that it has just walked, and a replay takes two thirds of the
// time.
class ReplayedRows {
 public:
  explicit ReplayedRows(Memtable& memtable) : memtable_(memtable) {}

  void add(const RowChange& change, Lsn lsn) {
    Row row{arena_.copy(change.row), lsn, std::nullopt};
    if (change.after) row.value = arena_.copy(*change.after);
    bytes_ += change.row.size() + (change.after ? change.after->size() : 0);
    rows_.push_back(row);
    if (bytes_ >= kBatchBytes) insert();
  }

  void insert() {
    std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.row < b.row; });
    for (const Row& row : rows_) memtable_.insert(row.row, row.lsn.value(), row.value);
    rows_.clear();
    arena_.clear();
    bytes_ = 0;
  }

 private:
  struct Row {
    std::string_view row;
    Lsn lsn;
    std::optional<std::string_view> value;
  };
  static constexpr std::size_t kBatchBytes = std::size_t{16} << 20;

  Memtable& memtable_;
  Arena arena_;
  std::vector<Row> rows_;
  std::size_t bytes_ = 0;
};

}  // namespace

Error newer_schema(std::uint32_t found, std::uint32_t known) {
  return unavailable("this data directory was written by a newer release (schema " +
                     std::to_string(found) + ", this release knows " + std::to_string(known) +
                     "): open it with that release or a later one");
}

Result<Examined> examine_state(Env& env, const std::string& path, const Tables& tables) {
  CLOCHE_TRY(const there, env.exists(path));
  if (!there) return Examined{};
  CLOCHE_TRY(connection, sqlite::Connection::open(path, sqlite::Use::Examination));
  CLOCHE_TRY(const has_meta, sqlite::has_table(*connection, "meta"));
  if (!has_meta) return Examined{};  // Its creation was cut short.
  CLOCHE_TRY(const format, sqlite::read_meta(*connection, sqlite::Meta::Format));
  if (format > kStateFormat)
    return newer_schema(static_cast<std::uint32_t>(format),
                        static_cast<std::uint32_t>(kStateFormat));
  CLOCHE_TRY(const created_with, sqlite::read_meta(*connection, sqlite::Meta::Schema));
  auto version = static_cast<std::uint32_t>(created_with);
  CLOCHE_TRY(const has_rows, sqlite::has_table(*connection, tables.at(kStateTable).name));
  if (has_rows) {
    Arena arena;
    sqlite::TableReader reader(*connection, tables);
    CLOCHE_TRY(const text, reader.get(kStateTable, KeyWriter().text("schema").take(), arena));
    if (text) std::from_chars(text->data(), text->data() + text->size(), version);
  }
  if (version > tables.schema().version) return newer_schema(version, tables.schema().version);
  CLOCHE_TRY(const flushed, sqlite::read_meta(*connection, sqlite::Meta::Flushed));
  return Examined{Lsn(static_cast<std::uint64_t>(flushed))};
}

Result<void> examine_record(std::span<const std::byte> bytes, const Tables& tables) {
  CLOCHE_TRY(const record, read_record(bytes));
  if (record.schema_version <= tables.schema().version) return {};
  return newer_schema(record.schema_version, tables.schema().version);
}

Result<StateFile> open_state(const std::string& path, const Tables& tables,
                             wal::Durability durability) {
  StateFile state;
  CLOCHE_TRY(connection, sqlite::Connection::open(path, sqlite::Use::ReadWrite));
  state.connection = std::move(connection);
  // NORMAL: a commit is not synced, a checkpoint is, on both sides. That is enough, since the log
  // holds what a power cut takes. SQLite's log grows while views keep it from being started anew (to 4 GB under
  // 10,000,000 random inserts); once it is, it gives back what is more than a flush usually needs.
  const char* synchronous = durability == wal::Durability::Memory ? "OFF" : "NORMAL";
  CLOCHE_TRY_VOID(state.connection->execute(
      "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192; "
      "PRAGMA journal_size_limit = 67108864; "
      "PRAGMA synchronous = " +
      std::string(synchronous)));
  CLOCHE_TRY_VOID(state.connection->execute("BEGIN IMMEDIATE"));
  CLOCHE_TRY_VOID(sqlite::create_meta(*state.connection));
  CLOCHE_TRY(const format, sqlite::read_meta(*state.connection, sqlite::Meta::Format));
  if (format > kStateFormat)
    return newer_schema(static_cast<std::uint32_t>(format),
                        static_cast<std::uint32_t>(kStateFormat));
  CLOCHE_TRY_VOID(sqlite::create_tables(*state.connection, tables));
  state.created = format == 0;
  if (state.created) {
    CLOCHE_TRY_VOID(sqlite::write_meta(*state.connection, sqlite::Meta::Format, kStateFormat));
    CLOCHE_TRY_VOID(
        sqlite::write_meta(*state.connection, sqlite::Meta::Schema, tables.schema().version));
    CLOCHE_TRY_VOID(sqlite::write_meta(*state.connection, sqlite::Meta::Flushed, 0));
  }
  CLOCHE_TRY_VOID(state.connection->execute("COMMIT"));
  CLOCHE_TRY(const flushed, sqlite::read_meta(*state.connection, sqlite::Meta::Flushed));
  CLOCHE_TRY(const time, sqlite::read_meta(*state.connection, sqlite::Meta::Time));
  CLOCHE_TRY(const schema, sqlite::read_meta(*state.connection, sqlite::Meta::Schema));
  state.flushed = Lsn(static_cast<std::uint64_t>(flushed));
  state.time = Instant(std::chrono::microseconds(time));
  state.schema_version = static_cast<std::uint32_t>(schema);
  return state;
}

Result<Replayed> replay_log(wal::Log& log, Layers& layers, const Tables& tables, BlobStore& blobs,
                            Env& env) {
  const Lsn flushed = layers.published();
  if (log.oldest().value() > flushed.value() + 1) {
    return damaged("the log begins at record " + std::to_string(log.oldest().value()) +
                   ", but state.db holds the history up to " + std::to_string(flushed.value()) +
                   " only: segments of the log are missing");
  }
  const Lsn last =
      log.recovered().last == Lsn(0) ? Lsn(log.oldest().value() - 1) : log.recovered().last;
  if (last < flushed) {
    return damaged("the log ends at record " + std::to_string(last.value()) +
                   ", but state.db holds the history up to " + std::to_string(flushed.value()) +
                   ": segments of the log are missing");
  }
  Replayed replayed;
  ReplayedRows rows(layers.active());
  Lsn applied = flushed;
  std::optional<Lsn> lost;  // The first record whose blobs are not there.
  const auto apply = [&](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
    if (lost) return {};
    CLOCHE_TRY(const record, read_record(bytes));
    CLOCHE_TRY_VOID(check_record(record, lsn, tables));
    if (lsn > log.recovered().synced) {
      CLOCHE_TRY(const all_there, has_blobs(record, blobs, env));
      if (!all_there) {
        lost = lsn;
        return {};
      }
    }
    for (const RowChange& change : record.changes) rows.add(change, lsn);
    applied = lsn;
    replayed.time = record.time;
    ++replayed.records;
    return {};
  };
  CLOCHE_TRY_VOID(log.replay(flushed, apply));
  rows.insert();
  layers.publish(applied);
  if (lost) CLOCHE_TRY_VOID(log.cut_after(Lsn(lost->value() - 1)));
  return replayed;
}

}  // namespace cloche::engine
