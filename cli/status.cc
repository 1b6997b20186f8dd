#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"

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

// One request on a connection of its own, HTTP/1.0, so that the end of the answer is the end of the
// connection.
Result<std::string> get(const std::string& endpoint, const std::string& path) {
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
      "GET " + path + " HTTP/1.0\r\nHost: " + host + ":" + port + "\r\nConnection: close\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return no_answer(endpoint, system_error("send", errno).message);
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  const auto head_end = answer.find("\r\n\r\n");
  if (head_end == std::string::npos) return no_answer(endpoint, "what answers is not Cloche");
  return answer.substr(head_end + 4);
}

std::string shown(const Value& value) {
  if (value.is(Value::Kind::String)) return value.str();
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace

int status(const std::string& endpoint) {
  const auto body = get(endpoint, "/_cloche/health");
  Arena arena;
  const auto health = body ? parse_json(*body, arena) : Result<Value>(body.error());
  if (!health) {
    std::fprintf(stderr, "cloche status: %s\n", health.error().message.c_str());
    return 1;
  }
  for (const Member& member : health->members())
    std::printf("%-12.*s %s\n", static_cast<int>(member.name.size()), member.name.data(),
                shown(member.value).c_str());
  return 0;
}

}  // namespace cloche::cli
