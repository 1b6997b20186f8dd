#include "cli/client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "base/json.h"

namespace cloche::cli {
namespace {

Error no_answer(const std::string& endpoint, const std::string& why) {
  return unavailable("nothing answers at " + endpoint + " (" + why +
                     "); is it started? `cloche start` does that");
}

// "http://host:port", "host:port" or "host".
std::pair<std::string, std::string> host_and_port(std::string endpoint) {
  if (const auto scheme = endpoint.find("://"); scheme != std::string::npos)
    endpoint.erase(0, scheme + 3);
  endpoint = endpoint.substr(0, endpoint.find('/'));
  const auto colon = endpoint.rfind(':');
  if (colon == std::string::npos) return {endpoint, "4566"};
  return {endpoint.substr(0, colon), endpoint.substr(colon + 1)};
}

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

Result<void> send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return system_error("send", errno);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

// HTTP/1.0, so that the end of the answer is the end of the connection.
Result<std::string> exchange(const std::string& endpoint, std::string_view method,
                             std::string_view path, std::string_view body) {
  const auto [host, port] = host_and_port(endpoint);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    return no_answer(endpoint, ::gai_strerror(error));
  const Socket socket(::socket(found->ai_family, found->ai_socktype, found->ai_protocol));
  const int connected = ::connect(socket.get(), found->ai_addr, found->ai_addrlen);
  const int error_number = errno;
  ::freeaddrinfo(found);
  if (connected != 0) return no_answer(endpoint, system_error("connect", error_number).message);
  const std::string request =
      std::string(method) + " " + std::string(path) + " HTTP/1.0\r\nHost: " + host + ":" + port +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\nConnection: close\r\n\r\n" + std::string(body);
  if (auto sent = send_all(socket.get(), request); !sent)
    return no_answer(endpoint, sent.error().message);
  std::string answer;
  char buffer[16384];
  for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  return answer;
}

}  // namespace

Result<Reply> ask(const std::string& endpoint, std::string_view method, std::string_view path,
                  std::string_view body, Arena& arena) {
  CLOCHE_TRY(const answer, exchange(endpoint, method, path, body));
  const auto head_end = answer.find("\r\n\r\n");
  const auto blank = answer.find(' ');
  int status = 0;
  if (head_end == std::string::npos || blank == std::string::npos ||
      std::from_chars(answer.data() + blank + 1, answer.data() + answer.size(), status).ec !=
          std::errc())
    return no_answer(endpoint, "what answers is not Cloche");
  Reply reply{.text = answer.substr(head_end + 4), .json{}};
  const auto json = parse_json(arena.copy(reply.text), arena);
  if (!json) return no_answer(endpoint, "what answers is not Cloche, or an older one");
  reply.json = *json;
  if (status >= 400) {
    const Value& told = reply.json["error"];
    return Error{.kind = Error::Kind::Refused,
                 .code = "",
                 .message = told ? told.str() : "status " + std::to_string(status),
                 .http_status = status,
                 .details = {}};
  }
  return reply;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace cloche::cli
