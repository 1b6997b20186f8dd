// HTTP/1.1 and HTTPS from the client's side: Boost.Beast behind a header of ours.
//
// A connection serves one request after the other and stays open between them. Bodies are held
// whole or streamed, in both directions; memory per connection is bounded then (kPieceBytes). It
// belongs to one thread at a time and blocks it; each step of an exchange has a time-out.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cloche::transfer {

// What is read and written at once of a streamed body.
inline constexpr std::size_t kPieceBytes = std::size_t{128} << 10;
// Of an answer that is held whole. A page of Scan has 1 MB, a listing of 1,000 long keys 4 MiB.
inline constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;

// Where somebody listens.
struct Address {
  bool tls = false;
  std::string host;
  std::string port;

  // "http://host:port", "https://host", "host:port" or "host" (plain, 4566). Refuses what is no
  // such thing; a path behind it is left out.
  static Result<Address> parse(std::string_view text);
  std::string text() const;         // "http://host:port"
  std::string host_header() const;  // Without the port where it is the scheme's usual one.
  bool is_loopback() const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;  // Path and query, encoded.
  Headers headers;     // But Host, Content-Length and Connection.
};

struct HttpAnswer {
  int status = 0;
  Headers headers;
  std::string body;

  // Empty if there is none. Names are compared without their case.
  std::string_view header(std::string_view name) const;
  std::optional<std::uint64_t> content_length() const;
};

// Gives a body piece by piece: fills `into` as far as it can, 0 at the end.
using Source = std::function<Result<std::size_t>(std::span<std::byte> into)>;

// Ends what somebody waits for once it is true; null where nobody can. Outlives who looks at it.
using Stop = const std::atomic<bool>*;
inline bool is_stopped(Stop stop) { return stop != nullptr && *stop; }
// Code "Cancelled", 409.
Error cancelled();

class HttpConnection {
 public:
  // `insecure`: the certificate of the other side is not checked. Those of loopback addresses never
  // are, since emulators sign their own. `stop` is seen within a quarter of a second, but for while a
  // name is looked up.
  HttpConnection(Address address, bool insecure, std::chrono::seconds timeout, Stop stop = nullptr);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Asks, and reads the whole answer. What the other side closed between two requests is opened
  // anew; every other failure of the network is an error of kind Unavailable.
  Result<HttpAnswer> exchange(const HttpRequest& request, std::string_view body);
  // The same with a streamed body of exactly `length` bytes.
  Result<HttpAnswer> send(const HttpRequest& request, std::uint64_t length, const Source& source);
  // Asks, and reads the head; the body is read piece by piece after it. With a status of 300 or
  // more the body is in the answer.
  Result<HttpAnswer> begin(const HttpRequest& request);
  Result<std::size_t> read(std::span<std::byte> into);  // 0 at the end.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloche::transfer
