#include "engine/store/origin.h"

namespace cloche::engine {

std::string origin_directory(const std::string& directory) { return directory + "/origin"; }

Result<void> write_origin(Env& env, const std::string& directory, wal::Durability durability,
                          std::uint32_t schema_version, const Origin& origin, Layers& layers) {
  if (origin.rows.empty()) return {};
  if (durability != wal::Durability::Memory) {
    RecordWriter record;
    record.begin(origin.lsn, origin.time, schema_version);
    record.changes(origin.rows);
    record.blobs({});
    CLOCHE_TRY(const log, wal::Log::open(env, origin_directory(directory), durability, origin.lsn));
    CLOCHE_TRY_VOID(log->append(record.bytes()));
  }
  for (const RowChange& change : origin.rows)
    layers.active().insert(change.row, origin.lsn.value(), change.after);
  layers.publish(origin.lsn);
  return {};
}

Result<std::optional<Instant>> read_origin(Env& env, const std::string& directory, Layers& layers) {
  std::optional<Instant> time;
  CLOCHE_TRY(const there, env.exists(origin_directory(directory)));
  if (!there) return time;
  CLOCHE_TRY(const log, wal::Log::open(env, origin_directory(directory), wal::Durability::Commit));
  const auto take = [&](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    for (const RowChange& change : record.changes)
      layers.active().insert(change.row, lsn.value(), change.after);
    layers.publish(lsn);
    time = record.time;
    return {};
  };
  // One that is not there whole is missed by who replays the log.
  CLOCHE_TRY_VOID(log->replay(layers.flushed(), take));
  return time;
}

}  // namespace cloche::engine
