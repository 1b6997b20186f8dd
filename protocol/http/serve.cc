// What a connection does with a request: routes it, has it checked, and runs its handler.
#include <cstdio>

#include "base/digest.h"
#include "base/time_text.h"
#include "protocol/auth/content_digests.h"
#include "protocol/auth/sigv4.h"
#include "protocol/http/connection.h"
#include "protocol/http/cors.h"
#include "protocol/http/dynamodb_front.h"
#include "protocol/http/gzip.h"

namespace cloche::protocol {
namespace {

// Texts and detail: recording of AWS S3, 2026-02.
Error wrong_region(std::string_view signed_for) {
  return refused(400, "AuthorizationHeaderMalformed",
                 "The authorization header is malformed; the region '" + std::string(signed_for) +
                     "' is wrong; expecting 'us-east-1'",
                 {{"Region", "us-east-1"}});
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= text.size(); ++at) {
    if (equal_ignoring_case(text.substr(at, word.size()), word)) return true;
  }
  return false;
}

// Bucket names have no underscore, so "/_" is free; "metrics" could be a bucket, but a scraper
// signs nothing.
bool is_admin(const Registry::Impl& registry, const Request& request) {
  if (!bucket_of_host(request.host()).empty()) return false;
  if (request.path().starts_with("/_")) return !registry.is_site(request);
  return request.path() == "/metrics" && request.method() == "GET" &&
         !request.has_header("authorization") && request.target() == "/metrics";
}

}  // namespace

void Connection::on_head(std::string_view head) {
  Exchange& exchange = *exchange_;
  Request& request = exchange.request;
  exchange.began_ns = thread_->core->env.monotonic().count();
  thread_->counters.requests.add(1);
  const auto parsed = parser_.parse(head, request, options().header_bytes_max);
  used_ += head.size();
  head_end_ = searched_ = used_;
  if (!parsed) {
    exchange.identify(thread_->ids);
    return refuse_and_close(parsed.error());
  }
  request.set_peer(peer_, socket_.is_tls());
  set_up_body();
  state_ = State::Gather;
  if (!request.query_string().empty()) request.read_query(exchange.arena());
  if (is_admin(thread_->core->registry, request)) return;  // Its body is gathered first.
  exchange.credential = read_credential(request);
  exchange.read_caller();
  if (!request.all_queries().empty()) take_headers_of_query(request, exchange.credential);
  const bool for_page = !request.origin.empty() || request.method() == "OPTIONS";
  if (for_page ? !route_for_page() : !route()) return;
  const Served* served = exchange.route.served;
  if (served == nullptr) return;  // The body tells.
  if (exchange.route.is_site) request.drop_query();
  if (!served->handler) return run(*served);
  if (served->operation->streams_in) return run(*served);
  set_up_decoder();
}

void Connection::answer_empty(int status) {
  state_ = State::Answering;
  handling_ = true;
  exchange_->answer_raw(status, "", "");
  exchange_->released = true;  // No handler has seen it.
  handling_ = false;
}

void Connection::answer_preflight() {
  answer_empty(204);
  append_preflight(options(), exchange_->request, exchange_->answer.headers);
}

// A request that a browser sent for a page of another origin, or its question ahead of one
// (OPTIONS): the service that it is for may judge it, else our own rule holds.
bool Connection::route_for_page() {
  Exchange& exchange = *exchange_;
  auto found = find_route(thread_->core->registry, exchange.request, exchange.credential, {},
                          exchange.arena(), exchange.route);
  // The question does not show the target itself. Who announces one is no client of S3, which
  // takes what nobody else claims.
  if (exchange.request.method() == "OPTIONS" && exchange.route.service != nullptr &&
      exchange.route.service->model().wire == Wire::RestXml &&
      contains_ignoring_case(exchange.request.header("Access-Control-Request-Headers"),
                             "x-amz-target"))
    exchange.route.service = nullptr;
  exchange.identify(thread_->ids);
  if (!judge_origin() || answered_by_front()) return false;
  if (found) return true;
  refuse(std::move(found).error());
  return false;
}

// False when the request has been answered.
bool Connection::judge_origin() {
  Exchange& exchange = *exchange_;
  const Request& request = exchange.request;
  const bool trusted = origin_allowed(options(), request.origin);
  OriginVerdict verdict;
  if (exchange.route.service != nullptr && exchange.route.service->origin_judge())
    verdict = exchange.route.service->origin_judge()(request, exchange.route.path, trusted);
  switch (verdict.kind) {
    case OriginVerdict::Kind::Refused:
      exchange.origin_decided = true;
      // A question that is none ends the connection (recordings of AWS S3, 2025).
      if (request.method() == "OPTIONS" && verdict.error.http_status == 400) close_after_ = true;
      refuse(std::move(verdict.error));
      return false;
    case OriginVerdict::Kind::Decided:
      exchange.origin_decided = true;
      for (const auto& [name, value] : verdict.headers) exchange.set_header(name, value);
      if (request.method() != "OPTIONS") return true;
      answer_empty(200);
      return false;
    case OriginVerdict::Kind::Usual:
      break;
  }
  if (!trusted) {
    refuse(refused(403, "AccessForbidden",
                   "CORSResponse: This CORS request is not allowed: the origin is not local "
                   "and was not named at start."));
    return false;
  }
  const bool preflight = request.method() == "OPTIONS" && !request.origin.empty() &&
                         request.has_header("Access-Control-Request-Method");
  if (preflight) answer_preflight();
  return !preflight;
}

// Finds service and operation; false when the request has been refused.
bool Connection::route() {
  Exchange& exchange = *exchange_;
  auto found =
      find_route(thread_->core->registry, exchange.request, exchange.credential,
                 contiguous_.empty() ? gathered_ : contiguous_, exchange.arena(), exchange.route);
  exchange.identify(thread_->ids);
  if (answered_by_front()) return false;
  if (found) return true;
  refuse(std::move(found).error());
  return false;
}

// What does not look like a request of DynamoDB's API never gets to it.
bool Connection::answered_by_front() {
  Exchange& exchange = *exchange_;
  if (exchange.route.service == nullptr || !is_dynamodb(exchange.route.service->model()))
    return false;
  auto front = dynamodb_front(exchange.request);
  if (!front) return false;
  state_ = State::Answering;
  handling_ = true;
  exchange.answer_raw(front->status, "", front->chunked ? "0\r\n\r\n" : std::move(front->body));
  if (front->chunked) add_header(exchange.answer.headers, "Transfer-Encoding", "chunked");
  exchange.released = true;  // No handler has seen it.
  handling_ = false;
  return true;
}

void Connection::on_body(std::string_view body) {
  Exchange& exchange = *exchange_;
  if (is_admin(thread_->core->registry, exchange.request)) return run_admin(body);
  if (exchange.route.needs_body) {
    if (!route()) return;
    if (exchange.route.served == nullptr)
      return refuse(refused(400, "MissingAction", "Could not find operation in the request."));
  }
  const Served& served = *exchange.route.served;
  if (!served.handler) return run(served);
  auto content = decoded(body);
  if (!content) return refuse(std::move(content).error());
  auto input = read_input(exchange.route.service->model(), *served.operation, exchange.request,
                          exchange.route.labels, *content, exchange.arena());
  if (!input) return refuse(std::move(input).error());
  exchange.set_input(*input);
  run(served);
}

// The body as the service's codec expects it, once it is known to be what the client signed.
Result<std::string_view> Connection::decoded(std::string_view body) {
  Exchange& exchange = *exchange_;
  const Request& request = exchange.request;
  const Model& model = exchange.route.service->model();
  CLOCHE_TRY_VOID(authenticate(body));
  if (!decoder_) CLOCHE_TRY_VOID(check_content_sha256(request, body));
  // The checksum headers of CompleteMultipartUpload are about the object, and S3 alone knows them.
  if (model.wire == Wire::RestXml && exchange.route.served->operation->checksum_required)
    CLOCHE_TRY_VOID(check_content_digests(request, body));
  const bool is_json = model.wire == Wire::Json || model.wire == Wire::RestJson;
  if (!is_json || !equal_ignoring_case(request.content_encoding, "gzip")) return body;
  CLOCHE_TRY(inflated, gunzip(body, options().body_bytes_max));
  return exchange.arena().copy(inflated);
}

Result<void> Connection::authenticate(std::string_view body) {
  Exchange& exchange = *exchange_;
  if (exchange.route.is_site) return {};  // Visitors are nobody.
  const Credential& credential = exchange.credential;
  // SDKs find endpoints by this name, and a client that signs with it is misconfigured. Other regions that
  // AWS lacks are let through: people invent them for their own machines.
  if (credential.region == "aws-global" && exchange.wire() == Wire::RestXml)
    return wrong_region(credential.region);
  const bool presigned = credential.kind == Credential::Kind::V4Presigned ||
                         credential.kind == Credential::Kind::V2Presigned;
  if (options().auth == AuthMode::Open && !presigned) return {};
  const Instant now = thread_->core->now();
  const Model& model = exchange.route.service->model();
  CLOCHE_TRY_VOID(model.wire == Wire::Json ? check_presigned_json(exchange.request, credential, now)
                                           : check_presigned(exchange.request, credential, now));
  if (options().auth == AuthMode::Open) return {};
  return check_signature(exchange.request, credential, model, body, now, options().secret);
}

void Connection::set_up_decoder() {
  const Exchange& exchange = *exchange_;
  if (!is_chunk_framing(exchange.request.content_sha256)) return;
  decoder_.emplace(options().auth == AuthMode::Verify
                       ? chunk_signer(exchange.request, exchange.credential, options().secret)
                       : std::nullopt);
}

void Connection::run(const Served& served) {
  Exchange& exchange = *exchange_;
  state_ = State::Answering;
  deadline_ = 0;
  handling_ = true;
  {
    const CallPtr call = exchange.share(shared_from_this());
    try {
      if (!served.handler) {
        call->fail(refused(501, "NotImplemented",
                           "Cloche does not implement " + served.full_name + " yet"));
      } else if (served.operation->streams_in) {
        set_up_decoder();
        exchange.body_source = this;
        auto allowed = authenticate({});
        auto input = allowed
                         ? read_input(exchange.route.service->model(), *served.operation,
                                      exchange.request, exchange.route.labels, {}, exchange.arena())
                         : Result<Value>(std::move(allowed).error());
        if (input) {
          exchange.set_input(*input);
          served.handler(call);
        } else {
          call->fail(std::move(input).error());
        }
      } else {
        served.handler(call);
      }
    } catch (const std::exception& exception) {
      call->fail(bug(exception.what()));
    } catch (...) {
      call->fail(bug("an exception of unknown type"));
    }
  }
  handling_ = false;
}

namespace {

void answer_admin(Exchange& exchange, const AdminPath& path, std::string_view body) {
  try {
    AdminAnswer answer = path.handler(exchange.request, body);
    exchange.answer_raw(answer.status, answer.content_type, std::move(answer.body));
  } catch (const std::exception& exception) {
    exchange.log_fault(bug(exception.what()));
    exchange.answer_raw(500, "application/json", R"({"error":"an internal error: see the log"})");
  }
}

}  // namespace

void Connection::run_admin(std::string_view body) {
  Exchange& exchange = *exchange_;
  const Request& request = exchange.request;
  state_ = State::Answering;
  handling_ = true;
  const auto& handlers = thread_->core->admin;
  auto found = handlers.find(request.path());
  // A handler for "/_aws/sqs/" serves everything below it.
  for (std::string_view path = request.path(); found == handlers.end() && path.size() > 1;) {
    path = path.substr(0, path.rfind('/', path.size() - 2) + 1);
    found = handlers.find(path);
  }
  if (!host_allowed(options(), request.host()) || !origin_allowed(options(), request.origin)) {
    exchange.answer_raw(403, "application/json",
                        R"({"error":"this host or origin may not use the admin API"})");
  } else if (found == handlers.end()) {
    exchange.answer_raw(404, "application/json", R"({"error":"no such path"})");
  } else {
    const AdminPath& admin = found->second;
    if (!admin.takes_long) {
      answer_admin(exchange, admin, body);
    } else {
      deadline_ = 0;
      const auto call = std::static_pointer_cast<Exchange>(exchange.share(shared_from_this()));
      const auto work = [call, &admin, body] { answer_admin(*call, admin, body); };
      if (!thread_->core->admin_work.run(work)) {
        call->answer_raw(503, "application/json",
                         R"({"error":"the system has no thread left: try again later"})");
      }
      handling_ = false;
      return;
    }
  }
  exchange.released = true;
  handling_ = false;
}

void Connection::refuse(Error error) {
  state_ = State::Answering;
  handling_ = true;
  exchange_->fail(std::move(error));
  exchange_->released = true;  // No handler has seen it.
  handling_ = false;
}

void Connection::refuse_and_close(Error error) {
  close_after_ = true;
  refuse(std::move(error));
}

void Connection::log_request() {
  const Exchange& exchange = *exchange_;
  const Served* served = exchange.route.served;
  if (exchange.failed) thread_->counters.errors.add(1);
  const std::int64_t spent_us = (thread_->core->env.monotonic().count() - exchange.began_ns) / 1000;
  if (served != nullptr) {
    OperationCounters& counters = thread_->counters.operations[served->number];
    counters.count.add(1);
    counters.microseconds.add(static_cast<std::uint64_t>(spent_us));
    if (exchange.failed) counters.errors.add(1);
  }
  const auto finished = [&]() -> Finished {
    return {.http = exchange.request,
            .caller = exchange.caller(),
            .operation = served != nullptr ? std::string_view(served->operation->name) : "",
            .path = exchange.route.path,
            .request_id = exchange.request_id(),
            .host_id = exchange.host_id(),
            .error_code = exchange.error_code,
            .status = exchange.status(),
            .site = exchange.route.is_site,
            .bytes_sent = exchange.has_body() ? exchange.body_size() : 0,
            .took = std::chrono::microseconds(spent_us)};
  };
  if (const ServiceEntry* service = exchange.route.service;
      service != nullptr && service->observer())
    service->observer()(finished());
  if (exchange.failed && options().failures)
    options().failures(finished(), exchange.what_was_asked(), exchange.input());
  if (!options().request_log || is_admin(thread_->core->registry, exchange.request)) return;
  char ms[32];
  std::snprintf(ms, sizeof ms, " %.2fms ", static_cast<double>(spent_us) / 1000);
  std::string line = iso8601_milliseconds(thread_->core->now()) + ' ' + exchange.caller().account +
                     ' ' + exchange.caller().region + ' ';
  line += exchange.what_was_asked();
  line += ' ' + std::to_string(exchange.status());
  if (!exchange.error_code.empty()) line += " (" + exchange.error_code + ')';
  line += ms + std::to_string(exchange.body_size());
  options().request_log(line);
}

}  // namespace cloche::protocol
