#include "engine/seal/zstd.h"

#include <zstd.h>

#include "base/check.h"
#include "base/digest.h"

namespace cloche::engine::zstd {
namespace {

// zstd's own default: beyond it a state of text rows shrinks by a few per cent more, at half the speed.
constexpr int kLevel = 3;
// 16 MiB: what level 3 never needs, and all that a hostile frame may ask for.
constexpr int kWindowLogMax = 24;

}  // namespace

Compressor::Compressor(std::uint64_t size, Sink sink)
    : context_(ZSTD_createCCtx()), sink_(std::move(sink)), buffer_(ZSTD_CStreamOutSize(), '\0') {
  CLOCHE_CHECK(context_ != nullptr);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setPledgedSrcSize(context_, size);
}

Compressor::~Compressor() { ZSTD_freeCCtx(context_); }

Result<void> Compressor::run(std::span<const std::byte> piece, bool end) {
  ZSTD_inBuffer in{piece.data(), piece.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const std::size_t left =
        ZSTD_compressStream2(context_, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left)) return bug(std::string("zstd: ") + ZSTD_getErrorName(left));
    if (out.pos > 0) CLOCHE_TRY_VOID(sink_(as_bytes(std::string_view(buffer_.data(), out.pos))));
    if (end ? left == 0 : in.pos == in.size) return {};
  }
}

Result<void> Compressor::append(std::span<const std::byte> piece) { return run(piece, false); }
Result<void> Compressor::finish() { return run({}, true); }

std::size_t compressed_size(std::span<const std::byte> bytes) {
  std::string into(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(into.data(), into.size(), bytes.data(), bytes.size(), kLevel);
  return ZSTD_isError(size) ? bytes.size() : size;
}

Decompressor::Decompressor(std::uint64_t size_max, Sink sink)
    : context_(ZSTD_createDCtx()),
      left_(size_max),
      sink_(std::move(sink)),
      buffer_(ZSTD_DStreamOutSize(), '\0') {
  CLOCHE_CHECK(context_ != nullptr);
  ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLogMax);
}

Decompressor::~Decompressor() { ZSTD_freeDCtx(context_); }

Result<void> Decompressor::append(std::span<const std::byte> piece) {
  ZSTD_inBuffer in{piece.data(), piece.size(), 0};
  bool full = true;  // The last piece of output may not have been all.
  while (in.pos < in.size || (full && !ended_)) {
    if (ended_) return damaged("bytes after the end of a zstd frame");
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const std::size_t hint = ZSTD_decompressStream(context_, &out, &in);
    if (ZSTD_isError(hint))
      return damaged(std::string("no zstd frame: ") + ZSTD_getErrorName(hint));
    if (out.pos > left_) return damaged("a zstd frame holds more than it should");
    left_ -= out.pos;
    ended_ = hint == 0;
    full = out.pos == out.size;
    if (out.pos > 0) CLOCHE_TRY_VOID(sink_(as_bytes(std::string_view(buffer_.data(), out.pos))));
    if (!full && in.pos == in.size) break;
  }
  return {};
}

Result<void> Decompressor::finish() const {
  if (!ended_) return damaged("a zstd frame is cut short");
  if (left_ > 0) return damaged("a zstd frame holds less than it should");
  return {};
}

}  // namespace cloche::engine::zstd
