#include "protocol/listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "protocol/http/asio.h"
#include "protocol/http/listening.h"
#include "protocol/route/registry.h"

namespace cloche::protocol {

using boost::asio::ip::tcp;

namespace {

struct Address {
  std::string host, port;
};

// "127.0.0.1:4566", "[::1]:4566", ":4566"
Result<Address> split(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos)
    return unavailable("listen on '" + text + "': an address is host:port");
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return Address{host.empty() ? "0.0.0.0" : host, text.substr(colon + 1)};
}

// One that listens already.
Result<void> take_over(tcp::acceptor& acceptor, const std::string& text) {
  int descriptor = -1;
  const std::string_view number = std::string_view(text).substr(kHandedOver.size());
  std::from_chars(number.data(), number.data() + number.size(), descriptor);
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  boost::system::error_code error;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return unavailable("listen on '" + text + "': no socket");
  acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor, error);
  if (error) return unavailable("listen on '" + text + "': " + error.message());
  return {};
}

}  // namespace

Result<void> listen_on(tcp::acceptor& acceptor, const std::string& text) {
  if (text.starts_with(kHandedOver)) return take_over(acceptor, text);
  CLOCHE_TRY(const address, split(text));
  boost::system::error_code error;
  tcp::resolver resolver(acceptor.get_executor());
  const auto found = resolver.resolve(address.host, address.port, tcp::resolver::passive, error);
  if (error || found.empty()) return unavailable("listen on " + text + ": " + error.message());
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error) return unavailable("listen on " + text + ": " + error.message());
  return {};
}

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? '[' + host + ']' : host) + ':' +
         std::to_string(endpoint.port());
}

Result<std::unique_ptr<Listener>> Listener::open(const std::string& address) {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context);
  CLOCHE_TRY_VOID(listen_on(acceptor, address));
  boost::system::error_code error;
  const tcp::endpoint endpoint = acceptor.local_endpoint(error);
  const int descriptor = error ? -1 : acceptor.release(error);
  if (error) return unavailable("listen on " + address + ": " + error.message());
  return std::unique_ptr<Listener>(new Listener(descriptor, text_of(endpoint)));
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Listener::is_awaited() const {
  pollfd asked{.fd = descriptor_, .events = POLLIN, .revents = 0};
  return ::poll(&asked, 1, 0) > 0;
}

std::string Listener::hand_over() {
  return std::string(kHandedOver) + std::to_string(std::exchange(descriptor_, -1));
}

void refuse_all(Registry& registry, const Error& error) {
  for (const auto& service : registry.impl().services) {
    for (const auto& served : service->operations())
      service->on(served->operation->name, [error](const CallPtr& call) { call->fail(error); });
  }
}

}  // namespace cloche::protocol
