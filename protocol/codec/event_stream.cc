// Messages of event streams (application/vnd.amazon.eventstream). Source: "Event stream encoding"
// in the Amazon Transcribe guide, and RESTSelectObjectAppendix of S3:
//
//   total length 4, headers' length 4, CRC32 of these 8 | headers | payload | CRC32 of all before
//
// A header: name's length 1, name, type 1 (7: text), value's length 2, value. Big-endian.
#include "base/digest.h"
#include "protocol/protocol.h"

namespace cloche::protocol {
namespace {

void append_big_endian(std::string& out, std::uint32_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

std::string event_message(std::span<const std::pair<std::string_view, std::string_view>> headers,
                          std::string_view payload) {
  std::string head;
  for (const auto& [name, value] : headers) {
    append_big_endian(head, static_cast<std::uint32_t>(name.size()), 1);
    head += name;
    head += '\7';
    append_big_endian(head, static_cast<std::uint32_t>(value.size()), 2);
    head += value;
  }
  constexpr std::size_t kFrame = 16;  // The two lengths and the two checksums.
  std::string out;
  append_big_endian(out, static_cast<std::uint32_t>(kFrame + head.size() + payload.size()), 4);
  append_big_endian(out, static_cast<std::uint32_t>(head.size()), 4);
  append_big_endian(out, crc32(as_bytes(out)), 4);
  out += head;
  out += payload;
  append_big_endian(out, crc32(as_bytes(out)), 4);
  return out;
}

}  // namespace cloche::protocol
