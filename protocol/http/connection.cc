#include "protocol/http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace cloche::protocol {
namespace {

// What is read after the last answer so that the client sees it instead of a reset.
constexpr std::uint64_t kLingerBytesMax = std::uint64_t{64} << 20;
constexpr std::chrono::seconds kLingerTime{5};

}  // namespace

Connection::Connection(std::shared_ptr<IoThread> thread, boost::asio::ip::tcp::socket socket)
    : thread_(std::move(thread)), asio_socket_(std::move(socket)) {
  ++thread_->core->connections_open;
}

Connection::~Connection() { --thread_->core->connections_open; }

void Connection::start() {
  boost::system::error_code error;
  asio_socket_.native_non_blocking(true, error);
  if (!error) asio_socket_.set_option(boost::asio::ip::tcp::no_delay(true), error);
  const auto peer = asio_socket_.remote_endpoint(error);
  if (error) return close();
  peer_ = peer.address().to_string();
  socket_.use(asio_socket_.native_handle());
  thread_->counters.connections_total.add(1);
  exchange_ = std::make_unique<Exchange>(*thread_->core, *this);
  touch(options().header_timeout);
  advance();
}

void Connection::close() {
  if (state_ == State::Closed) return;
  state_ = State::Closed;
  piece_ = nullptr;
  end_ = nullptr;
  socket_.say_goodbye();
  boost::system::error_code ignored;
  asio_socket_.close(ignored);
}

void Connection::sweep() {
  if (state_ != State::Closed && deadline_ != 0 && thread_->loop->tick > deadline_) {
    // What is being handled waits for its handler, however long that takes.
    if (state_ == State::Answering && !pumping_) return;
    if (state_ == State::Answering) {
      close_after_ = true;
      end_body(refused(400, "RequestTimeout",
                       "Your socket connection to the server was not read from or written "
                       "to within the timeout period. "
                       "Idle connections will be closed."));
      if (!answer_ready_) close();
      return advance();
    }
    close();
  }
}

void Connection::advance() {
  if (in_advance_) {
    advance_again_ = true;
    return;
  }
  // A handler of another connection on this stack has answered this one's call: its turn comes when
  // that handler has returned, or handlers would run inside each other without end.
  if (thread_->loop->running) return yield_turn();
  thread_->loop->running = true;
  in_advance_ = true;
  do {
    advance_again_ = false;
    Step step = Step::Again;
    while (step == Step::Again && state_ != State::Closed) {
      switch (state_) {
        case State::Begin:
          step = begin();
          break;
        case State::Head:
          step = read_head();
          break;
        case State::Gather:
          step = gather();
          break;
        case State::Answering:
          if (answer_ready_) {
            start_writing();
          } else if (pumping_) {
            step = pump();
          } else {
            step = Step::Wait;
          }
          break;
        case State::Writing:
          step = write_answer();
          break;
        case State::Linger:
          step = linger();
          break;
        case State::Closed:
          break;
      }
    }
  } while (advance_again_ && state_ != State::Closed);
  in_advance_ = false;
  thread_->loop->running = false;
}

Connection::Step Connection::wait_for(Socket::Outcome outcome) {
  switch (outcome) {
    case Socket::Outcome::WantRead:
      wait_read();
      break;
    case Socket::Outcome::WantWrite:
      wait_write();
      break;
    default:
      close();
      break;
  }
  return Step::Wait;
}

void Connection::wait_read() {
  turn_began_.reset();
  if (std::exchange(waiting_read_, true)) return;
  asio_socket_.async_wait(boost::asio::socket_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            self->waiting_read_ = false;
                            if (!error) self->advance();
                          });
}

void Connection::wait_write() {
  turn_began_.reset();
  if (std::exchange(waiting_write_, true)) return;
  asio_socket_.async_wait(boost::asio::socket_base::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            self->waiting_write_ = false;
                            if (!error) self->advance();
                          });
}

void Connection::yield_turn() {
  turn_began_.reset();
  boost::asio::post(thread_->loop->context, [self = shared_from_this()] { self->advance(); });
}

Connection::Step Connection::begin() {
  if (thread_->core->tls != nullptr) {
    std::byte first{};
    const Socket::Moved moved = socket_.peek(first);
    if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
    if (first == std::byte{0x16} && !socket_.start_tls(thread_->core->tls)) {
      close();
      return Step::Wait;
    }
  }
  buffer_ = std::make_unique_for_overwrite<char[]>(kBufferBytes);
  capacity_ = kBufferBytes;
  state_ = State::Head;
  return Step::Again;
}

Connection::Step Connection::read_head() {
  if (discard_ > 0) {
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(discard_, filled_ - used_));
    used_ += now;
    discard_ -= now;
  }
  if (used_ == filled_) used_ = filled_ = searched_ = 0;
  if (discard_ == 0) {
    // An empty line before a request is a habit of old clients (RFC 9112, section 2.2).
    while (used_ < filled_ && (buffer_[used_] == '\r' || buffer_[used_] == '\n')) ++used_;
    const std::string_view there(buffer_.get() + used_, filled_ - used_);
    const std::size_t from = std::max(searched_, used_) - used_;
    const std::size_t begin = from > 3 ? from - 3 : 0;
    const void* const end = memmem(there.data() + begin, there.size() - begin, "\r\n\r\n", 4);
    if (end != nullptr) {
      on_head(there.substr(
          0, static_cast<std::size_t>(static_cast<const char*>(end) - there.data()) + 4));
      return Step::Again;
    }
    searched_ = filled_;
    if (there.size() > options().header_bytes_max) {
      exchange_->identify(thread_->ids);
      refuse_and_close(refused(431, "RequestHeaderSectionTooLarge",
                               "Your request header section exceeds the maximum allowed size."));
      return Step::Again;
    }
    if (filled_ == capacity_) {
      const std::size_t size = filled_ - used_;
      if (used_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + used_, size);
      } else {
        auto bigger = std::make_unique_for_overwrite<char[]>(capacity_ * 2);
        std::memcpy(bigger.get(), buffer_.get(), size);
        buffer_ = std::move(bigger);
        capacity_ *= 2;
      }
      searched_ = size;
      used_ = 0;
      filled_ = size;
    }
  }
  const bool first_bytes = used_ == filled_;
  const Socket::Moved moved =
      socket_.read(std::as_writable_bytes(std::span(buffer_.get() + filled_, capacity_ - filled_)));
  if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
  if (first_bytes) touch(options().header_timeout);
  filled_ += moved.bytes;
  thread_->counters.bytes_in.add(moved.bytes);
  return Step::Again;
}

void Connection::on_answered(Exchange& exchange) {
  if (thread_->here()) {
    answer_ready_ = true;
    if (!handling_) advance();
    return;
  }
  if (thread_->core->stopped) return;
  boost::asio::post(thread_->loop->context,
                    [self = shared_from_this(), call = exchange.shared_from_this()]() mutable {
                      self->answer_ready_ = true;
                      call.reset();  // If this was the last, the exchange can be used again without
                                     // a copy of anything.
                      self->advance();
                    });
}

void Connection::on_released(Exchange& exchange) {
  if (!thread_->here()) {
    if (thread_->core->stopped) {
      if (exchange.detached) delete &exchange;  // Its connection's thread is gone.
      return;
    }
    boost::asio::post(thread_->loop->context,
                      [self = shared_from_this(), &exchange] { self->on_released(exchange); });
    return;
  }
  if (exchange.detached) {
    delete &exchange;
    return;
  }
  exchange.released = true;
  if (!exchange.answered()) exchange.fail(bug("a handler let go of its call without an answer"));
}

void Connection::finish_exchange() {
  log_request();
  if (close_after_) {
    linger_left_ = body_complete() ? 0 : kLingerBytesMax;
    if (linger_left_ == 0) return close();
    socket_.say_goodbye();
    boost::system::error_code ignored;
    asio_socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    state_ = State::Linger;
    touch(kLingerTime);
    return;
  }
  discard_ = body_left_;
  body_left_ = 0;
  if (exchange_->released) {
    exchange_->reset();
    old_buffers_.clear();
  } else {
    detach_exchange();
  }
  if (file_bytes_.capacity() > kBufferBytes) std::string().swap(file_bytes_);
  if (gathered_.capacity() > kBufferBytes) std::string().swap(gathered_);
  state_ = State::Head;
  touch(options().idle_timeout);
}

// Somebody still holds the call: what its views refer to stays with it, and the connection goes on
// with new things.
void Connection::detach_exchange() {
  Exchange& old = *exchange_.release();
  const std::size_t size = filled_ - used_;
  const std::size_t capacity = std::max(kBufferBytes, size + 1024);
  auto fresh = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(fresh.get(), buffer_.get() + used_, size);
  old_buffers_.push_back(std::move(buffer_));
  old.kept_buffers = std::move(old_buffers_);
  old_buffers_.clear();
  old.kept_body = std::move(gathered_);
  gathered_.clear();
  old.detached = true;
  old.body_source = nullptr;
  buffer_ = std::move(fresh);
  capacity_ = capacity;
  used_ = searched_ = 0;
  filled_ = size;
  exchange_ = std::make_unique<Exchange>(*thread_->core, *this);
}

Connection::Step Connection::linger() {
  if (!thread_->loop->scratch)
    thread_->loop->scratch = std::make_unique_for_overwrite<std::byte[]>(kPieceBytes);
  for (int i = 0; i < 16; ++i) {
    std::byte* const into = thread_->loop->scratch.get();
    const ssize_t got = ::recv(asio_socket_.native_handle(), into, kPieceBytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return wait_for(Socket::Outcome::WantRead);
    if (got <= 0 || static_cast<std::uint64_t>(got) >= linger_left_) {
      close();
      return Step::Wait;
    }
    linger_left_ -= static_cast<std::uint64_t>(got);
  }
  yield_turn();
  return Step::Wait;
}

}  // namespace cloche::protocol
