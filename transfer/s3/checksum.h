// Checksums of bodies by their S3 names, and bodies that carry one behind them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "transfer/http/http.h"

namespace cloche::transfer {

// A checksum over pieces, by the name that S3 has for it ("CRC32", "SHA256", ...).
class Checksum {
 public:
  static bool knows(std::string_view algorithm);
  explicit Checksum(std::string_view algorithm);  // One that is known.
  Checksum(Checksum&&) noexcept;
  ~Checksum();
  void update(std::span<const std::byte> bytes);
  std::string base64();  // Once.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "x-amz-checksum-crc32"
std::string checksum_header(std::string_view algorithm);

// The body as aws-chunked with its checksum as a trailer, for a request whose head is sent before
// the body was read.
// Source: "Uploading objects with trailing checksums" (Signature Calculations: Trailing headers) in
// the S3 API Reference.
struct Trailing {
  Headers headers;  // That the request gets.
  std::uint64_t length = 0;
  Source source;
};
inline constexpr std::string_view kUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
Trailing with_trailer(std::string_view algorithm, std::uint64_t length, Source source);

}  // namespace cloche::transfer
