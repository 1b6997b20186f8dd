// The protocols: HTTP in, a typed request out, and back. This folder knows no service; a service
// knows no HTTP.
//
// A service is a list of operations and handlers:
//
// clang-format off
//   protocol::Service& service = registry.add("dynamodb");  // Shapes and protocol: data/models/dynamodb.
//   service.on("GetItem", [&](const protocol::CallPtr& call) {
//     ...
//     call->reply(output);
//   });
// clang-format on
//
// The server routes a request to its service and operation, parses and validates the input by the
// model in AWS's own words, and runs the handler on the connection's io thread. The handler answers
// once, now or later, from any thread. An exception that leaves a handler becomes InternalError. An
// operation without a handler answers NotImplemented by name, and so does a service that nobody
// has added, in the client's protocol as far as its request shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/env.h"
#include "base/result.h"

namespace cloche::protocol {

// Who asks, from where, and what for.
struct Caller {
  std::string account = "000000000000";  // 12 digits.
  std::string region = "us-east-1";
  std::string access_key;  // Empty: anonymous.
  std::string user;        // The name of an IAM user; empty: the account's root, or anonymous.
  bool anonymous = true;
};

// The request line and headers, for the few services that need what the model doesn't name (S3).
class HttpRequest {
 public:
  virtual ~HttpRequest() = default;
  virtual std::string_view method() const = 0;
  virtual std::string_view target() const = 0;  // As sent: path and query, percent-encoded.
  virtual std::string_view host() const = 0;    // Without the port.
  virtual std::string_view header(std::string_view name) const = 0;  // Any case; empty if absent.
  virtual bool has_header(std::string_view name) const = 0;
  virtual std::optional<std::string_view> query(
      std::string_view name) const = 0;  // Decoded; "" for `?acl`.
  virtual std::vector<std::pair<std::string_view, std::string_view>> headers() const = 0;
  virtual bool https() const = 0;
  virtual std::string_view peer() const = 0;  // Client's address.
};

// What the body's framing told at its end.
struct BodyEnd {
  std::vector<std::pair<std::string, std::string>> trailers;  // Lower-case names.
};

// The body of an operation whose input streams (PutObject): chunk framing, chunk signatures and
// content codings of the transport are already taken off. Its bytes arrive on the connection's io
// thread.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The length if the client told it (Content-Length or x-amz-decoded-content-length).
  virtual std::optional<std::uint64_t> length() const = 0;
  // x-amz-content-sha256 if it is a digest (64 hex digits) that the body must have; the handler
  // compares, since it hashes anyway.
  virtual std::string_view expected_sha256() const = 0;
  // Reads all: `piece` for every run of bytes (an error ends reading), then `end` once, also with
  // an error of `piece`, of the framing, or of a client that went away. Begins after the handler
  // has returned. A call that is answered before the end is told no more. Call at most once.
  virtual void read(std::move_only_function<Result<void>(std::span<const std::byte>)> piece,
                    std::move_only_function<void(Result<BodyEnd>)> end) = 0;
};

// A run of bytes of an answer's body: in memory, or a part of an open file (sent by sendfile on
// plain HTTP).
struct BodySegment {
  std::string bytes;
  std::shared_ptr<const File> file;
  std::uint64_t file_offset = 0;
  std::uint64_t size = 0;  // bytes.size() if in memory.
};

// The body of an answer whose length nobody knows beforehand: it is made piece by piece, each when the one
// before has been sent, so that a slow client holds it up and memory stays bounded.
class BodyMaker {
 public:
  virtual ~BodyMaker() =
      default;  // On the connection's thread; also when the client has gone away.
  // Calls `then` once, from any thread: with bytes, with none at the end, or with an error, after which the
  // connection is closed, which tells the client that the body is cut short.
  virtual void next(std::move_only_function<void(Result<std::string>)> then) = 0;
};

// What an HTML form brings in place of signed headers (S3's POST): the signature of its policy.
struct FormSignature {
  bool v4 = false;
  std::string_view credential;  // An access key; with v4 the whole scope.
  std::string_view signature;
  std::string_view signed_text;  // The policy, as it was sent.
};

// A message of an event stream (application/vnd.amazon.eventstream) with text headers. A service
// whose operation answers with a stream of events sends these as its body.
std::string event_message(std::span<const std::pair<std::string_view, std::string_view>> headers,
                          std::string_view payload);

// One request on its way. Handlers keep the pointer for as long as they need it. reply/fail may be
// called from any thread, one of them, once; everything else belongs to the thread that runs the
// handler (or to the closure it submitted, one at a time).
class Call : public std::enable_shared_from_this<Call> {
 public:
  virtual ~Call() = default;

  virtual const Caller& caller() const = 0;
  virtual std::string_view service() const = 0;    // "s3"
  virtual std::string_view operation() const = 0;  // "PutObject"
  virtual std::string_view request_id() const = 0;
  virtual std::string_view host_id() const {
    return {};
  }  // x-amz-id-2; S3's answers alone have it.
  virtual const HttpRequest& http() const = 0;
  // "http://localhost:4566": what URLs in answers begin with (LOCALSTACK_HOST, or as the client
  // addressed us).
  virtual std::string base_url() const = 0;

  // The parsed and validated input: a Map by member names of the model. Lives as long as the call.
  virtual const Value& input() const = 0;
  virtual Arena& arena() = 0;      // For building the output.
  virtual BodySource* body() = 0;  // Null unless the operation's input streams.

  // For forms, whose fields stand for what other requests have in their head. Not on calls that a
  // service made itself.
  //
  // Who signed the form; under AuthMode::Verify refuses with InvalidAccessKeyId and
  // SignatureDoesNotMatch.
  virtual Result<Caller> sign_in(const FormSignature& form);
  // The input of another operation of the service, as if `labels` (by member) had stood in its path
  // and `headers` had been its headers. All text must live as long as the call.
  virtual Result<Value> read_as(
      std::string_view operation, const Value& labels,
      const std::vector<std::pair<std::string_view, std::string_view>>& headers);
  // A document of this shape of the model. Refuses with MalformedXML.
  virtual Result<Value> read_shape(std::string_view shape, std::string_view text);

  // Answers with the operation's output shape: codec, headers and status follow the model. Text in
  // `output` must live in arena() or be static, and be complete before the call.
  virtual void reply(const Value& output) = 0;
  // The same with a body that streams out (GetObject). For HEAD only its length is told.
  virtual void reply(const Value& output, std::vector<BodySegment> body) = 0;
  // The same with a body that is made as it goes out (SelectObjectContent). Not on calls that a service made
  // itself.
  virtual void reply(const Value& output, std::unique_ptr<BodyMaker> body);
  virtual void fail(Error error) = 0;

  // Set before reply, for what the model doesn't say.
  virtual void set_status(int status) = 0;  // Else the model's, or 200.
  virtual void set_header(std::string_view name, std::string_view value) = 0;  // Adds or replaces.
};
using CallPtr = std::shared_ptr<Call>;

using Handler = std::function<void(const CallPtr&)>;

// What a service says to a request that a browser sends for a page of another origin (it has an
// Origin header; the Fetch standard's CORS protocol), and to any OPTIONS request.
struct OriginVerdict {
  enum class Kind : std::uint8_t {
    Usual,    // The server's own rule decides: local origins and those named at start.
    Decided,  // The request goes on; `headers` are all that its answer says about origins.
    Refused   // It is answered with `error`.
  };
  Kind kind = Kind::Usual;
  std::vector<std::pair<std::string, std::string>> headers{};
  Error error{};
};
// `path` is the request's, percent-encoded, with a bucket that the host names in front. `trusted`:
// the server's own rule would let the origin in. Runs on the connection's thread, before signatures
// are looked at.
using OriginJudge =
    std::function<OriginVerdict(const HttpRequest&, std::string_view path, bool trusted)>;

// A request that has been answered, as an observer sees it. Views are good for the call only.
struct Finished {
  const HttpRequest& http;
  const Caller& caller;
  std::string_view operation;  // Empty where none was found.
  std::string_view path;       // As an OriginJudge gets it.
  std::string_view request_id, host_id, error_code;
  int status = 0;
  bool site = false;             // A visit to a site.
  std::uint64_t bytes_sent = 0;  // Of the body.
  std::chrono::microseconds took{0};
};

// One service: the model it was added with and its handlers. Filled before the server starts, then
// only read.
class Service {
 public:
  virtual ~Service() = default;
  // `operation` must be in the model: a mistyped name stops the program at start.
  virtual void on(std::string_view operation, Handler handler) = 0;
  // Members of this shape are handed to the handler as they were parsed, unchecked (DynamoDB's
  // AttributeValue).
  virtual void leave_raw(std::string_view shape) = 0;
  // Requests that `takes` knows by their looks (by their host, mostly) are no calls of the API but
  // visits to a site that the service keeps (S3's websites). They go to `handler`, of any method,
  // under the name of `operation`; of its input they have what stands in headers.
  virtual void on_site(std::string_view operation, std::function<bool(const HttpRequest&)> takes,
                       Handler handler) = 0;
  // Called for each answered request of the service, on the connection's thread: must be quick.
  virtual void observe(std::function<void(const Finished&)> observer) = 0;
  // Who may use the service from pages of other origins; without a judge the server's rule holds.
  virtual void judge_origins(OriginJudge judge) = 0;
};

class Registry {
 public:
  Registry();
  ~Registry();
  // `name` is a model's name under data/models: "s3", "dynamodb". Reading a model is cheap (well
  // under a millisecond).
  Service& add(std::string_view name);
  // A service that could be served and was not asked for: who calls it is told so.
  void leave_out(std::string_view name);

  struct Impl;
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

enum class AuthMode : std::uint8_t { Open, Verify };

// The secret of an access key, for --auth=verify. Nothing if there is no such key.
using SecretLookup = std::function<std::optional<std::string>(std::string_view access_key)>;

// A line for the operator. Called on any thread, several at once.
//
// A request line: time, account, region, service.operation, status, ms, size.
//
// A fault line: time, request id, service.operation, what kind of fault, and our own words for it,
// which may name files; the client is told AWS's general ones.
using LogLine = std::function<void(std::string_view)>;

// A request of a service that was answered with an error, once it has been: `asked` is "s3.PutObject", or the
// request line without its query where no operation is known; `input` is empty if it was refused before it was
// parsed. Views are good for the call only. Called on the connection's thread: must be quick. Costs requests that
// succeed nothing.
using FailureSink =
    std::function<void(const Finished&, std::string_view asked, const Value& input)>;

struct ServerOptions {
  std::vector<std::string> listen = {
      "127.0.0.1:4566"};  // "host:port", "[::1]:port", port 0 for any.
  int threads = 0;        // 0: one per core.
  AuthMode auth = AuthMode::Open;
  SecretLookup secret;
  // Completes who asks: called for each signed request with access_key, account and region as they
  // follow from the request alone. Null: nothing to add. Called on any thread.
  std::function<void(Caller&)> identify;
  std::string advertised_host;   // host:port in returned URLs; empty: as addressed.
  std::string certificate_file;  // PEM with key; empty: one is made in `certificate_directory` at
                                 // first start.
  std::string certificate_directory;
  LogLine request_log;             // Null: none.
  LogLine fault_log;               // Each error of kind Unavailable, Damaged or Bug. Null: none.
  FailureSink failures;            // Null: none.
  std::function<Instant()> clock;  // Engine time, for expiry of signatures. Null: the system's.
  std::size_t header_bytes_max = std::size_t{64} << 10;
  std::size_t body_bytes_max = std::size_t{128}
                               << 20;  // Of bodies that are gathered; streaming ones are unlimited.
  std::size_t connections_max = 10'000;
  std::chrono::seconds idle_timeout{120};
  std::chrono::seconds header_timeout{30};
  std::vector<std::string> extra_cors_origins;  // "*": every origin.
  bool cors_headers = true;                     // False: answers carry none.
  bool allow_nonstandard_regions =
      false;  // ALLOW_NONSTANDARD_REGIONS: else an unknown region is us-east-1.
  bool parity_access_keys = false;  // PARITY_AWS_ACCESS_KEY_ID of LocalStack.
};

// An answer to an admin path ("/_cloche/health"), made by cli/.
struct AdminAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};
using AdminHandler = std::function<AdminAnswer(const HttpRequest&, std::string_view body)>;

struct ServerStats {
  std::uint64_t requests = 0, errors = 0, connections_open = 0, connections_total = 0, bytes_in = 0,
                bytes_out = 0;
  struct Operation {
    std::string name;  // "s3.PutObject"
    std::uint64_t count = 0, errors = 0, microseconds = 0;
  };
  std::vector<Operation> operations;
};

class Server {
 public:
  virtual ~Server() = default;  // Stops accepting, lets running requests end (up to 5 s), closes.

  // Listens: clients may connect, and are answered once serve() is called.
  static Result<std::unique_ptr<Server>> open(Env& env, ServerOptions options, Registry& registry);

  // The same with the threads and the certificate of `host`, which is serving and must outlive it: what one more
  // costs is its listening sockets. Of the options, `threads` and those of the certificate are not looked at.
  static Result<std::unique_ptr<Server>> open_beside(Server& host, ServerOptions options,
                                                     Registry& registry);

  // Paths that begin with "/_": Host and Origin are checked (design, section 9). A path that ends
  // in '/' serves what is below it. Before serve(); handlers run on the io threads, and of
  // on_admin_work each call on a thread of its own: it may wait.
  virtual void on_admin(std::string path, AdminHandler handler) = 0;
  virtual void on_admin_work(std::string path, AdminHandler handler) = 0;
  virtual void serve() = 0;  // Starts the io threads, once; returns at once.
  virtual std::vector<std::string> addresses() const = 0;  // "127.0.0.1:4566", with the real port.
  virtual ServerStats stats() const = 0;
};

}  // namespace cloche::protocol
