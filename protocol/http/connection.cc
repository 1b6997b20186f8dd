#include "protocol/http/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "protocol/http/cors.h"

namespace cloche::protocol {
namespace {

// How long a connection may take the thread for itself before its neighbours have a turn.
constexpr std::size_t kTurnBytes = std::size_t{4} << 20;
constexpr std::chrono::microseconds kTurnTime{300};
// A rest of a body that is cheaper to read away than a new connection is to open.
constexpr std::uint64_t kDiscardBytesMax = std::uint64_t{256} << 10;
// What is read after the last answer so that the client sees it instead of a reset.
constexpr std::uint64_t kLingerBytesMax = std::uint64_t{64} << 20;
constexpr std::chrono::seconds kLingerTime{5};
constexpr std::size_t kFilePieceBytes = std::size_t{128} << 10;
constexpr std::size_t kSendFileBytes = std::size_t{1} << 20;

Error incomplete_body() {
  return {.kind = Error::Kind::Refused,
          .code = "IncompleteBody",
          .message =
              "You did not provide the number of bytes specified by the Content-Length HTTP header",
          .http_status = 400,
          .details = {}};
}

Error body_too_large() {
  return {.kind = Error::Kind::Refused,
          .code = "RequestEntityTooLarge",
          .message = "Request size exceeded the limit",
          .http_status = 413,
          .details = {}};
}

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
      end_body(Error{.kind = Error::Kind::Refused,
                     .code = "RequestTimeout",
                     .message = "Your socket connection to the server was not read from or written "
                                "to within the timeout period. "
                                "Idle connections will be closed.",
                     .http_status = 400,
                     .details = {}});
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
      refuse_and_close({.kind = Error::Kind::Refused,
                        .code = "RequestHeaderSectionTooLarge",
                        .message = "Your request header section exceeds the maximum allowed size.",
                        .http_status = 431,
                        .details = {}});
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

void Connection::set_up_body() {
  const Request& request = exchange_->request;
  body_chunked_ = request.chunked;
  body_chunked_ended_ = false;
  body_left_ = request.chunked ? 0 : request.content_length.value_or(0);
  // Also where no body follows: botocore takes a final answer in the place of a 100 for the answer
  // to every later request that expects one on the connection.
  continue_owed_ = request.expect_continue;
  decoder_.reset();
  gathered_.clear();
  contiguous_ = {};
  pumping_ = body_failed_ = false;
}

void Connection::say_continue() {
  if (!std::exchange(continue_owed_, false) || used_ < filled_) return;
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  const iovec part{const_cast<char*>(text.data()), text.size()};
  // The send buffer of a connection that waits for this is empty; if not even these bytes fit in,
  // the client is gone.
  const Socket::Moved moved = socket_.write({&part, 1}, false);
  if (moved.bytes != text.size()) close();
}

bool Connection::body_complete() const {
  return body_chunked_ ? body_chunked_ended_ : body_left_ == 0;
}

// Takes the framings off, from the outside inwards, and tells how many of the bytes belonged to
// this body.
Result<void> Connection::take_body(std::span<const std::byte> bytes, const HeadParser::Piece& piece,
                                   std::size_t& taken) {
  const auto inner = [&](std::span<const std::byte> content) -> Result<void> {
    return decoder_ ? decoder_->feed(content, piece) : piece(content);
  };
  if (!body_chunked_) {
    taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
    body_left_ -= taken;
    return inner(bytes.first(taken));
  }
  const HeadParser::Piece chunk = inner;
  CLOCHE_TRY(const used, parser_.parse_chunked(bytes, chunk, body_chunked_ended_));
  taken = used;
  return {};
}

Result<BodyEnd> Connection::body_end() const {
  BodyEnd end;
  if (decoder_) {
    const auto told = length();
    if (!decoder_->ended() || (told && *told != decoder_->content_bytes()))
      return incomplete_body();
    end.trailers = decoder_->trailers();
  }
  if (body_chunked_) {
    for (const auto& trailer : parser_.trailers()) end.trailers.push_back(trailer);
  }
  return end;
}

Connection::Step Connection::gather() {
  if (body_left_ > options().body_bytes_max) {
    refuse(body_too_large());
    return Step::Again;
  }
  say_continue();
  if (state_ == State::Closed) return Step::Wait;
  // A body of known length that fits into the head's buffer is read there, and never copied.
  if (!body_chunked_ && !decoder_ && gathered_.empty() && body_left_ <= capacity_ - used_) {
    while (filled_ - used_ < body_left_) {
      const Socket::Moved moved = socket_.read(
          std::as_writable_bytes(std::span(buffer_.get() + filled_, capacity_ - filled_)));
      if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
      touch(options().header_timeout);
      filled_ += moved.bytes;
      thread_->counters.bytes_in.add(moved.bytes);
    }
    contiguous_ = std::string_view(buffer_.get() + used_, static_cast<std::size_t>(body_left_));
    used_ += contiguous_.size();
    searched_ = used_;
    body_left_ = 0;
    on_body(contiguous_);
    return Step::Again;
  }
  // On the heap from the beginning: views into it stay good when the string is handed to a detached
  // exchange.
  if (gathered_.capacity() < 256) gathered_.reserve(256);
  const HeadParser::Piece keep = [&](std::span<const std::byte> bytes) -> Result<void> {
    if (gathered_.size() + bytes.size() > options().body_bytes_max) return body_too_large();
    gathered_.append(as_text(bytes));
    return {};
  };
  const Step step = receive_body(keep);
  if (step == Step::Again && state_ == State::Gather) {
    if (body_error_) {
      refuse(*std::exchange(body_error_, std::nullopt));
    } else if (body_complete()) {
      if (auto end = body_end(); !end) {
        refuse(std::move(end).error());
      } else {
        on_body(gathered_);
      }
    }
  }
  return step;
}

// Receives some of the body and hands it on. What the client sent behind the body's end goes back
// into the buffer.
Connection::Step Connection::receive_body(const HeadParser::Piece& piece) {
  std::size_t turn = 0;
  while (!body_complete()) {
    std::size_t taken = 0;
    if (used_ < filled_) {
      auto result =
          take_body(std::as_bytes(std::span(buffer_.get() + used_, filled_ - used_)), piece, taken);
      used_ += taken;
      searched_ = used_;
      if (!result) {
        body_error_ = std::move(result).error();
        return Step::Again;
      }
      // A chunk header may have come in part: it waits in the buffer for the rest.
      if (body_complete() || used_ == filled_) continue;
      if (taken > 0) continue;
      if (filled_ == capacity_) {
        std::memmove(buffer_.get() + head_end_, buffer_.get() + used_, filled_ - used_);
        filled_ = head_end_ + (filled_ - used_);
        used_ = head_end_;
        if (filled_ == capacity_) {
          body_error_ = incomplete_body();
          return Step::Again;
        }
      }
      const Socket::Moved moved = socket_.read(
          std::as_writable_bytes(std::span(buffer_.get() + filled_, capacity_ - filled_)));
      if (moved.outcome == Socket::Outcome::Closed) {
        body_error_ = incomplete_body();
        close_after_ = true;
        return Step::Again;
      }
      if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
      filled_ += moved.bytes;
      touch(options().header_timeout);
      thread_->counters.bytes_in.add(moved.bytes);
      continue;
    }
    if (turn >= kTurnBytes) {
      yield_turn();
      return Step::Wait;
    }
    if (!thread_->loop->scratch)
      thread_->loop->scratch = std::make_unique_for_overwrite<std::byte[]>(kPieceBytes);
    std::size_t room = kPieceBytes;
    if (!body_chunked_) room = static_cast<std::size_t>(std::min<std::uint64_t>(room, body_left_));
    const Socket::Moved moved = socket_.read({thread_->loop->scratch.get(), room});
    if (moved.outcome == Socket::Outcome::Closed) {
      body_error_ = incomplete_body();
      close_after_ = true;
      return Step::Again;
    }
    if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
    turn += moved.bytes;
    touch(options().header_timeout);
    thread_->counters.bytes_in.add(moved.bytes);
    const std::span<const std::byte> bytes(thread_->loop->scratch.get(), moved.bytes);
    while (taken < bytes.size() && !body_complete()) {
      std::size_t now = 0;
      if (auto result = take_body(bytes.subspan(taken), piece, now); !result) {
        body_error_ = std::move(result).error();
        return Step::Again;
      }
      taken += now;
      if (now == 0) break;
    }
    if (taken < bytes.size()) keep_in_buffer(bytes.subspan(taken));
  }
  return Step::Again;
}

// Bytes that can't be used yet, behind the head that views still refer to.
void Connection::keep_in_buffer(std::span<const std::byte> bytes) {
  used_ = head_end_;
  if (capacity_ - used_ < bytes.size()) {
    // The head must not move: the old buffer stays with the exchange.
    auto bigger = std::make_unique_for_overwrite<char[]>(bytes.size() + kBufferBytes);
    old_buffers_.push_back(std::move(buffer_));
    buffer_ = std::move(bigger);
    capacity_ = bytes.size() + kBufferBytes;
    used_ = head_end_ = 0;
  }
  std::memcpy(buffer_.get() + used_, bytes.data(), bytes.size());
  filled_ = used_ + bytes.size();
  searched_ = used_;
}

std::optional<std::uint64_t> Connection::length() const {
  const Request& request = exchange_->request;
  if (decoder_) return Value::string(request.header("x-amz-decoded-content-length")).as_integer();
  return request.chunked ? std::nullopt : std::optional(request.content_length.value_or(0));
}

std::string_view Connection::expected_sha256() const {
  const std::string_view text = exchange_->request.content_sha256;
  return text.size() == 64 ? text : std::string_view();
}

void Connection::read(Piece piece, End end) {
  if (thread_->here()) return begin_reading(std::move(piece), std::move(end));
  boost::asio::post(thread_->loop->context, [self = shared_from_this(), piece = std::move(piece),
                                             end = std::move(end)]() mutable {
    self->begin_reading(std::move(piece), std::move(end));
  });
}

void Connection::begin_reading(Piece piece, End end) {
  if (state_ != State::Answering || pumping_ || end_) return;
  piece_ = std::move(piece);
  end_ = std::move(end);
  pumping_ = true;
  touch(options().header_timeout);
  // The handler returns first: it need not expect its reader to run inside read().
  if (!handling_) advance();
}

Connection::Step Connection::pump() {
  say_continue();
  if (state_ == State::Closed) return Step::Wait;
  const HeadParser::Piece piece = [this](std::span<const std::byte> bytes) {
    return piece_(bytes);
  };
  const Step step = receive_body(piece);
  if (step == Step::Wait || state_ == State::Closed) return step;
  if (body_error_) {
    end_body(*std::exchange(body_error_, std::nullopt));
  } else if (body_complete()) {
    end_body(body_end());
  }
  return Step::Again;
}

void Connection::end_body(Result<BodyEnd> end) {
  pumping_ = false;
  deadline_ = 0;
  piece_ = nullptr;
  if (auto told = std::exchange(end_, nullptr)) {
    handling_ = true;
    try {
      told(std::move(end));
    } catch (const std::exception& exception) {
      exchange_->fail(bug(exception.what()));
    }
    handling_ = false;
  }
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

void Connection::start_writing() {
  Exchange& exchange = *exchange_;
  answer_ready_ = false;
  pumping_ = false;
  piece_ = nullptr;
  end_ = nullptr;
  if (!exchange.request.keep_alive || thread_->core->stopping) close_after_ = true;
  if (continue_owed_) close_after_ = true;
  if (!body_complete()) {
    const bool cheap = !body_chunked_ && body_left_ <= kDiscardBytesMax;
    if (!cheap) close_after_ = true;
  }
  out_.clear();
  out_at_ = segment_ = segment_at_ = 0;
  file_bytes_.clear();
  file_bytes_at_ = 0;
  making_ = made_ = false;
  // Without chunks the end of the connection is the end of the body.
  if (exchange.maker && !exchange.in_chunks()) close_after_ = true;
  if (!exchange.origin_decided) append_cors(options(), exchange.request, exchange.answer.headers);
  exchange.append_head(out_, thread_->core->now(), close_after_);
  if (!exchange.has_body()) {
    exchange.answer.body.clear();
    exchange.segments.clear();
    exchange.maker.reset();
  } else if (!exchange.maker) {
    join_body(exchange);
  }
  state_ = State::Writing;
  touch(options().idle_timeout);
}

// A body that goes out behind its head in one run of bytes.
void Connection::join_body(Exchange& exchange) {
  std::string& body = exchange.answer.body;
  const bool in_chunks = exchange.in_chunks();
  // With TLS one record instead of two.
  const bool small = socket_.is_tls() && !exchange.streams && body.size() <= kBufferBytes;
  if (!in_chunks && !small) return;
  exchange.joined_size = body.size();
  if (in_chunks) {
    char size[20];
    out_.append(size, std::to_chars(size, size + sizeof size, body.size(), 16).ptr);
    out_ += "\r\n";
  }
  out_ += body;
  if (in_chunks) out_ += "\r\n0\r\n\r\n";
  body.clear();
}

Connection::Step Connection::write_answer() {
  Exchange& exchange = *exchange_;
  const std::string& body = exchange.answer.body;
  const bool more_follows = exchange.streams && !exchange.segments.empty();
  while (out_at_ < out_.size() + body.size()) {
    iovec parts[2];
    std::size_t count = 0;
    if (out_at_ < out_.size()) parts[count++] = {out_.data() + out_at_, out_.size() - out_at_};
    const std::size_t body_at = out_at_ < out_.size() ? 0 : out_at_ - out_.size();
    if (body_at < body.size())
      parts[count++] = {const_cast<char*>(body.data()) + body_at, body.size() - body_at};
    const Socket::Moved moved = socket_.write({parts, count}, more_follows);
    if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
    out_at_ += moved.bytes;
    thread_->counters.bytes_out.add(moved.bytes);
    touch(options().idle_timeout);
  }
  if (more_follows) {
    if (const Step step = write_segments(); step == Step::Wait) return step;
  }
  if (exchange.maker && !made_) return write_made();
  finish_exchange();
  return state_ == State::Head ? give_way() : Step::Again;
}

// A client on the same core often has its next request there before we have looked, again and again: it would keep
// the thread while others wait for half a second (listings of 300 KB, four connections). Some requests in a row are
// quicker than an event for each, so a connection may go on for kTurnTime from its first answer.
Connection::Step Connection::give_way() {
  const auto now = std::chrono::steady_clock::now();
  if (!turn_began_) turn_began_ = now;
  if (now - *turn_began_ < kTurnTime) return Step::Again;
  yield_turn();
  return Step::Wait;
}

// Asks for the next piece of the body, however long that takes.
Connection::Step Connection::write_made() {
  if (making_) return Step::Wait;
  making_ = true;
  deadline_ = 0;
  exchange_->maker->next([self = shared_from_this()](Result<std::string> piece) mutable {
    Connection& connection = *self;
    if (connection.thread_->core->stopped) return;
    boost::asio::post(connection.thread_->loop->context,
                      [self = std::move(self), piece = std::move(piece)]() mutable {
                        self->take_made(std::move(piece));
                      });
  });
  return Step::Wait;
}

void Connection::take_made(Result<std::string> piece) {
  if (state_ != State::Writing || !making_) return;  // Closed in the meantime.
  making_ = false;
  if (!piece) {
    exchange_->log_fault(piece.error());
    return close();
  }
  made_ = piece->empty();
  *exchange_->joined_size += piece->size();
  out_.clear();
  out_at_ = 0;
  if (!exchange_->in_chunks()) {
    out_ = *std::move(piece);
  } else if (made_) {
    out_ = "0\r\n\r\n";
  } else {
    char size[20];
    out_.append(size, std::to_chars(size, size + sizeof size, piece->size(), 16).ptr);
    out_ += "\r\n" + *piece + "\r\n";
  }
  touch(options().idle_timeout);
  advance();
}

Connection::Step Connection::write_segments() {
  std::vector<BodySegment>& segments = exchange_->segments;
  std::size_t turn = 0;
  while (segment_ < segments.size()) {
    BodySegment& segment = segments[segment_];
    if (segment_at_ == segment.size) {
      ++segment_;
      segment_at_ = 0;
      continue;
    }
    if (turn >= kTurnBytes) {
      yield_turn();
      return Step::Wait;
    }
    const bool last = segment_ + 1 == segments.size();
    Socket::Moved moved{Socket::Outcome::Closed, 0};
    if (!segment.file) {
      const iovec part{segment.bytes.data() + segment_at_,
                       static_cast<std::size_t>(segment.size - segment_at_)};
      moved = socket_.write({&part, 1}, !last);
    } else if (!socket_.is_tls() && segment.file->descriptor() >= 0) {
      const auto size = static_cast<std::size_t>(
          std::min<std::uint64_t>(segment.size - segment_at_, kSendFileBytes));
      moved =
          socket_.send_file(segment.file->descriptor(), segment.file_offset + segment_at_, size);
    } else {
      moved = write_from_file(segment);
    }
    if (moved.outcome != Socket::Outcome::Done) return wait_for(moved.outcome);
    segment_at_ += moved.bytes;
    turn += moved.bytes;
    thread_->counters.bytes_out.add(moved.bytes);
    touch(options().idle_timeout);
  }
  return Step::Again;
}

Socket::Moved Connection::write_from_file(const BodySegment& segment) {
  if (file_bytes_at_ == file_bytes_.size()) {
    file_bytes_.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(segment.size - segment_at_, kFilePieceBytes)));
    file_bytes_at_ = 0;
    const auto got = segment.file->read_at(segment.file_offset + segment_at_,
                                           std::as_writable_bytes(std::span(file_bytes_)));
    // The head has promised these bytes; all that is left is to end the connection, which the
    // client takes for what it is.
    if (!got) exchange_->log_fault(got.error());
    if (got && *got == 0) exchange_->log_fault(damaged("a stored file ends before its content"));
    if (!got || *got == 0) return {Socket::Outcome::Closed, 0};
    file_bytes_.resize(*got);
  }
  const iovec part{file_bytes_.data() + file_bytes_at_, file_bytes_.size() - file_bytes_at_};
  const Socket::Moved moved = socket_.write({&part, 1}, false);
  file_bytes_at_ += moved.bytes;
  return moved;
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
