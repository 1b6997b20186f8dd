// Bytes compressed and decompressed as they go by: zlib, bzip2 and zstd behind one header. What comes
// from outside is bounded by the caller: a thousandth of it may be all there is in memory.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace cloche {

// What a Decompressor refuses with, beside what its sink refuses.
inline constexpr std::string_view kMalformedData = "MalformedData";

using ByteSink = std::function<Result<void>(std::string_view)>;

// gzip (RFC 1952). One thread at a time.
class GzipWriter {
 public:
  GzipWriter();
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;
  Result<void> append(std::string_view bytes, const ByteSink& sink);
  Result<void> finish(const ByteSink& sink);  // Once.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Takes compressed bytes and hands the others on, in pieces of bounded size. Several gzip members
// (RFC 1952, section 2.2), bzip2 streams or zstd frames may follow each other; none at all are no
// bytes. One thread at a time.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  virtual Result<void> append(std::string_view bytes, const ByteSink& sink) = 0;
  virtual Result<void> finish() = 0;  // Refuses what was cut short.
};
std::unique_ptr<Decompressor> make_plain();  // Hands on what it takes.
std::unique_ptr<Decompressor> make_gunzip();
std::unique_ptr<Decompressor> make_bunzip2();
std::unique_ptr<Decompressor> make_unzstd();

}  // namespace cloche
