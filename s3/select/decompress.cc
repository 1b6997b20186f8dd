#include <bzlib.h>
#include <zlib.h>

#include "s3/select/input.h"

namespace cloche::s3::select {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;

class Plain final : public Decompressor {
 public:
  Result<void> append(std::string_view bytes, const Sink& sink) override { return sink(bytes); }
  Result<void> finish() override { return {}; }
};

Error truncated() {
  return query_error("TruncatedInput",
                     "Object decompression failed. Check that the object is properly compressed "
                     "using the format specified in the request.");
}

class Gzip final : public Decompressor {
 public:
  Gzip() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~Gzip() override {
    if (ready_) inflateEnd(&stream_);
  }

  Result<void> append(std::string_view bytes, const Sink& sink) override {
    if (!ready_) return unavailable("zlib can't begin");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::string out(kChunk, '\0');
    while (stream_.avail_in > 0) {
      // Members may follow each other (RFC 1952, section 2.2).
      if (ended_ && inflateReset(&stream_) != Z_OK) return truncated();
      ended_ = false;
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = kChunk;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return truncated();
      ended_ = code == Z_STREAM_END;
      CLOCHE_TRY_VOID(sink(std::string_view(out).substr(0, kChunk - stream_.avail_out)));
    }
    return {};
  }
  Result<void> finish() override { return ended_ ? Result<void>() : truncated(); }

 private:
  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
};

class Bzip2 final : public Decompressor {
 public:
  Bzip2() { ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK; }
  ~Bzip2() override {
    if (ready_) BZ2_bzDecompressEnd(&stream_);
  }

  Result<void> append(std::string_view bytes, const Sink& sink) override {
    stream_.next_in = const_cast<char*>(bytes.data());
    stream_.avail_in = static_cast<unsigned>(bytes.size());
    std::string out(kChunk, '\0');
    while (stream_.avail_in > 0) {
      if (ended_) {
        // One stream after the other, as parallel compressors write them.
        char* const next = stream_.next_in;
        const unsigned left = stream_.avail_in;
        BZ2_bzDecompressEnd(&stream_);
        stream_ = {};
        ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
        stream_.next_in = next;
        stream_.avail_in = left;
        ended_ = false;
      }
      if (!ready_) return unavailable("bzip2 can't begin");
      stream_.next_out = out.data();
      stream_.avail_out = kChunk;
      const int code = BZ2_bzDecompress(&stream_);
      if (code != BZ_OK && code != BZ_STREAM_END) return truncated();
      ended_ = code == BZ_STREAM_END;
      CLOCHE_TRY_VOID(sink(std::string_view(out).substr(0, kChunk - stream_.avail_out)));
    }
    return {};
  }
  Result<void> finish() override { return ended_ ? Result<void>() : truncated(); }

 private:
  bz_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Decompressor>> make_decompressor(std::string_view type) {
  if (type.empty() || type == "NONE") return std::unique_ptr<Decompressor>(new Plain);
  if (type == "GZIP") return std::unique_ptr<Decompressor>(new Gzip);
  if (type == "BZIP2") return std::unique_ptr<Decompressor>(new Bzip2);
  return query_error("InvalidCompressionFormat",
                     "The file is not in a supported compression format. Only GZIP and BZIP2 are "
                     "supported.");
}

}  // namespace cloche::s3::select
