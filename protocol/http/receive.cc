// What a connection receives: the body of the request at hand, whatever framing it has.
#include <algorithm>
#include <cstring>

#include "protocol/http/connection.h"

namespace cloche::protocol {
namespace {

Error incomplete_body() {
  return refused(
      400, "IncompleteBody",
      "You did not provide the number of bytes specified by the Content-Length HTTP header");
}

Error body_too_large() {
  return refused(413, "RequestEntityTooLarge", "Request size exceeded the limit");
}

}  // namespace

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

}  // namespace cloche::protocol
