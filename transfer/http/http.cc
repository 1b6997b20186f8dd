#include "transfer/http/http.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <charconv>

namespace cloche::transfer {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Parser = http::response_parser<http::buffer_body>;

// How long a stop may go unseen.
constexpr std::chrono::milliseconds kStopSeen{250};

constexpr std::uint32_t kHeadBytesMax = 64
                                        << 10;  // S3 gives back 2 KB of metadata, some give more.

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

Error not_an_endpoint(std::string_view text) {
  return refused(
      400, "InvalidEndpoint",
      "'" + std::string(text) + "' is no endpoint: it has to look like http://127.0.0.1:4566");
}

}  // namespace

Error cancelled() { return refused(409, "Cancelled", "it was cancelled"); }

Result<Address> Address::parse(std::string_view given) {
  Address address;
  std::string_view text = given;
  bool has_scheme = false;
  if (text.starts_with("https://")) {
    address.tls = has_scheme = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    has_scheme = true;
    text.remove_prefix(7);
  } else if (text.find("://") != std::string_view::npos) {
    return not_an_endpoint(given);
  }
  text = text.substr(0, text.find('/'));
  const std::size_t bracket = text.rfind(']');  // [::1]:4566
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  address.host = text.substr(0, has_port ? colon : text.size());
  if (has_port) {
    address.port = text.substr(colon + 1);
  } else if (has_scheme) {
    address.port = address.tls ? "443" : "80";
  } else {
    address.port = "4566";
  }
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  int port = 0;
  const auto [end, error] =
      std::from_chars(address.port.data(), address.port.data() + address.port.size(), port);
  const bool good_port = error == std::errc() && end == address.port.data() + address.port.size() &&
                         port > 0 && port < 65536;
  const bool good_host =
      !address.host.empty() && address.host.find_first_of(" \t\r\n@?#") == std::string::npos;
  if (!good_port || !good_host) return not_an_endpoint(given);
  return address;
}

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (tls ? "https://" : "http://") + (v6 ? "[" + host + "]" : host) + ":" + port;
}

std::string Address::host_header() const {
  const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

bool Address::is_loopback() const {
  return host == "localhost" || host == "::1" || host.starts_with("127.") ||
         host.ends_with(".localhost") || host.ends_with(".localhost.localstack.cloud");
}

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (same_name(header, name)) return value;
  }
  return {};
}

std::optional<std::uint64_t> HttpAnswer::content_length() const {
  const std::string_view text = header("content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

struct HttpConnection::State {
  Address address;
  std::chrono::seconds timeout;
  Stop stop = nullptr;
  bool verifies = false;
  asio::io_context context{1};
  asio::ssl::context ssl{asio::ssl::context::tls_client};
  std::optional<beast::tcp_stream> plain;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> encrypted;
  beast::flat_buffer buffer;
  std::optional<Parser> parser;
  bool used = false;  // An answer has come on this connection.

  Error failed(std::string_view step, const beast::error_code& error) const {
    if (is_stopped(stop)) return cancelled();
    std::string why = error == beast::error::timeout ? "it took too long" : error.message();
    return unavailable("nothing answers at " + address.text() + " (" + std::string(step) + ": " +
                       why + "); is it started, and is the address right?");
  }

  // Starts something asynchronous and runs until it is done or the time is over.
  template <class Begin>
  beast::error_code run(Begin begin) {
    beast::error_code outcome = beast::error::timeout;
    plain->expires_after(timeout);
    begin([&outcome](beast::error_code error, auto&&...) { outcome = error; });
    context.restart();
    if (stop == nullptr) {
      context.run();
      return outcome;
    }
    while (!context.stopped()) {
      context.run_for(kStopSeen);
      if (*stop && !context.stopped()) plain->cancel();
    }
    return outcome;
  }

  template <class Use>
  auto with_stream(Use use) {
    return encrypted ? use(*encrypted) : use(*plain);
  }

  Result<void> connect() {
    if (is_stopped(stop)) return cancelled();
    if (plain) return {};
    boost::system::error_code error;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(address.host, address.port, error);
    if (error) return failed("find " + address.host, error);
    plain.emplace(context);
    error = run([&](auto done) { plain->async_connect(found, done); });
    if (!error) plain->socket().set_option(tcp::no_delay(true), error);
    if (!error && address.tls) {
      encrypted.emplace(*plain, ssl);
      SSL_set_tlsext_host_name(encrypted->native_handle(), address.host.c_str());
      if (verifies) {
        encrypted->set_verify_mode(asio::ssl::verify_peer);
        encrypted->set_verify_callback(asio::ssl::host_name_verification(address.host));
      }
      error =
          run([&](auto done) { encrypted->async_handshake(asio::ssl::stream_base::client, done); });
    }
    if (error) {
      close();
      return failed("connect", error);
    }
    return {};
  }

  void close() {
    parser.reset();
    encrypted.reset();
    plain.reset();
    buffer.clear();
    used = false;
  }

  beast::error_code write(std::span<const asio::const_buffer> pieces) {
    return with_stream([&](auto& stream) {
      return run([&](auto done) { asio::async_write(stream, pieces, done); });
    });
  }

  std::string head_of(const HttpRequest& request, std::uint64_t length) const {
    std::string head = request.method + " " + request.target +
                       " HTTP/1.1\r\nHost: " + address.host_header() + "\r\n";
    for (const auto& [name, value] : request.headers) {
      head += name + ": ";
      for (const char c : value)
        head += (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f ? ' ' : c;
      head += "\r\n";
    }
    const bool has_body = length > 0 || request.method == "PUT" || request.method == "POST";
    if (has_body) head += "Content-Length: " + std::to_string(length) + "\r\n";
    return head + "\r\n";
  }

  // The head of the answer; Continue and its like are passed over.
  Result<HttpAnswer> read_head(const HttpRequest& request) {
    do {
      parser.emplace();
      parser->body_limit(boost::none);
      parser->header_limit(kHeadBytesMax);
      if (request.method == "HEAD") parser->skip(true);
      const auto error = with_stream([&](auto& stream) {
        return run([&](auto done) { http::async_read_header(stream, buffer, *parser, done); });
      });
      if (error) {
        close();
        return failed("read the answer", error);
      }
    } while (parser->get().result_int() < 200);
    used = true;
    HttpAnswer answer{.status = static_cast<int>(parser->get().result_int()), .headers{}, .body{}};
    for (const auto& field : parser->get())
      answer.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    return answer;
  }

  Result<std::size_t> read_piece(std::span<std::byte> into) {
    if (!parser) return std::size_t{0};
    auto& body = parser->get().body();
    std::size_t got = 0;
    while (got == 0 && !parser->is_done()) {
      body.data = into.data();
      body.size = into.size();
      body.more = true;
      auto error = with_stream([&](auto& stream) {
        return run([&](auto done) { http::async_read(stream, buffer, *parser, done); });
      });
      if (error == http::error::need_buffer) error = {};
      got = into.size() - body.size;
      if (error) {
        close();
        return failed("read the body", error);
      }
    }
    if (got == 0) finish();
    return got;
  }

  // After the last byte of an answer.
  void finish() {
    const bool stays = parser && parser->keep_alive();
    parser.reset();
    if (!stays) close();
  }

  Result<void> read_whole(HttpAnswer& answer) {
    std::string piece(kPieceBytes, '\0');
    while (true) {
      CLOCHE_TRY(const got, read_piece(std::as_writable_bytes(std::span(piece))));
      if (got == 0) return {};
      if (answer.body.size() + got > kAnswerBytesMax) {
        close();
        return unavailable(address.text() + " sent an answer of more than 256 MiB");
      }
      answer.body.append(piece, 0, got);
    }
  }

  // Writes head and body and reads the answer's head. A connection that the other side closed while
  // it was idle is seen only now; then it is tried once more on a new one.
  Result<HttpAnswer> ask(const HttpRequest& request, std::string_view body) {
    if (parser) close();  // An answer that was not read to its end.
    for (int attempt = 0;; ++attempt) {
      const bool reused = plain.has_value() && used;
      CLOCHE_TRY_VOID(connect());
      const std::string head = head_of(request, body.size());
      const asio::const_buffer pieces[] = {asio::buffer(head),
                                           asio::buffer(body.data(), body.size())};
      const auto error = write(pieces);
      if (!error) {
        auto answer = read_head(request);
        if (answer || !reused || attempt > 0) return answer;
      } else {
        close();
        if (!reused || attempt > 0) return failed("send", error);
      }
    }
  }
};

HttpConnection::HttpConnection(Address address, bool insecure, std::chrono::seconds timeout,
                               Stop stop)
    : state_(std::make_unique<State>()) {
  state_->verifies = address.tls && !insecure && !address.is_loopback();
  state_->address = std::move(address);
  state_->timeout = timeout;
  state_->stop = stop;
  boost::system::error_code ignored;
  state_->ssl.set_default_verify_paths(ignored);  // Without them every certificate is refused.
}

HttpConnection::~HttpConnection() = default;

Result<HttpAnswer> HttpConnection::exchange(const HttpRequest& request, std::string_view body) try {
  CLOCHE_TRY(answer, state_->ask(request, body));
  CLOCHE_TRY_VOID(state_->read_whole(answer));
  return answer;
} catch (const std::exception& exception) {
  state_->close();
  return bug(exception.what());
}

Result<HttpAnswer> HttpConnection::send(const HttpRequest& request, std::uint64_t length,
                                        const Source& source) try {
  // An idle connection may be gone, and the body could not be sent twice: begin on a new one.
  state_->close();
  CLOCHE_TRY_VOID(state_->connect());
  const std::string head = state_->head_of(request, length);
  const asio::const_buffer head_piece[] = {asio::buffer(head)};
  if (const auto error = state_->write(head_piece); error) return state_->failed("send", error);
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t left = length; left > 0;) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    const auto got = source(std::as_writable_bytes(std::span(piece).first(wanted)));
    if (!got || *got == 0) {
      state_->close();
      if (!got) return got.error();
      return unavailable("a body ended " + std::to_string(left) + " bytes early");
    }
    const asio::const_buffer body_piece[] = {asio::buffer(piece.data(), *got)};
    // Who refuses a request may close before all of it has come; the refusal can still be read.
    if (state_->write(body_piece)) break;
    left -= *got;
  }
  CLOCHE_TRY(answer, state_->read_head(request));
  CLOCHE_TRY_VOID(state_->read_whole(answer));
  return answer;
} catch (const std::exception& exception) {
  state_->close();
  return bug(exception.what());
}

Result<HttpAnswer> HttpConnection::begin(const HttpRequest& request) try {
  CLOCHE_TRY(answer, state_->ask(request, {}));
  if (answer.status >= 300) CLOCHE_TRY_VOID(state_->read_whole(answer));
  return answer;
} catch (const std::exception& exception) {
  state_->close();
  return bug(exception.what());
}

Result<std::size_t> HttpConnection::read(std::span<std::byte> into) try {
  return state_->read_piece(into);
} catch (const std::exception& exception) {
  state_->close();
  return bug(exception.what());
}

void HttpConnection::close() { state_->close(); }

}  // namespace cloche::transfer
