// A socket without waiting, plain or TLS. Waiting is the connection's business.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

struct ssl_st;
struct ssl_ctx_st;

namespace cloche::protocol {

class Socket {
 public:
  enum class Outcome : std::uint8_t { Done, WantRead, WantWrite, Closed };
  struct Moved {
    Outcome outcome;
    std::size_t bytes = 0;
  };

  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  void use(int descriptor) { descriptor_ = descriptor; }
  bool start_tls(ssl_ctx_st* context);  // The handshake happens in the first reads and writes.
  bool is_tls() const { return tls_ != nullptr; }
  void say_goodbye();  // TLS's close_notify.

  Moved read(std::span<std::byte> into);
  Moved write(std::span<const iovec> parts, bool more_follows);
  // From a file to a plain socket, within the kernel.
  Moved send_file(int file, std::uint64_t offset, std::size_t size);
  // The first byte that came, which stays where it is: 0x16 begins a TLS handshake.
  Moved peek(std::byte& first);

 private:
  Moved tls_outcome(int result);

  int descriptor_ = -1;
  ssl_st* tls_ = nullptr;
};

}  // namespace cloche::protocol
