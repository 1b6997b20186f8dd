// SQLite behind a small header of ours: this folder alone includes sqlite3.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cloche::engine::sqlite {

// A prepared statement. Belongs to one connection, and so to one thread at a time.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* prepared) : prepared_(prepared) {}
  Statement(Statement&& other) noexcept : prepared_(std::exchange(other.prepared_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(prepared_, other.prepared_);
    return *this;
  }
  ~Statement();

  // Positions count from 1. Text and blob are not copied: they must outlive the last `step`.
  void bind_integer(int position, std::int64_t value);
  void bind_text(int position, std::string_view value);
  void bind_blob(int position, std::string_view value);

  Result<bool> step();  // True while there is a row.
  void reset();

  // Columns count from 0; good until the next `step` or `reset`.
  std::int64_t integer(int column) const;
  std::string_view bytes(int column) const;  // Of a text or a blob.

 private:
  sqlite3_stmt* prepared_;
};

enum class Use : std::uint8_t {
  Existing,     // Not to be created where it is gone.
  ReadWrite,    // Created if it is not there.
  Examination,  // Existing, and left as it was found, its log included. By nobody else meanwhile.
};

// One connection, used by one thread at a time.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Use use);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<Statement> prepare(const std::string& sql);
  Result<void> execute(const std::string& sql);
  // Copies what it can of the write-ahead log into the database, holding up nobody. True if all of
  // it was copied.
  Result<bool> checkpoint();
  // From now on log_bytes() is known after each commit of this connection, which has to be the only one that writes.
  Result<void> watch_log();
  // How far the write-ahead log holds what was committed; the file may be longer. Nothing until the first commit.
  std::optional<std::uint64_t> log_bytes() const { return log_bytes_; }

 private:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_;
  std::string path_;
  std::uint64_t page_bytes_ = 0;
  std::optional<std::uint64_t> log_bytes_;
};

}  // namespace cloche::engine::sqlite
