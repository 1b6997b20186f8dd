// The difference between two points, out of the log.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "engine/engine.h"
#include "engine/history.h"
#include "engine/history/owners.h"
#include "wal/log.h"

namespace cloche::engine {

// Rows beyond this are not held in memory for one question: they would be those of a state that has
// nothing in common with the other.
inline constexpr std::size_t kDiffBytesMax = std::size_t{1} << 30;

struct NetChange {
  std::optional<std::string> before, after;
};

// What leads from the earlier of two points to the later one.
struct NetChanges {
  std::map<std::string, NetChange, std::less<>> rows;  // By row (row.h); also such that came back.
  AllOwners before, after;
  bool owners_changed = false;  // So that the same row may belong to another.
};

// Of the tables that are told, of one service or (empty) all. `head` is the state that the log ends
// with, or an earlier one that both points are not after. Refuses what the log does not hold.
Result<NetChanges> read_changes(const wal::Log& log, const Tables& tables, const ReadView& head,
                                Lsn earlier, Lsn later, std::string_view service);

}  // namespace cloche::engine
