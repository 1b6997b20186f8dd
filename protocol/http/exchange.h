// One request and its answer: what a handler sees as a Call. It belongs to its connection's thread;
// reply and fail may come from any other, make the answer there, and hand it to the connection.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/auth/credential.h"
#include "protocol/codec/codec.h"
#include "protocol/http/core.h"
#include "protocol/http/request.h"
#include "protocol/protocol.h"
#include "protocol/route/route.h"

namespace cloche::protocol {

class Exchange;

// The connection as an exchange sees it.
class ExchangeHost {
 public:
  virtual ~ExchangeHost() = default;
  virtual void on_answered(Exchange& exchange) = 0;  // On any thread, once.
  virtual void on_released(
      Exchange& exchange) = 0;  // On any thread, once: nobody holds the call any more.
};

class Exchange final : public Call {
 public:
  Exchange(const Core& core, ExchangeHost& host) : core_(core), host_(host) {}

  // What handlers see.
  const Caller& caller() const override { return caller_; }
  std::string_view service() const override { return route.service->model().name; }
  std::string_view operation() const override { return route.served->operation->name; }
  std::string_view request_id() const override { return request_id_; }
  std::string_view host_id() const override { return host_id_; }
  const HttpRequest& http() const override { return request; }
  std::string base_url() const override;
  const Value& input() const override { return input_; }
  Arena& arena() override { return arena_; }
  BodySource* body() override { return body_source; }
  Result<Caller> sign_in(const FormSignature& form) override;
  Result<Value> read_as(
      std::string_view operation, const Value& labels,
      const std::vector<std::pair<std::string_view, std::string_view>>& headers) override;
  Result<Value> read_shape(std::string_view shape, std::string_view text) override;
  void reply(const Value& output) override;
  void reply(const Value& output, std::vector<BodySegment> body) override;
  void reply(const Value& output, std::unique_ptr<BodyMaker> body) override;
  void fail(Error error) override;
  void set_status(int status) override { status_ = status; }
  void set_header(std::string_view name, std::string_view value) override;

  // What the connection does.
  CallPtr share(std::shared_ptr<ExchangeHost>
                    host);  // The pointer for the handler; it keeps the connection alive.
  void reset();             // For the next request, once nobody holds this one.
  void identify(IdMaker& ids);
  void set_input(Value input) { input_ = input; }
  void read_caller();
  void answer_raw(int status, std::string_view content_type, std::string body);
  bool answered() const { return answered_.load(std::memory_order_acquire); }
  Identity identity() const { return {request_id_, host_id_}; }
  // The head of the answer, complete; `answer.body` or `segments` follow it.
  void append_head(std::string& out, Instant now, bool close) const;
  int status() const { return status_ != 0 && !failed ? status_ : answer.status; }
  Wire wire() const;      // The service's, or what the client seems to speak.
  bool has_body() const;  // False for HEAD, 204 and 304.
  std::uint64_t body_size() const;
  // Whether the body goes out as a chunk: S3's errors and XML do so, but for what PUT answers
  // (recordings of AWS, 2025).
  bool in_chunks() const;
  // "s3.PutObject", or the request line where no operation is known.
  std::string what_was_asked() const;
  // One line for the operator if the error is a fault of ours. From any thread.
  void log_fault(const Error& error) const;

  Request request;
  Credential credential;
  Route route;
  BodySource* body_source = nullptr;
  Answer answer;
  std::vector<BodySegment> segments;
  std::unique_ptr<BodyMaker> maker;
  bool streams = false;  // The body is in `segments`, or `maker` makes it.
  // The body's size, once the connection has joined the body with the head; of a body that is made, what has
  // been sent.
  std::optional<std::uint64_t> joined_size;
  bool failed = false;
  bool origin_decided = false;  // By the service: the server adds no CORS headers of its own.
  std::string error_code;       // For the log.
  bool detached = false;        // The connection went on without it.
  bool released = false;
  std::vector<std::unique_ptr<char[]>>
      kept_buffers;  // What the request's views refer to, once detached.
  std::string kept_body;
  std::int64_t began_ns = 0;

 private:
  Caller caller_of(const Credential& signer) const;
  bool claim();  // True for the first answer.
  void hand_over();
  void compress();

  const Core& core_;
  ExchangeHost& host_;  // Lives as long as anybody holds the call.
  Arena arena_;
  Caller caller_;
  Value input_;
  std::string request_id_, host_id_;
  int status_ = 0;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::atomic<bool> answered_{false};
};

std::string_view reason_of(int status);

}  // namespace cloche::protocol
