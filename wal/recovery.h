// Finds the end of a log, and tells a record that was never finished from one that was damaged.
#pragma once

#include <string>
#include <vector>

#include "wal/log.h"
#include "wal/segment.h"

namespace cloche::wal {

struct Recovery {
  std::vector<Segment> segments;  // What is left after the cut.
  Recovered found;
};

// Cuts off what was never finished. Changes nothing on disk when it answers with an error, which
// may be that of `accept` (may be empty).
Result<Recovery> recover(Env& env, const std::string& dir, const Log::Accept& accept);

// What is wrong at `offset` of a segment, with its file and offset; the rule is drawn in
// docs/formats/wal.md. `torn` says that nobody can have relied on the record.
struct Verdict {
  bool torn = false;
  std::string text;
};
Verdict judge(const Segment& segment, std::span<const std::byte> bytes, const Walk& walk,
              Lsn synced_later, bool segments_follow);

}  // namespace cloche::wal
