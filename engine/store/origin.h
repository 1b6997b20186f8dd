// What a branch has of its parent beside the copy of its state.db: the rows that the parent had published and not
// flushed. They are in the branch's memtable from the beginning and, until its state.db holds them, in DIR/origin: a
// log of one record (docs/formats/state.md), whose values of before are left out. It is no part of the branch's history.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/store/layers.h"
#include "engine/store/record.h"
#include "wal/log.h"

namespace cloche::engine {

struct Origin {
  Lsn flushed;  // Of the copy.
  Lsn lsn;      // Of the state that the rows make of it.
  Instant time{};
  std::vector<RowChange> rows;  // In their order. None where `lsn` is `flushed`.
  Unflushed held;               // What they are views of.
};

std::string origin_directory(const std::string& directory);

// A new branch's: into its folder, but for Durability::Memory, and its memtable. Not synced.
Result<void> write_origin(Env& env, const std::string& directory, wal::Durability durability,
                          std::uint32_t schema_version, const Origin& origin, Layers& layers);
// A known branch's: into its memtable, if its state.db lacks it. Answers with its time then.
Result<std::optional<Instant>> read_origin(Env& env, const std::string& directory, Layers& layers);

}  // namespace cloche::engine
