// Bytes on disk; drawn in docs/formats/wal.md. A change here raises kFormatVersion and brings a
// file for tests/formats/.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cloche::wal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::uint64_t kSegmentMagic = 0x4C41574548434C43;  // "CLCHEWAL" as bytes.

// At offset 0 of each segment.
struct SegmentHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t crc32c;     // Of magic, version and first_lsn.
  std::uint64_t first_lsn;  // Of the segment's first frame; the file's name says the same.
};
static_assert(sizeof(SegmentHeader) == 24);
static_assert(std::is_trivially_copyable_v<SegmentHeader>);

// Before each record. Frames follow each other without gaps.
struct FrameHeader {
  std::uint32_t crc32c;      // Of everything in the frame after this field, the payload included.
  std::uint32_t byte_count;  // Of the payload.
  std::uint64_t lsn;
  std::uint64_t synced;  // The lsn that was known to be on the device when this frame was written.
};
static_assert(sizeof(FrameHeader) == 24);
static_assert(std::is_trivially_copyable_v<FrameHeader>);
static_assert(std::endian::native == std::endian::little, "frames are stored little-endian");

}  // namespace cloche::wal
