// One segment file: its name, its header, and a walk over its frames.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "wal/frame.h"

namespace cloche::wal {

struct Segment {
  Lsn first;
  std::string path;
  std::uint64_t bytes = 0;
};

std::string segment_path(const std::string& dir, Lsn first);
// The segments of `dir` by their lsn. Other files are left alone.
Result<std::vector<Segment>> list_segments(Env& env, const std::string& dir);

std::vector<std::byte> make_segment_header(Lsn first);
// Nothing if the header holds, else what is wrong with it.
std::optional<std::string> check_segment_header(std::span<const std::byte> bytes, Lsn first);

Result<std::vector<std::byte>> read_segment(Env& env, const Segment& segment);

// How far the frames of a segment hold.
struct Walk {
  std::uint64_t end =
      0;       // Where the first frame begins that does not hold; the size of the bytes if all do.
  Lsn last;    // The last frame that holds; first - 1 if there is none.
  Lsn synced;  // The highest `synced` of those frames.
};

// Shows the frames that hold, in order, to `visit`; stops at its first error and hands it on.
using VisitFrame = std::function<Result<void>(std::uint64_t offset, const Frame& frame)>;
Result<Walk> walk_segment(std::span<const std::byte> bytes, Lsn first, const VisitFrame& visit);

}  // namespace cloche::wal
