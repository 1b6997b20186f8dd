// A client's connection: reads requests one after the other, has them answered, and writes the
// answers.
//
// clang-format off
//   Begin --first byte--> Head --\r\n\r\n--> Gather --body--> Answering --reply--> Writing --> Head ...
//                              \--streams--> Answering, while the handler's reader pulls the body
// clang-format on
//
// All of it happens on the connection's thread; only on_answered and on_released may come from
// others.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/auth/chunked.h"
#include "protocol/http/exchange.h"
#include "protocol/http/head.h"
#include "protocol/http/io_thread.h"
#include "protocol/http/socket.h"

namespace cloche::protocol {

// What is received at once into a head's buffer, and the most of a body's piece.
inline constexpr std::size_t kBufferBytes = std::size_t{16} << 10;
inline constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
// Received or sent without a pause before the connection's neighbours on its thread have a turn.
inline constexpr std::size_t kTurnBytes = std::size_t{4} << 20;

class Connection final : public ExchangeHost,
                         public BodySource,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<IoThread> thread, boost::asio::ip::tcp::socket socket);
  ~Connection() override;

  void start();
  void close();
  void sweep();  // Once a second: closes what has waited too long.
  const Core& core() const { return *thread_->core; }
  // Nothing is asked, or not yet to the end of its head.
  bool is_idle() const { return state_ == State::Begin || state_ == State::Head; }

  // ExchangeHost.
  void on_answered(Exchange& exchange) override;
  void on_released(Exchange& exchange) override;

  // BodySource.
  std::optional<std::uint64_t> length() const override;
  std::string_view expected_sha256() const override;
  using Piece = std::move_only_function<Result<void>(std::span<const std::byte>)>;
  using End = std::move_only_function<void(Result<BodyEnd>)>;
  void read(Piece piece, End end) override;

 private:
  enum class State : std::uint8_t { Begin, Head, Gather, Answering, Writing, Linger, Closed };
  enum class Step : std::uint8_t { Again, Wait };

  // The loop: runs steps until one has to wait.
  void advance();
  Step begin();
  Step read_head();
  Step gather();
  Step write_answer();
  Step give_way();
  Step linger();

  // What is done with a request (serve.cc).
  void on_head(std::string_view head);
  void on_body(std::string_view body);
  void run(const Served& served);
  void run_admin(std::string_view body);
  bool route();
  bool answered_by_front();
  bool route_for_page();
  bool judge_origin();
  void answer_preflight();
  void answer_empty(int status);
  void refuse(Error error);
  void refuse_and_close(Error error);
  Result<std::string_view> decoded(std::string_view body);
  Result<void> authenticate(std::string_view body);
  void set_up_decoder();
  void log_request();

  // The body's bytes, whatever framing they have.
  void set_up_body();
  void say_continue();
  void begin_reading(Piece piece, End end);
  Step pump();
  Step receive_body(const HeadParser::Piece& piece);
  void keep_in_buffer(std::span<const std::byte> bytes);
  void end_body(Result<BodyEnd> end);
  Result<void> take_body(std::span<const std::byte> bytes, const HeadParser::Piece& piece,
                         std::size_t& taken);
  bool body_complete() const;
  Result<BodyEnd> body_end() const;

  void start_writing();
  void join_body(Exchange& exchange);
  void finish_exchange();
  void detach_exchange();
  Step write_segments();
  Step write_made();
  void take_made(Result<std::string> piece);
  Socket::Moved write_from_file(const BodySegment& segment);
  Step wait_for(Socket::Outcome outcome);
  void wait_read();
  void wait_write();
  void yield_turn();
  void touch(std::chrono::seconds patience) {
    deadline_ = thread_->loop->tick + patience.count() + 1;
  }
  const ServerOptions& options() const { return thread_->core->options; }

  std::shared_ptr<IoThread> thread_;
  boost::asio::ip::tcp::socket asio_socket_;
  Socket socket_;
  std::string peer_;
  State state_ = State::Begin;
  std::int64_t deadline_ = 0;  // In ticks; 0: none.
  bool waiting_read_ = false, waiting_write_ = false;
  bool in_advance_ = false, advance_again_ = false;
  // When the first of the answers went out since which nobody else had the thread.
  std::optional<std::chrono::steady_clock::time_point> turn_began_;

  // Bytes that came: [used_, filled_) are not yet consumed.
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, used_ = 0, filled_ = 0;
  std::size_t searched_ = 0;   // No end of a head before here.
  std::size_t head_end_ = 0;   // Views refer to what stands before.
  std::uint64_t discard_ = 0;  // The rest of the last body, which nobody wanted.
  std::vector<std::unique_ptr<char[]>> old_buffers_;

  std::unique_ptr<Exchange> exchange_;
  HeadParser parser_;
  bool handling_ = false;  // The handler is on the stack.
  bool answer_ready_ = false;

  // The body of the request at hand.
  std::uint64_t body_left_ = 0;  // With Content-Length.
  bool body_chunked_ = false;
  bool body_chunked_ended_ = false;
  bool continue_owed_ = false;
  std::optional<Error> body_error_;
  std::optional<ChunkDecoder> decoder_;
  std::string gathered_;
  std::string_view contiguous_;  // The body where it stands whole in the buffer.
  Piece piece_;
  End end_;
  bool pumping_ = false;
  bool body_failed_ = false;

  // The answer on its way.
  std::string out_;
  std::size_t out_at_ = 0;  // Of out_ and of the body behind it.
  std::size_t segment_ = 0;
  std::uint64_t segment_at_ = 0;
  bool making_ = false, made_ = false;  // Waits for the next piece of a body; has its last.
  std::string file_bytes_;              // A part of a file, where sendfile won't do.
  std::size_t file_bytes_at_ = 0;
  bool close_after_ = false;
  std::uint64_t linger_left_ = 0;
};

}  // namespace cloche::protocol
