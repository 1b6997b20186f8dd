#include "protocol/http/exchange.h"

#include <charconv>

#include "base/digest.h"
#include "base/time_text.h"
#include "protocol/http/dynamodb_front.h"
#include "protocol/http/gzip.h"
#include "protocol/route/account.h"

namespace cloche::protocol {
namespace {

// Below it the work is not worth the bytes; where the service begins is not known.
constexpr std::size_t kCompressedFrom = 1024;

void append_number(std::string& out, std::uint64_t number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

// Formatting a date costs more than the rest of the head; all answers of a second share one.
const std::string& date_line(Instant now) {
  thread_local std::int64_t second = -1;
  thread_local std::string line;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (seconds != second) {
    second = seconds;
    line = "Date: " + http_date(now) + "\r\n";
  }
  return line;
}

bool has_line(std::string_view headers, std::string_view name) {
  for (std::size_t at = 0; at < headers.size();) {
    const std::size_t end = headers.find("\r\n", at);
    if (headers.size() - at > name.size() && headers[at + name.size()] == ':' &&
        equal_ignoring_case(headers.substr(at, name.size()), name))
      return true;
    at = end + 2;
  }
  return false;
}

std::string_view name_of(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::Refused:
      return "refused";
    case Error::Kind::Unavailable:
      return "unavailable";
    case Error::Kind::Damaged:
      return "damaged";
    case Error::Kind::Bug:
      return "bug";
  }
  return "";
}

}  // namespace

std::string_view reason_of(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Request Entity Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Requested Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

CallPtr Exchange::share(std::shared_ptr<ExchangeHost> host) {
  // The host is let go as the deleter runs: the deleter itself lives on as long as the exchange's
  // own weak pointer does.
  return std::shared_ptr<Exchange>(this, [held = std::move(host)](Exchange* exchange) mutable {
    const std::shared_ptr<ExchangeHost> last = std::move(held);
    last->on_released(*exchange);
  });
}

void Exchange::reset() {
  request.clear();
  credential = {};
  route.service = nullptr;
  route.served = nullptr;
  route.labels.clear();
  route.path = {};
  route.is_site = false;
  route.needs_body = false;
  route.unserved.clear();
  body_source = nullptr;
  answer.clear();
  segments.clear();
  maker.reset();
  streams = failed = origin_decided = detached = released = false;
  joined_size.reset();
  error_code.clear();
  kept_buffers.clear();
  kept_body.clear();
  arena_.clear();
  caller_ = {};
  input_ = {};
  request_id_.clear();
  host_id_.clear();
  status_ = 0;
  headers_.clear();
  answered_.store(false, std::memory_order_relaxed);
}

void Exchange::identify(IdMaker& ids) {
  const Wire wire = this->wire();
  if (wire == Wire::RestXml) {
    request_id_ = ids.alphanumeric(16);
    host_id_ = ids.host_id();
  } else if (wire == Wire::Json) {
    request_id_ = ids.alphanumeric(52);
  } else {
    request_id_ = ids.uuid();
  }
}

Wire Exchange::wire() const {
  return route.service != nullptr ? route.service->model().wire : wire_by_look(request, credential);
}

void Exchange::read_caller() {
  if (!credential.access_key.empty()) caller_ = caller_of(credential);
}

Caller Exchange::caller_of(const Credential& signer) const {
  Caller caller;
  caller.anonymous = false;
  caller.access_key = signer.access_key;
  caller.account = account_of_access_key(signer.access_key, core_.options.parity_access_keys);
  if (!signer.region.empty() &&
      (core_.options.allow_nonstandard_regions || is_known_region(signer.region))) {
    caller.region = signer.region;
  }
  if (core_.options.identify) core_.options.identify(caller);
  return caller;
}

std::string Exchange::base_url() const {
  std::string out = request.https() ? "https://" : "http://";
  if (!core_.options.advertised_host.empty()) return out += core_.options.advertised_host;
  out += request.host_and_port().empty() ? std::string_view("localhost:4566")
                                         : request.host_and_port();
  return out;
}

void Exchange::set_header(std::string_view name, std::string_view value) {
  for (auto& [set_name, set_value] : headers_) {
    if (equal_ignoring_case(set_name, name)) {
      set_value = value;
      return;
    }
  }
  headers_.emplace_back(name, value);
}

bool Exchange::claim() { return !answered_.exchange(true, std::memory_order_acq_rel); }

void Exchange::hand_over() {
  if (answer.body.size() >= kCompressedFrom && route.service != nullptr &&
      is_dynamodb(route.service->model()))
    compress();
  host_.on_answered(*this);
}

// DynamoDB compresses long answers for those who take them so; its CRC is of what is sent then.
// Source: aws-sdk-go-v2's customization "AcceptEncodingGzip", which checks the CRC before it
// inflates.
void Exchange::compress() {
  if (request.header("Accept-Encoding").find("gzip") == std::string_view::npos) return;
  answer.body = gzip(answer.body);
  add_header(answer.headers, "Content-Encoding", "gzip");
}

void Exchange::reply(const Value& output) {
  if (!claim()) return;
  write_output(route.service->model(), *route.served->operation, output, identity(), answer);
  hand_over();
}

void Exchange::reply(const Value& output, std::vector<BodySegment> body) {
  if (!claim()) return;
  write_output(route.service->model(), *route.served->operation, output, identity(), answer);
  segments = std::move(body);
  for (BodySegment& segment : segments) {
    if (!segment.file) segment.size = segment.bytes.size();
  }
  answer.body.clear();
  if (answer.content_type == "application/xml") answer.content_type = {};
  streams = true;
  hand_over();
}

void Exchange::reply(const Value& output, std::unique_ptr<BodyMaker> body) {
  if (!claim()) return;
  write_output(route.service->model(), *route.served->operation, output, identity(), answer);
  maker = std::move(body);
  joined_size = 0;
  answer.body.clear();
  if (answer.content_type == "application/xml") answer.content_type = {};
  streams = true;
  hand_over();
}

void Exchange::fail(Error error) {
  log_fault(error);  // Also one that comes too late to be answered with.
  if (!claim()) return;
  const Operation* operation = route.served == nullptr ? nullptr : route.served->operation;
  const Error told = public_error(error, wire(), operation);
  failed = true;
  error_code = told.code;
  if (route.service != nullptr) {
    write_error(route.service->model(), operation, told, identity(), answer);
  } else {
    write_error(wire(), request.content_type, told, identity(), answer);
  }
  hand_over();
}

std::string Exchange::what_was_asked() const {
  if (route.served != nullptr) return route.served->full_name;
  if (!route.unserved.empty()) return route.unserved;
  return std::string(request.method()) + ' ' + std::string(request.path());
}

void Exchange::log_fault(const Error& error) const {
  if (error.kind == Error::Kind::Refused || !core_.options.fault_log) return;
  std::string line = iso8601_milliseconds(core_.now()) + " fault ";
  line += (request_id_.empty() ? "-" : request_id_) + ' ' + what_was_asked() + ' ';
  line += name_of(error.kind);
  line += ": ";
  for (const char c : error.message) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  core_.options.fault_log(line);
}

void Exchange::answer_raw(int status, std::string_view content_type, std::string body) {
  if (!claim()) return;
  answer.clear();
  answer.status = status;
  answer.body = std::move(body);
  if (!content_type.empty()) add_header(answer.headers, "Content-Type", content_type);
  hand_over();
}

bool Exchange::in_chunks() const {
  if (maker) return request.http_1_1;
  if (streams || !request.http_1_1 || answer.content_type != "application/xml") return false;
  if (wire() != Wire::RestXml || !has_body()) return false;
  return !answer.body.empty() && (failed || request.method() != "PUT");
}

std::uint64_t Exchange::body_size() const {
  if (joined_size) return *joined_size;
  if (!streams) return answer.body.size();
  std::uint64_t size = 0;
  for (const BodySegment& segment : segments) size += segment.size;
  return size;
}

bool Exchange::has_body() const {
  const int status = this->status();
  return request.method() != "HEAD" && status != 204 && status != 304;
}

void Exchange::append_head(std::string& out, Instant now, bool close) const {
  const int status = this->status();
  const Model* model = route.service == nullptr ? nullptr : &route.service->model();
  const bool is_s3_like = wire() == Wire::RestXml;
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out += ' ';
  out += reason_of(status);
  out += "\r\n";
  if (!request_id_.empty()) {
    out += is_s3_like ? "x-amz-request-id: " : "x-amzn-RequestId: ";
    out += request_id_;
    out += "\r\n";
  }
  if (!host_id_.empty()) {
    out += "x-amz-id-2: ";
    out += host_id_;
    out += "\r\n";
  }
  out += date_line(now);
  if (headers_.empty()) {
    out += answer.headers;
  } else {
    for (std::size_t at = 0; at < answer.headers.size();) {
      const std::size_t end = answer.headers.find("\r\n", at) + 2;
      const std::string_view line = std::string_view(answer.headers).substr(at, end - at);
      at = end;
      bool replaced = false;
      for (const auto& [name, value] : headers_) replaced = replaced || has_line(line, name);
      if (!replaced) out += line;
    }
    for (const auto& [name, value] : headers_) add_header(out, name, value);
  }
  const bool dynamodb = model != nullptr && is_dynamodb(*model);
  const bool framed = dynamodb && has_line(answer.headers, "Transfer-Encoding");
  bool typed = answer.content_type.empty();
  for (const auto& [name, value] : headers_)
    typed = typed || equal_ignoring_case(name, "Content-Type");
  if (!typed && (!answer.body.empty() || model == nullptr || model->wire != Wire::RestXml) &&
      status != 204 && status != 304) {
    out += "Content-Type: ";
    out += dynamodb ? dynamodb_content_type(request.content_type) : answer.content_type;
    out += "\r\n";
  }
  if (dynamodb) {
    out += "x-amz-crc32: ";
    append_number(out, crc32(as_bytes(answer.body)));
    out += "\r\n";
  }
  const bool head = request.method() == "HEAD";
  if (in_chunks()) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (status != 204 && status != 304 && !framed && !maker) {
    if (!head || answer.content_length || streams) {
      out += "Content-Length: ";
      append_number(out, head && answer.content_length ? *answer.content_length : body_size());
      out += "\r\n";
    }
  }
  out += is_s3_like ? "Server: AmazonS3\r\n" : "Server: Server\r\n";
  if (close) {
    out += "Connection: close\r\n";
  } else if (model != nullptr && model->wire == Wire::Json) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace cloche::protocol
