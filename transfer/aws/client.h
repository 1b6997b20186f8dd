// A client of AWS's services and of what speaks like them: requests made from the models that the
// server reads its requests by, signed, and asked again where asking again helps.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/document.h"
#include "base/env.h"
#include "base/result.h"
#include "protocol/model/model.h"
#include "transfer/aws/sign.h"
#include "transfer/http/http.h"

namespace cloche::transfer {

// Throttling, faults of the server and of the network are met with as many attempts, 50 ms apart at
// first and up to 5 s later: some ten seconds in all, longer than a restart takes.
inline constexpr int kAttemptsMax = 9;

// One side of a transfer.
struct Endpoint {
  // Where its services are. "aws" stands for AWS itself, where each service and region has an
  // address of its own.
  std::string url;
  Credentials credentials;
  std::string region;  // Where nothing else tells.
  bool insecure = false;
  std::chrono::seconds timeout{60};
  int attempts = kAttemptsMax;          // 1: nothing is asked again.
  Stop stop = nullptr;                  // Nothing is asked any more once it is set.
  std::function<Instant()> clock = {};  // That requests are signed by; null: the system's.
};

// The operation of that name with its shapes, from the embedded models. Stops the program on a name
// that they lack. Any thread may ask.
const protocol::Operation& operation_of(std::string_view service, std::string_view name);
const protocol::Model& model_of(std::string_view service);

// Whether asking again may help.
bool is_passing(const Error& error);

// Of something that not every server knows: whether one that does was not in a state to tell. Some answer with 500 to
// what they do not know.
bool may_know(const Error& error);

// One thread at a time. Keeps a connection for each service's address.
class Client {
 public:
  Client(Env& env, Endpoint endpoint) : env_(env), endpoint_(std::move(endpoint)) {}

  const Endpoint& endpoint() const { return endpoint_; }
  Env& env() const { return env_; }

  // Whether anybody answers at all, asked once: so that a wrong address is told at once and not after
  // all attempts.
  Result<void> reach(std::string_view service);
  // An operation of a json service: the body as it stands, the answer parsed into `arena`. A region
  // that is empty is the endpoint's own.
  Result<Value> call_json(std::string_view service, std::string_view operation,
                          std::string_view body, std::string_view region, Arena& arena);
  // An operation of S3 whose body is no stream, by the names of the model. The answer's headers are
  // in the document too.
  Result<Value> call_s3(std::string_view operation, const Value& input, std::string_view region,
                        Arena& arena);
  // A request to S3 as it is, with the answer as it is. Refused by status.
  Result<HttpAnswer> ask_s3(Unsigned wish, std::string_view body, std::string_view region);
  // A body that comes, or goes, in pieces; once, since who has begun to read must decide what to do.
  Result<HttpAnswer> begin_s3(Unsigned wish, std::string_view region);
  Result<std::size_t> read_s3(std::span<std::byte> into);
  Result<HttpAnswer> send_s3(Unsigned wish, std::uint64_t length, const Source& source,
                             std::string_view region);
  void close();

 private:
  struct Open {
    std::string service, region;  // Region: with AWS itself only.
    Address address;
    std::unique_ptr<HttpConnection> connection;
  };
  Result<Open*> open(std::string_view service, std::string_view region);
  Result<HttpAnswer> ask_once(std::string_view service, std::string_view region,
                              const Unsigned& wish, std::string_view body);
  Instant now() const { return endpoint_.clock ? endpoint_.clock() : env_.now(); }
  std::string_view region_or_own(std::string_view region) const {
    return region.empty() ? std::string_view(endpoint_.region) : region;
  }

  Env& env_;
  Endpoint endpoint_;
  std::vector<Open> open_;
  Open* reading_ = nullptr;
};

// Does it until it is done, fails for good, has been tried as often as the client may, which its error says then, or
// the client's stop is set.
Result<void> with_patience(const Client& client, const std::function<Result<void>()>& attempt);

// The error that an answer of 300 or more tells, of either kind of service.
Error error_of(const HttpAnswer& answer);

}  // namespace cloche::transfer
