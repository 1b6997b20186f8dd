// Bytes compressed and decompressed as they go by: zlib and zstd behind one header.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace cloche::dynamodb {

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

// Takes compressed bytes and hands the others on, in pieces of bounded size. What is not of the
// form is refused with the code "MalformedData".
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  virtual Result<void> append(std::string_view bytes, const ByteSink& sink) = 0;
  virtual Result<void> finish() = 0;  // Refuses what was cut short.
};
// "NONE", "GZIP" or "ZSTD", as InputCompressionType names them. Several gzip members or zstd frames
// may follow each other.
std::unique_ptr<Decompressor> make_decompressor(std::string_view type);

}  // namespace cloche::dynamodb
