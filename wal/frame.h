// One frame: its bytes made and checked.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/strong.h"
#include "wal/format.h"

namespace cloche::wal {

struct Frame {
  FrameHeader header;
  std::span<const std::byte> payload;
  std::size_t bytes() const { return sizeof(FrameHeader) + payload.size(); }
};

// Replaces the content of `into`.
void make_frame(std::vector<std::byte>& into, Lsn lsn, Lsn synced,
                std::span<const std::byte> payload);

// What stands before the payload.
FrameHeader make_frame_header(Lsn lsn, Lsn synced, std::span<const std::byte> payload);

// The frame that begins at `offset`, if it is all there and its checksum holds.
std::optional<Frame> frame_at(std::span<const std::byte> bytes, std::size_t offset);

// The same, with `byte_count` in place of the stored length: tells a damaged length from a record
// that was cut off.
bool holds_with_length(std::span<const std::byte> bytes, std::size_t offset,
                       std::size_t byte_count);

// The first whole frame at or after `offset` with an lsn after `after`. Looks at every byte, since
// a damaged length hides where the next one begins.
std::optional<std::size_t> find_frame(std::span<const std::byte> bytes, std::size_t offset,
                                      Lsn after);

}  // namespace cloche::wal
