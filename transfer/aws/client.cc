#include "transfer/aws/client.h"

#include <algorithm>
#include <map>
#include <thread>

#include "base/digest.h"
#include "base/json.h"
#include "base/mutex.h"
#include "protocol/xml/xml.h"
#include "transfer/aws/rest_xml.h"

namespace cloche::transfer {
namespace {

using namespace std::chrono_literals;

// Source: the error lists of both services' API references, and the retry conditions of the SDKs
// ("Retry behavior" in the AWS SDKs and Tools Reference Guide).
constexpr std::string_view kPassing[] = {"ProvisionedThroughputExceededException",
                                         "ThrottlingException",
                                         "ThrottledException",
                                         "RequestLimitExceeded",
                                         "RequestThrottled",
                                         "LimitExceededException",
                                         "TransactionInProgressException",
                                         "InternalServerError",
                                         "InternalError",
                                         "ServiceUnavailable",
                                         "SlowDown",
                                         "RequestTimeout",
                                         "OperationAborted"};

struct Models {
  Mutex mutex;
  std::map<std::string, std::unique_ptr<protocol::Model>, std::less<>> read
      CLOCHE_GUARDED_BY(mutex);

  protocol::Model& get(std::string_view service) CLOCHE_REQUIRES(mutex) {
    auto found = read.find(service);
    if (found == read.end()) {
      const auto text = protocol::Model::embedded(service);
      CLOCHE_CHECK(text.has_value());
      found = read.emplace(service, std::make_unique<protocol::Model>(*text)).first;
    }
    return *found->second;
  }
};

Models& models() {
  static Models all;
  return all;
}

std::string short_code(std::string_view type) {
  if (const auto hash = type.rfind('#'); hash != std::string_view::npos)
    type = type.substr(hash + 1);
  return std::string(type.substr(0, type.find(':')));
}

Error by_status(int status) {
  std::string code = status == 404   ? "NotFound"
                     : status == 403 ? "AccessDenied"
                     : status == 301 ? "PermanentRedirect"
                     : status == 412 ? "PreconditionFailed"
                                     : "Status" + std::to_string(status);
  return {.kind = status >= 500 && status != 501 ? Error::Kind::Unavailable : Error::Kind::Refused,
          .code = std::move(code),
          .message = "the answer has the status " + std::to_string(status),
          .http_status = status,
          .details = {}};
}

}  // namespace

const protocol::Model& model_of(std::string_view service) {
  MutexLock lock(models().mutex);
  return models().get(service);
}

const protocol::Operation& operation_of(std::string_view service, std::string_view name) {
  MutexLock lock(models().mutex);
  return models().get(service).load(name);
}

bool is_passing(const Error& error) {
  if (error.kind == Error::Kind::Unavailable) return true;
  if (error.http_status == 429 || error.http_status == 500 || error.http_status == 502 ||
      error.http_status == 503 || error.http_status == 504)
    return true;
  return std::ranges::find(kPassing, error.code) != std::end(kPassing);
}

bool may_know(const Error& error) { return is_passing(error) && error.http_status != 500; }

namespace {

Error given_up(Error error, int tries) {
  if (tries > 1) error.message += " (asked " + std::to_string(tries) + " times)";
  return error;
}

// In pieces, so that a stop is seen.
void sleep_unless_stopped(std::chrono::milliseconds pause, Stop stop) {
  for (; pause > 0ms && !is_stopped(stop); pause -= 100ms)
    std::this_thread::sleep_for(std::min(pause, 100ms));
}

}  // namespace

Result<void> with_patience(const Client& client, const std::function<Result<void>()>& attempt) {
  const Stop stop = client.endpoint().stop;
  std::chrono::milliseconds pause = 50ms;
  for (int tries = 1;; ++tries) {
    auto done = attempt();
    if (done || !is_passing(done.error())) return done;
    if (tries >= client.endpoint().attempts) return given_up(done.error(), tries);
    if (is_stopped(stop)) return cancelled();
    // A random half, so that several that were turned away do not come back together.
    const auto part = static_cast<std::int64_t>(client.env().random_u64() % 500 + 500);
    sleep_unless_stopped(pause * part / 1000, stop);
    pause = std::min<std::chrono::milliseconds>(pause * 2, 5s);
  }
}

Error error_of(const HttpAnswer& answer) {
  Error error = by_status(answer.status);
  Arena arena;
  if (answer.body.starts_with('<')) {
    const auto document = protocol::xml::parse(answer.body, arena);
    if (!document) return error;
    const protocol::xml::Node* told = (*document)->child("Error");
    if (told == nullptr) told = *document;
    if (const auto* code = told->child("Code")) error.code = code->text;
    if (const auto* message = told->child("Message")) error.message = message->text;
  } else if (answer.body.starts_with('{')) {
    const auto document = parse_json(answer.body, arena);
    if (!document) return error;
    if (const Value& type = (*document)["__type"]) error.code = short_code(type.text());
    for (const std::string_view name : {"message", "Message"}) {
      if (const Value& message = (*document)[name]) error.message = message.text();
    }
  }
  return error;
}

Result<Client::Open*> Client::open(std::string_view service, std::string_view region) {
  const bool aws = endpoint_.url == "aws";
  for (Open& known : open_) {
    if (!aws || (known.service == service && known.region == region)) return &known;
  }
  const std::string url =
      aws ? "https://" + std::string(service) + "." + std::string(region) + ".amazonaws.com"
          : endpoint_.url;
  CLOCHE_TRY(const address, Address::parse(url));
  open_.reserve(64);  // `reading_` points into it; AWS has fewer regions and we three services.
  CLOCHE_CHECK(open_.size() < open_.capacity());
  open_.push_back({.service = std::string(service),
                   .region = std::string(region),
                   .address = address,
                   .connection = std::make_unique<HttpConnection>(
                       address, endpoint_.insecure, endpoint_.timeout, endpoint_.stop)});
  return &open_.back();
}

Result<HttpAnswer> Client::ask_once(std::string_view service, std::string_view region,
                                    const Unsigned& wish, std::string_view body) {
  CLOCHE_TRY(const place, open(service, region));
  const HttpRequest request =
      sign(wish, place->address, endpoint_.credentials, region, service, now());
  CLOCHE_TRY(answer, place->connection->exchange(request, body));
  if (answer.status >= 300) return error_of(answer);
  return answer;
}

Result<void> Client::reach(std::string_view service) {
  CLOCHE_TRY(const place, open(service, endpoint_.region));
  CLOCHE_TRY_VOID(place->connection->exchange({.method = "GET", .target = "/", .headers{}}, {}));
  return {};
}

Result<Value> Client::call_json(std::string_view service, std::string_view operation,
                                std::string_view body, std::string_view region, Arena& arena) {
  const protocol::Model& model = model_of(service);
  Unsigned wish{.method = "POST",
                .path = "/",
                .query{},
                .headers{},
                .payload_hash = to_hex(sha256(as_bytes(body)))};
  wish.headers.emplace_back("Content-Type",
                            "application/x-amz-json-" + std::string(model.json_version));
  wish.headers.emplace_back("X-Amz-Target",
                            std::string(model.target_prefix) + "." + std::string(operation));
  std::string text;
  CLOCHE_TRY_VOID(with_patience(*this, [&]() -> Result<void> {
    CLOCHE_TRY(answer, ask_once(model.signing_name.empty() ? service : model.signing_name,
                                region_or_own(region), wish, body));
    text = std::move(answer.body);
    return {};
  }));
  if (text.empty()) return Value::map();
  const auto parsed = parse_json(arena.copy(text), arena);
  if (!parsed) {
    return unavailable("what answers at " + endpoint_.url + " is no " + std::string(service) +
                       ": its answer is no JSON");
  }
  return *parsed;
}

Result<HttpAnswer> Client::ask_s3(Unsigned wish, std::string_view body, std::string_view region) {
  wish.payload_hash = to_hex(sha256(as_bytes(body)));
  HttpAnswer got;
  CLOCHE_TRY_VOID(with_patience(*this, [&]() -> Result<void> {
    CLOCHE_TRY(answer, ask_once("s3", region_or_own(region), wish, body));
    got = std::move(answer);
    return {};
  }));
  return got;
}

Result<Value> Client::call_s3(std::string_view operation, const Value& input,
                              std::string_view region, Arena& arena) {
  const protocol::Operation& made = operation_of("s3", operation);
  CLOCHE_TRY(wish, rest_xml_request(model_of("s3"), made, input));
  CLOCHE_TRY(const answer, ask_s3(std::move(wish.head), wish.body, region));
  return read_rest_xml_answer(made, answer, arena);
}

Result<HttpAnswer> Client::begin_s3(Unsigned wish, std::string_view region) {
  wish.payload_hash = to_hex(sha256({}));
  CLOCHE_TRY(const place, open("s3", region_or_own(region)));
  CLOCHE_TRY(answer, place->connection->begin(sign(wish, place->address, endpoint_.credentials,
                                                   region_or_own(region), "s3", now())));
  if (answer.status >= 300) return error_of(answer);
  reading_ = place;
  return answer;
}

Result<std::size_t> Client::read_s3(std::span<std::byte> into) {
  if (reading_ == nullptr) return std::size_t{0};
  return reading_->connection->read(into);
}

Result<HttpAnswer> Client::send_s3(Unsigned wish, std::uint64_t length, const Source& source,
                                   std::string_view region) {
  CLOCHE_TRY(const place, open("s3", region_or_own(region)));
  CLOCHE_TRY(answer, place->connection->send(sign(wish, place->address, endpoint_.credentials,
                                                  region_or_own(region), "s3", now()),
                                             length, source));
  if (answer.status >= 300) return error_of(answer);
  return answer;
}

void Client::close() {
  open_.clear();
  reading_ = nullptr;
}

}  // namespace cloche::transfer
