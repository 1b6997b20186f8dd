#include "protocol/http/gzip.h"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include "base/digest.h"

namespace cloche::protocol {
namespace {

Error malformed() {
  return refused(400, "SerializationException", "The request's gzip encoding is malformed");
}

enum Flag : unsigned char { kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16 };

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// Where the compressed bytes begin; npos if the header isn't whole.
std::size_t skip_header(std::string_view bytes) {
  if (bytes.size() < 18 || !bytes.starts_with("\x1f\x8b\x08")) return std::string_view::npos;
  const auto flags = static_cast<unsigned char>(bytes[3]);
  std::size_t at = 10;
  if (flags & kExtra) at += 2 + little_endian(bytes, at, 2);
  for (const unsigned char flag : {kName, kComment}) {
    if (!(flags & flag)) continue;
    const std::size_t end = bytes.find('\0', at);
    if (end == std::string_view::npos) return end;
    at = end + 1;
  }
  if (flags & kHeaderCrc) at += 2;
  return at + 8 <= bytes.size() ? at : std::string_view::npos;
}

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max) try {
  namespace zlib = boost::beast::zlib;
  const std::size_t begin = skip_header(bytes);
  if (begin == std::string_view::npos) return malformed();
  std::string out;
  zlib::inflate_stream stream;
  zlib::z_params params;
  params.next_in = bytes.data() + begin;
  params.avail_in = bytes.size() - begin;
  boost::beast::error_code error;
  while (error != zlib::error::end_of_stream) {
    const std::size_t filled = out.size();
    if (filled > bytes_max)
      return refused(413, "RequestEntityTooLarge", "Request size exceeded the limit");
    out.resize(std::max<std::size_t>(4096, filled * 2));
    params.next_out = out.data() + filled;
    params.avail_out = out.size() - filled;
    stream.write(params, zlib::Flush::sync, error);
    const bool moved = params.avail_out < out.size() - filled;
    out.resize(out.size() - params.avail_out);
    if (error && error != zlib::error::end_of_stream) return malformed();
    if (!error && !moved && params.avail_in == 0) return malformed();
  }
  if (out.size() > bytes_max)
    return refused(413, "RequestEntityTooLarge", "Request size exceeded the limit");
  const std::string_view trailer = bytes.substr(bytes.size() - params.avail_in);
  if (trailer.size() < 8 || little_endian(trailer, 0, 4) != crc32(as_bytes(out)))
    return malformed();
  return out;
} catch (const std::exception& exception) {
  return bug(exception.what());
}

std::string gzip(std::string_view bytes) {
  namespace zlib = boost::beast::zlib;
  constexpr int kLevel = 1;  // A third of the time of the usual 6, for a tenth more bytes.
  std::string out("\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff", 10);
  zlib::deflate_stream stream;
  stream.reset(kLevel, 15, 8, zlib::Strategy::normal);
  const std::size_t begin = out.size();
  out.resize(begin + stream.upper_bound(bytes.size()) + 64);
  zlib::z_params params;
  params.next_in = bytes.data();
  params.avail_in = bytes.size();
  params.next_out = out.data() + begin;
  params.avail_out = out.size() - begin;
  boost::beast::error_code error;
  stream.write(params, zlib::Flush::finish, error);
  CLOCHE_CHECK(error == zlib::error::end_of_stream);
  out.resize(out.size() - params.avail_out);
  for (const std::uint32_t number :
       {crc32(as_bytes(bytes)), static_cast<std::uint32_t>(bytes.size())})
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift);
  return out;
}

}  // namespace cloche::protocol
