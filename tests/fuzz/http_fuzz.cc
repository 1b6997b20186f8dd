// What stands before any service: a request's head, its chunks, and an XML document. The head ends
// with an empty line; behind it is the body.
#include "base/check.h"
#include "protocol/auth/chunked.h"
#include "protocol/auth/credential.h"
#include "protocol/http/head.h"
#include "protocol/xml/xml.h"
#include "tests/fuzz/target.h"

using namespace cloche;

namespace {

void read_chunks(protocol::HeadParser& parser, std::string_view body) {
  bool ended = false;
  static_cast<void>(parser.parse_chunked(
      std::as_bytes(std::span(body)), [](std::span<const std::byte>) { return Result<void>(); },
      ended));
}

// The same in pieces of any size.
void decode(std::string_view body, std::size_t piece) {
  protocol::ChunkDecoder decoder;
  std::uint64_t bytes = 0;
  for (std::size_t at = 0; at < body.size() && !decoder.ended(); at += piece) {
    const auto fed = decoder.feed(std::as_bytes(std::span(body.substr(at, piece))),
                                  [&bytes](std::span<const std::byte> content) {
                                    bytes += content.size();
                                    return Result<void>();
                                  });
    if (!fed) return;
  }
  CLOCHE_CHECK(decoder.content_bytes() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t empty_line = text.find("\r\n\r\n");
  if (empty_line == std::string_view::npos) return 0;
  const std::string head(text.substr(0, empty_line + 4));
  const std::string_view body = text.substr(empty_line + 4);
  Arena arena;
  protocol::HeadParser parser;
  protocol::Request request;
  if (parser.parse(head, request, std::size_t{64} << 10)) {
    request.read_query(arena);
    static_cast<void>(protocol::read_credential(request));
    if (request.chunked) read_chunks(parser, body);
  }
  decode(body, 1);
  decode(body, 1'000);
  static_cast<void>(protocol::xml::parse(body, arena));
  return 0;
}
