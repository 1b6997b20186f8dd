// Opening an environment: state.db, the log after it, and the rows that this makes.
#pragma once

#include "engine/blob/blob_store.h"
#include "engine/clock/engine_clock.h"
#include "engine/sqlite/tables.h"
#include "engine/store/layers.h"

namespace cloche::engine {

// state.db, opened for writing and found to be one that this release can read.
struct StateFile {
  std::unique_ptr<sqlite::Connection> connection;
  Lsn flushed;
  Instant time{};
  std::uint32_t schema_version = 0;  // That it was created with; rows may say more.
  bool created = false;
};

// What can be read of a directory without changing it.
struct Examined {
  Lsn flushed;
};
// Refuses a state.db of a newer release.
Result<Examined> examine_state(Env& env, const std::string& path, const Tables& tables);
// The same for the newest record of the log.
Result<void> examine_record(std::span<const std::byte> bytes, const Tables& tables);

Result<StateFile> open_state(const std::string& path, const Tables& tables,
                             wal::Durability durability);

struct Replayed {
  std::uint64_t records = 0;
  Instant time{};  // Of the newest one.
};

// Fills the active memtable with what the log holds after SQLite's state.
Result<Replayed> replay_log(wal::Log& log, Layers& layers, const Tables& tables, BlobStore& blobs,
                            Env& env);

Error newer_schema(std::uint32_t found, std::uint32_t known);

}  // namespace cloche::engine
