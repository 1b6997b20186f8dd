// What a connection sends: answers, from memory, from files, or made while they go out.
#include <algorithm>
#include <charconv>

#include "protocol/http/connection.h"
#include "protocol/http/cors.h"

namespace cloche::protocol {
namespace {

// How long a connection may take the thread for itself before its neighbours have a turn.
constexpr std::chrono::microseconds kTurnTime{300};
// A rest of a body that is cheaper to read away than a new connection is to open.
constexpr std::uint64_t kDiscardBytesMax = std::uint64_t{256} << 10;
constexpr std::size_t kFilePieceBytes = std::size_t{128} << 10;
constexpr std::size_t kSendFileBytes = std::size_t{1} << 20;

}  // namespace

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

}  // namespace cloche::protocol
