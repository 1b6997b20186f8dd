#include "base/compression.h"

#include <bzlib.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "base/error.h"

namespace cloche {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
// RFC 1951's largest window, in the form that makes zlib write and read gzip's frame.
constexpr int kGzipWindow = 15 + 16;

Error malformed() {
  return refused(400, kMalformedData, "The data is not compressed in the format that was given");
}

Bytef* bytes_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

class Plain final : public Decompressor {
 public:
  Result<void> append(std::string_view bytes, const ByteSink& sink) override { return sink(bytes); }
  Result<void> finish() override { return {}; }
};

class Gunzip final : public Decompressor {
 public:
  Gunzip() { ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK; }
  ~Gunzip() override {
    if (ready_) inflateEnd(&stream_);
  }

  Result<void> append(std::string_view bytes, const ByteSink& sink) override {
    if (!ready_) return unavailable("zlib can't begin");
    stream_.next_in = bytes_of(bytes);
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool full = false;
    while (stream_.avail_in > 0 || full) {
      if (ended_ && inflateReset(&stream_) != Z_OK) return malformed();
      ended_ = false;
      stream_.next_out = bytes_of(out_);
      stream_.avail_out = kChunk;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return malformed();
      ended_ = code == Z_STREAM_END;
      full = !ended_ && stream_.avail_out == 0;
      CLOCHE_TRY_VOID(sink(std::string_view(out_).substr(0, kChunk - stream_.avail_out)));
    }
    return {};
  }
  Result<void> finish() override { return ended_ ? Result<void>() : malformed(); }

 private:
  z_stream stream_{};
  std::string out_ = std::string(kChunk, '\0');
  bool ready_ = false;
  bool ended_ = true;
};

class Bunzip2 final : public Decompressor {
 public:
  ~Bunzip2() override { end(); }

  Result<void> append(std::string_view bytes, const ByteSink& sink) override {
    stream_.next_in = const_cast<char*>(bytes.data());
    stream_.avail_in = static_cast<unsigned>(bytes.size());
    bool full = false;
    while (stream_.avail_in > 0 || full) {
      if (ended_) CLOCHE_TRY_VOID(begin());
      stream_.next_out = out_.data();
      stream_.avail_out = kChunk;
      const int code = BZ2_bzDecompress(&stream_);
      if (code != BZ_OK && code != BZ_STREAM_END) return malformed();
      ended_ = code == BZ_STREAM_END;
      full = !ended_ && stream_.avail_out == 0;
      CLOCHE_TRY_VOID(sink(std::string_view(out_).substr(0, kChunk - stream_.avail_out)));
    }
    return {};
  }
  Result<void> finish() override { return ended_ ? Result<void>() : malformed(); }

 private:
  // One stream after the other, as parallel compressors write them.
  Result<void> begin() {
    char* const next = stream_.next_in;
    const unsigned left = stream_.avail_in;
    end();
    stream_ = {};
    ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
    if (!ready_) return unavailable("bzip2 can't begin");
    stream_.next_in = next;
    stream_.avail_in = left;
    ended_ = false;
    return {};
  }
  void end() {
    if (ready_) BZ2_bzDecompressEnd(&stream_);
    ready_ = false;
  }

  bz_stream stream_{};
  std::string out_ = std::string(kChunk, '\0');
  bool ready_ = false;
  bool ended_ = true;
};

class Unzstd final : public Decompressor {
 public:
  ~Unzstd() override { ZSTD_freeDStream(stream_); }

  Result<void> append(std::string_view bytes, const ByteSink& sink) override {
    if (stream_ == nullptr) return unavailable("zstd can't begin");
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool full = false;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(left) != 0) return malformed();
      ended_ = left == 0;
      full = !ended_ && out.pos == out.size;
      CLOCHE_TRY_VOID(sink(std::string_view(out_).substr(0, out.pos)));
    }
    return {};
  }
  Result<void> finish() override { return ended_ ? Result<void>() : malformed(); }

 private:
  ZSTD_DStream* const stream_ = ZSTD_createDStream();
  std::string out_ = std::string(kChunk, '\0');
  bool ended_ = true;
};

}  // namespace

struct GzipWriter::Impl {
  z_stream stream{};
  bool ready = false;
  std::string out = std::string(kChunk, '\0');

  Result<void> run(std::string_view bytes, int flush, const ByteSink& sink) {
    if (!ready) return unavailable("zlib can't begin");
    stream.next_in = bytes_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    int code = Z_OK;
    do {
      stream.next_out = bytes_of(out);
      stream.avail_out = kChunk;
      code = deflate(&stream, flush);
      if (code == Z_STREAM_ERROR) return bug("zlib does not take what it is given");
      CLOCHE_TRY_VOID(sink(std::string_view(out).substr(0, kChunk - stream.avail_out)));
    } while (stream.avail_out == 0 && code != Z_STREAM_END);
    return {};
  }
};

GzipWriter::GzipWriter() : impl_(std::make_unique<Impl>()) {
  impl_->ready = deflateInit2(&impl_->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                              Z_DEFAULT_STRATEGY) == Z_OK;
}
GzipWriter::~GzipWriter() {
  if (impl_->ready) deflateEnd(&impl_->stream);
}
Result<void> GzipWriter::append(std::string_view bytes, const ByteSink& sink) {
  return bytes.empty() ? Result<void>() : impl_->run(bytes, Z_NO_FLUSH, sink);
}
Result<void> GzipWriter::finish(const ByteSink& sink) { return impl_->run({}, Z_FINISH, sink); }

std::unique_ptr<Decompressor> make_plain() { return std::make_unique<Plain>(); }
std::unique_ptr<Decompressor> make_gunzip() { return std::make_unique<Gunzip>(); }
std::unique_ptr<Decompressor> make_bunzip2() { return std::make_unique<Bunzip2>(); }
std::unique_ptr<Decompressor> make_unzstd() { return std::make_unique<Unzstd>(); }

}  // namespace cloche
