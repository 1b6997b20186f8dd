#include "engine/sqlite/connection.h"

#include <sqlite3.h>
#include <unistd.h>

namespace cloche::engine::sqlite {
namespace {

// https://sqlite.org/fileformat2.html#walformat
constexpr std::uint64_t kLogHeaderBytes = 32;
constexpr std::uint64_t kFrameHeaderBytes = 24;

// Which of SQLite's errors mean that the stored bytes are wrong, and which that it can't be done
// just now.
Error error_of(int code, const std::string& what, const char* text) {
  const std::string message = what + ": " + text;
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(message);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_MISMATCH:
      return bug(message);
    default:
      return unavailable(message);
  }
}

}  // namespace

Statement::~Statement() { sqlite3_finalize(prepared_); }

void Statement::bind_integer(int position, std::int64_t value) {
  CLOCHE_CHECK(sqlite3_bind_int64(prepared_, position, value) == SQLITE_OK);
}

void Statement::bind_text(int position, std::string_view value) {
  // A null pointer would bind NULL, and an empty view may hold one.
  const char* data = value.data() ? value.data() : "";
  CLOCHE_CHECK(sqlite3_bind_text64(prepared_, position, data, value.size(), SQLITE_STATIC,
                                   SQLITE_UTF8) == SQLITE_OK);
}

void Statement::bind_blob(int position, std::string_view value) {
  const char* data = value.data() ? value.data() : "";
  CLOCHE_CHECK(sqlite3_bind_blob64(prepared_, position, data, value.size(), SQLITE_STATIC) ==
               SQLITE_OK);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(prepared_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* handle = sqlite3_db_handle(prepared_);
  const char* file = sqlite3_db_filename(handle, "main");
  return error_of(code, file ? file : "state.db", sqlite3_errmsg(handle));
}

void Statement::reset() { sqlite3_reset(prepared_); }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(prepared_, column);
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(prepared_, column);
  const int size = sqlite3_column_bytes(prepared_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Use use) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (use == Use::ReadWrite ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, path));
  if (code != SQLITE_OK) {
    return error_of(code, "open " + path, handle ? sqlite3_errmsg(handle) : "out of memory");
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 10'000);
  if (use == Use::Examination) {
    // A log that is there stays, where closing would copy it into the database. An exclusive
    // connection keeps the log's index to itself instead of making a file of it.
    const bool has_log = ::access((path + "-wal").c_str(), F_OK) == 0;
    if (has_log) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    CLOCHE_TRY_VOID(connection->execute("PRAGMA locking_mode = EXCLUSIVE"));
  }
  return connection;
}

Connection::~Connection() { sqlite3_close_v2(handle_); }

Result<Statement> Connection::prepare(const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return error_of(code, path_ + ": " + sql, sqlite3_errmsg(handle_));
  return Statement(prepared);
}

Result<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(code, path_ + ": " + sql, sqlite3_errmsg(handle_));
  return {};
}

Result<bool> Connection::checkpoint() {
  int in_log = 0;
  int copied = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
  if (code == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) return error_of(code, "checkpoint " + path_, sqlite3_errmsg(handle_));
  return in_log == copied;
}

Result<void> Connection::watch_log() {
  CLOCHE_TRY(ask, prepare("PRAGMA page_size"));
  CLOCHE_TRY(const answered, ask.step());
  CLOCHE_CHECK(answered);
  page_bytes_ = static_cast<std::uint64_t>(ask.integer(0));
  const auto committed = [](void* self, sqlite3*, const char*, int frames) {
    auto& connection = *static_cast<Connection*>(self);
    connection.log_bytes_ = kLogHeaderBytes + static_cast<std::uint64_t>(frames) *
                                                  (kFrameHeaderBytes + connection.page_bytes_);
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, committed, this);
  return {};
}

}  // namespace cloche::engine::sqlite
