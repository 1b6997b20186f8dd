#include "protocol/http/socket.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace cloche::protocol {
namespace {

Socket::Moved moved_or(ssize_t result, Socket::Outcome would_block) {
  if (result > 0) return {Socket::Outcome::Done, static_cast<std::size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    return {would_block, 0};
  return {Socket::Outcome::Closed, 0};
}

}  // namespace

Socket::~Socket() {
  if (tls_ != nullptr) SSL_free(tls_);
}

bool Socket::start_tls(ssl_ctx_st* context) {
  tls_ = context == nullptr ? nullptr : SSL_new(context);
  if (tls_ == nullptr) return false;
  SSL_set_accept_state(tls_);
  SSL_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_RELEASE_BUFFERS);
  return SSL_set_fd(tls_, descriptor_) == 1;
}

void Socket::say_goodbye() {
  if (tls_ == nullptr) return;
  ERR_clear_error();
  SSL_shutdown(tls_);
}

Socket::Moved Socket::tls_outcome(int result) {
  if (result > 0) return {Outcome::Done, static_cast<std::size_t>(result)};
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Outcome::WantRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Outcome::WantWrite, 0};
    default:
      return {Outcome::Closed, 0};
  }
}

Socket::Moved Socket::read(std::span<std::byte> into) {
  if (tls_ == nullptr)
    return moved_or(::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT), Outcome::WantRead);
  ERR_clear_error();
  return tls_outcome(
      SSL_read(tls_, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1 << 30))));
}

Socket::Moved Socket::write(std::span<const iovec> parts, bool more_follows) {
  if (tls_ == nullptr) {
    msghdr message = {};
    message.msg_iov = const_cast<iovec*>(parts.data());
    message.msg_iovlen = parts.size();
    return moved_or(::sendmsg(descriptor_, &message,
                              MSG_DONTWAIT | MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0)),
                    Outcome::WantWrite);
  }
  Moved all{Outcome::Done, 0};
  for (const iovec& part : parts) {
    if (part.iov_len == 0) continue;
    ERR_clear_error();
    const int size = static_cast<int>(std::min<std::size_t>(part.iov_len, 1 << 30));
    const Moved now = tls_outcome(SSL_write(tls_, part.iov_base, size));
    if (now.outcome != Outcome::Done) return all.bytes > 0 ? all : now;
    all.bytes += now.bytes;
    if (now.bytes < part.iov_len) break;
  }
  return all;
}

Socket::Moved Socket::send_file(int file, std::uint64_t offset, std::size_t size) {
  auto at = static_cast<off_t>(offset);
  return moved_or(::sendfile(descriptor_, file, &at, size), Outcome::WantWrite);
}

Socket::Moved Socket::peek(std::byte& first) {
  return moved_or(::recv(descriptor_, &first, 1, MSG_DONTWAIT | MSG_PEEK), Outcome::WantRead);
}

}  // namespace cloche::protocol
