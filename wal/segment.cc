#include "wal/segment.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "base/digest.h"

namespace cloche::wal {
namespace {

constexpr std::size_t kNameDigits = 20;
constexpr std::string_view kSuffix = ".wal";

std::optional<Lsn> lsn_of_name(std::string_view name) {
  if (name.size() != kNameDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = name.data() + kNameDigits;
  const auto [at, error] = std::from_chars(name.data(), end, value);
  if (error != std::errc() || at != end || value == 0) return std::nullopt;
  return Lsn(value);
}

std::uint32_t checksum(SegmentHeader header) {
  header.crc32c = 0;
  return crc32c(std::as_bytes(std::span(&header, 1)));
}

}  // namespace

std::string segment_path(const std::string& dir, Lsn first) {
  char name[kNameDigits + 1];
  std::snprintf(name, sizeof name, "%020llu", static_cast<unsigned long long>(first.value()));
  return dir + "/" + name + std::string(kSuffix);
}

Result<std::vector<Segment>> list_segments(Env& env, const std::string& dir) {
  CLOCHE_TRY(const names, env.list(dir));
  std::vector<Segment> segments;
  for (const std::string& name : names) {
    const auto first = lsn_of_name(name);
    if (!first) continue;
    Segment segment{.first = *first, .path = dir + "/" + name};
    CLOCHE_TRY(const file, env.open(segment.path, OpenMode::Read));
    CLOCHE_TRY(const bytes, file->size());
    segment.bytes = bytes;
    segments.push_back(std::move(segment));
  }
  std::sort(segments.begin(), segments.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  return segments;
}

std::vector<std::byte> make_segment_header(Lsn first) {
  SegmentHeader header{
      .magic = kSegmentMagic, .version = kFormatVersion, .crc32c = 0, .first_lsn = first.value()};
  header.crc32c = checksum(header);
  std::vector<std::byte> bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

std::optional<std::string> check_segment_header(std::span<const std::byte> bytes, Lsn first) {
  SegmentHeader header;
  if (bytes.size() < sizeof header) return "the segment's header is cut off";
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kSegmentMagic) return "this is not a segment of a log";
  if (header.crc32c != checksum(header)) return "the segment's header has a wrong checksum";
  if (header.version != kFormatVersion) {
    return "the segment has format version " + std::to_string(header.version) +
           ", this release reads version " + std::to_string(kFormatVersion) +
           ": open it with a newer release";
  }
  if (header.first_lsn != first.value()) return "the segment's header names another first record";
  return std::nullopt;
}

Result<std::vector<std::byte>> read_segment(Env& env, const Segment& segment) {
  CLOCHE_TRY(const file, env.open(segment.path, OpenMode::Read));
  CLOCHE_TRY(const size, file->size());
  std::vector<std::byte> bytes(size);
  CLOCHE_TRY(const got, file->read_at(0, bytes));
  bytes.resize(got);
  return bytes;
}

Result<Walk> walk_segment(std::span<const std::byte> bytes, Lsn first, const VisitFrame& visit) {
  Walk walk{.end = sizeof(SegmentHeader), .last = Lsn(first.value() - 1), .synced = Lsn(0)};
  while (walk.end < bytes.size()) {
    const auto frame = frame_at(bytes, walk.end);
    // A frame that holds but has another lsn is a frame in the wrong place, and as bad as a broken
    // one.
    if (!frame || frame->header.lsn != walk.last.value() + 1) break;
    if (visit) CLOCHE_TRY_VOID(visit(walk.end, *frame));
    walk.end += frame->bytes();
    walk.last = Lsn(frame->header.lsn);
    walk.synced = std::max(walk.synced, Lsn(frame->header.synced));
  }
  return walk;
}

}  // namespace cloche::wal
