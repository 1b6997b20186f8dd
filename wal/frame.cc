#include "wal/frame.h"

#include <cstring>

#include "base/check.h"
#include "base/digest.h"
#include "wal/log.h"

namespace cloche::wal {
namespace {

constexpr std::size_t kCrcBytes = sizeof(FrameHeader::crc32c);

FrameHeader header_at(std::span<const std::byte> bytes, std::size_t offset) {
  FrameHeader header;
  std::memcpy(&header, bytes.data() + offset, sizeof header);
  return header;
}

bool has_header(std::span<const std::byte> bytes, std::size_t offset) {
  return offset <= bytes.size() && bytes.size() - offset >= sizeof(FrameHeader);
}

}  // namespace

FrameHeader make_frame_header(Lsn lsn, Lsn synced, std::span<const std::byte> payload) {
  CLOCHE_CHECK(!payload.empty());
  CLOCHE_CHECK(payload.size() <= kRecordBytesMax);
  FrameHeader header{.crc32c = 0,
                     .byte_count = static_cast<std::uint32_t>(payload.size()),
                     .lsn = lsn.value(),
                     .synced = synced.value()};
  const auto head = std::as_bytes(std::span(&header, 1)).subspan(kCrcBytes);
  header.crc32c = crc32c(payload, crc32c(head));
  return header;
}

void make_frame(std::vector<std::byte>& into, Lsn lsn, Lsn synced,
                std::span<const std::byte> payload) {
  const FrameHeader header = make_frame_header(lsn, synced, payload);
  into.resize(sizeof header + payload.size());
  std::memcpy(into.data(), &header, sizeof header);
  std::memcpy(into.data() + sizeof header, payload.data(), payload.size());
}

std::optional<Frame> frame_at(std::span<const std::byte> bytes, std::size_t offset) {
  if (!has_header(bytes, offset)) return std::nullopt;
  const FrameHeader header = header_at(bytes, offset);
  if (header.byte_count == 0 || header.byte_count > kRecordBytesMax) return std::nullopt;
  if (header.byte_count > bytes.size() - offset - sizeof header) return std::nullopt;
  const auto whole = bytes.subspan(offset, sizeof header + header.byte_count);
  if (crc32c(whole.subspan(kCrcBytes)) != header.crc32c) return std::nullopt;
  return Frame{header, whole.subspan(sizeof header)};
}

bool holds_with_length(std::span<const std::byte> bytes, std::size_t offset,
                       std::size_t byte_count) {
  if (!has_header(bytes, offset) || byte_count == 0 || byte_count > kRecordBytesMax) return false;
  if (byte_count > bytes.size() - offset - sizeof(FrameHeader)) return false;
  FrameHeader header = header_at(bytes, offset);
  header.byte_count = static_cast<std::uint32_t>(byte_count);
  const auto head = std::as_bytes(std::span(&header, 1)).subspan(kCrcBytes);
  return crc32c(bytes.subspan(offset + sizeof header, byte_count), crc32c(head)) == header.crc32c;
}

std::optional<std::size_t> find_frame(std::span<const std::byte> bytes, std::size_t offset,
                                      Lsn after) {
  for (; has_header(bytes, offset); ++offset) {
    // The lsn first: it rules out nearly every place without reading a payload.
    const FrameHeader header = header_at(bytes, offset);
    if (header.lsn <= after.value() || header.lsn - after.value() > bytes.size()) continue;
    if (frame_at(bytes, offset)) return offset;
  }
  return std::nullopt;
}

}  // namespace cloche::wal
