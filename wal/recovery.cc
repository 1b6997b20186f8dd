#include "wal/recovery.h"

#include <algorithm>

namespace cloche::wal {
namespace {

// The unit in which a file system loses what was not synced.
constexpr std::size_t kPageBytes = 4096;
// A page that was lost, or written before the record was in it, shows zeros up to its end. Shorter
// runs occur in data.
constexpr std::size_t kLostRunMin = 16;

// True if a run of zeros that reaches the end of a page, or of the file, lies in [from, to).
bool has_lost_run(std::span<const std::byte> bytes, std::size_t from, std::size_t to) {
  std::size_t run = 0;
  for (std::size_t at = from; at < to; ++at) {
    run = bytes[at] == std::byte{0} ? run + 1 : 0;
    const bool page_ends = (at + 1) % kPageBytes == 0 || at + 1 == bytes.size();
    if (page_ends && run >= std::min(kLostRunMin, to - from)) return true;
  }
  return false;
}

// Finds the newest `synced` of any frame that holds after the walk's end.
Lsn synced_after(std::span<const std::byte> bytes, std::size_t offset, Lsn last) {
  Lsn synced(0);
  while (const auto frame = frame_at(bytes, offset)) {
    if (frame->header.lsn <= last.value()) break;
    synced = std::max(synced, Lsn(frame->header.synced));
    offset += frame->bytes();
  }
  return synced;
}

struct Tail {
  std::vector<std::byte> bytes;
  Walk walk;
  std::span<const std::byte> newest;  // Of its records; empty if it has none.
};

Result<Tail> read_tail(Env& env, const Segment& segment) {
  CLOCHE_TRY(bytes, read_segment(env, segment));
  std::span<const std::byte> newest;
  CLOCHE_TRY(const walk, walk_segment(bytes, segment.first,
                                      [&](std::uint64_t, const Frame& frame) -> Result<void> {
                                        newest = frame.payload;
                                        return {};
                                      }));
  return Tail{std::move(bytes), walk, newest};
}

// A segment whose header is cut off or all zeros was being begun when the machine stopped.
bool is_unfinished_header(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(SegmentHeader)) return true;
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::string place(const Segment& segment, std::uint64_t offset) {
  return segment.path + " at offset " + std::to_string(offset) + ": ";
}

Result<void> cut(Env& env, const Segment& segment, std::uint64_t size) {
  CLOCHE_TRY(const file, env.open(segment.path, OpenMode::ReadWrite));
  CLOCHE_TRY_VOID(file->truncate(size));
  return file->sync();
}

}  // namespace

Verdict judge(const Segment& segment, std::span<const std::byte> bytes, const Walk& walk,
              Lsn synced_later, bool segments_follow) {
  const Lsn broken(walk.last.value() + 1);
  const std::size_t end = walk.end;
  const auto next = find_frame(bytes, end + 1, walk.last);
  const Lsn synced =
      std::max({walk.synced, synced_later, next ? synced_after(bytes, *next, walk.last) : Lsn(0)});
  const std::string where = place(segment, end) + "record " + std::to_string(broken.value()) + " ";

  if (synced >= broken)
    return {false, where + "is damaged: it was synced, and does not hold any more"};
  if (end == bytes.size()) {
    // The segment ends cleanly, and a later one goes on after a gap: its last pages never reached
    // the device.
    CLOCHE_CHECK(segments_follow);
    return {true, where + "is missing, and was never synced"};
  }
  const std::size_t stop = next.value_or(bytes.size());
  if (stop - end > sizeof(FrameHeader) &&
      holds_with_length(bytes, end, stop - end - sizeof(FrameHeader))) {
    return {false, where + "is damaged: its length is wrong"};
  }
  if (has_lost_run(bytes, end, stop))
    return {true, where + "was never synced, and pages of it are lost"};
  if (next)
    return {false, where + "is damaged: its checksum is wrong, and records that hold follow it"};

  FrameHeader header{};
  const bool has_header = bytes.size() - end >= sizeof header;
  if (has_header)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(end), sizeof header,
                std::as_writable_bytes(std::span(&header, 1)).begin());
  const bool complete = has_header && header.byte_count <= bytes.size() - end - sizeof header;
  if (complete) return {false, where + "is damaged: it is all there, and its checksum is wrong"};
  return {true, where + "was never finished"};
}

Result<Recovery> recover(Env& env, const std::string& dir, const Log::Accept& accept) {
  CLOCHE_TRY(segments, list_segments(env, dir));
  Recovery recovery;
  std::optional<std::size_t> torn_at;  // Index of the segment to cut; the ones after it go.
  std::uint64_t torn_offset = 0;
  Lsn synced(0);
  Lsn last(0);
  bool shown = false;

  // From the newest segment back, until what comes before is known to have been synced.
  for (std::size_t index = segments.size(); index-- > 0;) {
    const Segment& segment = segments[index];
    const bool newest = index + 1 == segments.size();
    CLOCHE_TRY(tail, read_tail(env, segment));
    if (const auto wrong = check_segment_header(tail.bytes, segment.first)) {
      const bool unfinished = newest && is_unfinished_header(tail.bytes);
      if (!unfinished) return damaged(place(segment, 0) + *wrong);
      torn_at = index;
      torn_offset = 0;
      continue;
    }
    const bool goes_on = !newest && !(torn_at && torn_offset == 0 && *torn_at == index + 1);
    const bool gap = goes_on && segments[index + 1].first.value() != tail.walk.last.value() + 1;
    if (tail.walk.end < tail.bytes.size() || gap) {
      const Verdict verdict = judge(segment, tail.bytes, tail.walk, synced, goes_on);
      if (!verdict.torn) return damaged(verdict.text);
      torn_at = index;
      torn_offset = tail.walk.end;
      last = tail.walk.last;
    }
    if (last == Lsn(0)) last = tail.walk.last;
    if (accept && !shown && !tail.newest.empty()) {
      CLOCHE_TRY_VOID(accept(tail.newest));
      shown = true;
    }
    synced = std::max(synced, tail.walk.synced);
    if (synced.value() + 1 >= segment.first.value()) break;
  }

  if (torn_at) {
    for (std::size_t index = segments.size(); index-- > *torn_at + 1;) {
      recovery.found.torn_bytes += segments[index].bytes;
      CLOCHE_TRY_VOID(env.remove(segments[index].path));
    }
    Segment& torn = segments[*torn_at];
    recovery.found.torn_bytes += torn.bytes - torn_offset;
    if (torn_offset == 0) {
      CLOCHE_TRY_VOID(env.remove(torn.path));
    } else {
      CLOCHE_TRY_VOID(cut(env, torn, torn_offset));
      torn.bytes = torn_offset;
    }
    segments.resize(*torn_at + (torn_offset == 0 ? 0 : 1));
    CLOCHE_TRY_VOID(env.sync_directory(dir));
  }
  if (!segments.empty() && last >= segments.front().first) {
    recovery.found.first = segments.front().first;
    recovery.found.last = last;
    recovery.found.synced = std::min(synced, last);
  }
  recovery.segments = std::move(segments);
  return recovery;
}

}  // namespace cloche::wal
