#include "protocol/http/head.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <functional>
#include <optional>

namespace cloche::protocol {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

Error bad_head(int status, std::string message) {
  return refused(status, status == 431 ? "RequestHeaderSectionTooLarge" : "BadRequest",
                 std::move(message));
}

class Events final : public http::basic_parser<true> {
 public:
  Request* request = nullptr;
  std::string_view head;
  bool folded = false;  // A field went over several lines.
  const HeadParser::Piece* piece = nullptr;
  std::optional<Error> piece_error;
  bool in_trailers = false;
  std::vector<std::pair<std::string, std::string>> trailers;

 private:
  using text = beast::string_view;
  using error_code = beast::error_code;
  static std::string_view view(text t) { return {t.data(), t.size()}; }

  void on_request_impl(http::verb, text method, text target, int version, error_code&) override {
    request->set_line(view(method), view(target));
    request->http_1_1 = version >= 11;
  }
  void on_response_impl(int, text, int, error_code&) override {}
  void on_field_impl(http::field, text name, text value, error_code& ec) override {
    if (!in_trailers) {
      // A folded value stands in a buffer of Beast's own, which ends with this call.
      const std::less_equal<const char*> at_or_before;
      if (value.empty() || (at_or_before(head.data(), value.data()) &&
                            at_or_before(value.data() + value.size(), head.data() + head.size()))) {
        return request->add_header(view(name), view(value));
      }
      folded = true;
      ec = http::error::bad_value;
      return;
    }
    std::string lower(view(name));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    trailers.emplace_back(std::move(lower), std::string(view(value)));
  }
  void on_header_impl(error_code&) override { in_trailers = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(text body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code& ec) override {
    if (auto taken = (*piece)(std::as_bytes(std::span(body.data(), body.size()))); !taken) {
      piece_error = std::move(taken).error();
      ec = beast::errc::make_error_code(beast::errc::operation_canceled);
      return 0;
    }
    return body.size();
  }
  void on_finish_impl(error_code&) override {}
};

}  // namespace

struct HeadParser::Impl {
  std::optional<Events> events;
};

HeadParser::HeadParser() : impl_(std::make_unique<Impl>()) {}
HeadParser::~HeadParser() = default;
HeadParser::HeadParser(HeadParser&&) noexcept = default;

Result<void> HeadParser::parse(std::string_view head, Request& into, std::size_t bytes_max) {
  Events& events = impl_->events.emplace();
  events.request = &into;
  events.head = head;
  events.header_limit(static_cast<std::uint32_t>(bytes_max));
  events.body_limit(boost::none);
  beast::error_code error;
  // Start line and fields may take a round each.
  std::size_t used = 0;
  while (!error && !events.is_header_done()) {
    const std::size_t now =
        events.put(boost::asio::const_buffer(head.data() + used, head.size() - used), error);
    used += now;
    if (now == 0 && !error) break;
  }
  if (error == http::error::header_limit)
    return bad_head(431, "Your request header section exceeds the maximum allowed size.");
  if (events.folded) {
    return bad_head(400, "A header field goes over several lines, which is no longer allowed.");
  }
  if (error || !events.is_header_done())
    return bad_head(400,
                    "An error occurred when parsing the HTTP request: " + error.message() + ".");
  into.chunked = events.chunked();
  into.keep_alive = events.keep_alive();
  if (const auto length = events.content_length()) into.content_length = *length;
  if (into.has_header("Transfer-Encoding") && !into.chunked) {
    return bad_head(501, "A header you provided implies functionality that is not implemented.");
  }
  return {};
}

Result<std::size_t> HeadParser::parse_chunked(std::span<const std::byte> bytes, const Piece& piece,
                                              bool& ended) {
  Events& events = *impl_->events;
  events.piece = &piece;
  std::size_t used = 0;
  while (used < bytes.size() && !events.is_done()) {
    beast::error_code error;
    const std::size_t now =
        events.put(boost::asio::const_buffer(bytes.data() + used, bytes.size() - used), error);
    used += now;
    if (events.piece_error) return *std::exchange(events.piece_error, std::nullopt);
    if (error == http::error::need_more) break;
    if (error)
      return bad_head(400, "The request's chunked encoding is malformed: " + error.message() + ".");
    if (now == 0) break;
  }
  ended = events.is_done();
  return used;
}

const std::vector<std::pair<std::string, std::string>>& HeadParser::trailers() const {
  return impl_->events->trailers;
}

}  // namespace cloche::protocol
