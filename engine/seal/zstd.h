// One frame of zstd, with its size and bounds (base/compression.h takes whatever comes). One level, one thread and no
// time stamps, so that equal bytes become equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace cloche::engine::zstd {

using Sink = std::function<Result<void>(std::span<const std::byte>)>;

// One frame, piece by piece. `size` is that of all pieces.
class Compressor {
 public:
  Compressor(std::uint64_t size, Sink sink);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  Result<void> append(std::span<const std::byte> piece);
  Result<void> finish();

 private:
  Result<void> run(std::span<const std::byte> piece, bool end);

  ZSTD_CCtx_s* context_;
  Sink sink_;
  std::string buffer_;
};

// What has become of `bytes`.
std::size_t compressed_size(std::span<const std::byte> bytes);

// One frame from outside: hands out at most `size_max` bytes, with little memory, and refuses more
// (Error::Kind::Damaged), a frame that is cut short, and what comes after it.
class Decompressor {
 public:
  Decompressor(std::uint64_t size_max, Sink sink);
  ~Decompressor();
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  Result<void> append(std::span<const std::byte> piece);
  Result<void> finish() const;  // That the frame is whole.

 private:
  ZSTD_DCtx_s* context_;
  std::uint64_t left_;
  Sink sink_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace cloche::engine::zstd
