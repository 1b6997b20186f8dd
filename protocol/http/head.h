// Reads request heads and chunked bodies: Beast's parser behind a header of ours.
//
// Beast's message containers would copy every header into a list of nodes; its basic_parser hands
// out views, which stay good because a head is only parsed once it is whole in the connection's
// buffer.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/http/request.h"

namespace cloche::protocol {

class HeadParser {
 public:
  HeadParser();
  ~HeadParser();
  HeadParser(HeadParser&&) noexcept;

  // Parses a head that ends with an empty line. Refuses with the status to answer: 400, 431, 501.
  // Fields that go over several lines are refused (RFC 9112, section 5.2).
  Result<void> parse(std::string_view head, Request& into, std::size_t bytes_max);

  // Goes on with the body of a head that said Transfer-Encoding: chunked. Hands the content to
  // `piece`, and tells how much of `bytes` it used up; the rest waits for more. `ended` becomes
  // true after the last chunk and the trailers.
  using Piece = std::function<Result<void>(std::span<const std::byte>)>;
  Result<std::size_t> parse_chunked(std::span<const std::byte> bytes, const Piece& piece,
                                    bool& ended);
  const std::vector<std::pair<std::string, std::string>>& trailers() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloche::protocol
