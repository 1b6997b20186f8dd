// Visits to websites of buckets: pages, redirects, and errors as HTML.
#include "s3/errors.h"
#include "s3/handlers.h"
#include "s3/names.h"
#include "s3/settings.h"
#include "s3/versions.h"
#include "s3/website.h"

namespace cloche::s3 {
namespace {

using protocol::BodySegment;
using protocol::Call;

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void append_item(std::string& html, std::string_view name, std::string_view value) {
  html += "<li>" + html_escaped(name) + ": " + html_escaped(value) + "</li>\n";
}

void append_error(std::string& html, const Error& error) {
  append_item(html, "Code", error.code);
  append_item(html, "Message", error.message);
  for (const auto& [name, value] : error.details) append_item(html, name, value);
}

std::string_view title_of(int status) {
  switch (status) {
    case 302:
      return "302 Found";
    case 400:
      return "400 Bad Request";
    case 403:
      return "403 Forbidden";
    case 404:
      return "404 Not Found";
    case 405:
      return "405 Method Not Allowed";
    case 412:
      return "412 Precondition Failed";
    case 416:
      return "416 Requested Range Not Satisfiable";
    case 501:
      return "501 Not Implemented";
    case 503:
      return "503 Service Unavailable";
    default:
      return "500 Internal Server Error";
  }
}

// `custom`: why the error document could not be had.
std::string html_of(const Call& call, const Error& error, const Error* custom) {
  const std::string title(title_of(error.http_status));
  std::string html =
      "<html>\n<head><title>" + title + "</title></head>\n<body>\n<h1>" + title + "</h1>\n<ul>\n";
  append_error(html, error);
  append_item(html, "RequestId", call.request_id());
  append_item(html, "HostId", call.host_id());
  html += "</ul>\n";
  if (custom != nullptr) {
    html +=
        "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n";
    append_error(html, *custom);
    html += "</ul>\n";
  }
  return html + "<hr/>\n</body>\n</html>\n";
}

void send_html(const CallPtr& call, const Error& error, const Error* custom = nullptr) {
  std::vector<BodySegment> body(1);
  body[0].bytes = html_of(*call, error, custom);
  call->set_status(error.http_status);
  call->set_header("Content-Type", "text/html; charset=utf-8");
  call->set_header("x-amz-error-code", error.code);
  call->set_header("x-amz-error-message", error.message);
  for (const auto& [name, value] : error.details)
    call->set_header("x-amz-error-detail-" + name, value);
  call->reply(Value::map(), std::move(body));
}

void send_redirect(const CallPtr& call, const Redirect& redirect) {
  call->set_status(redirect.status);
  call->set_header("Location", redirect.location);
  call->reply(Value::map(), std::vector<protocol::BodySegment>());
}

// A GetObject that the API would answer, and whose answer is the visitor's: refusals come back, and
// an object that redirects does.
class PageCall final : public Call {
 public:
  using Failed = std::function<void(Error)>;
  PageCall(CallPtr visit, Value input, int status, Failed failed)
      : visit_(std::move(visit)), input_(input), status_(status), failed_(std::move(failed)) {
    caller_.account = visit_->caller().account;
    caller_.region = visit_->caller().region;
  }

  const protocol::Caller& caller() const override { return caller_; }  // Anonymous.
  std::string_view service() const override { return visit_->service(); }
  std::string_view operation() const override { return visit_->operation(); }
  std::string_view request_id() const override { return visit_->request_id(); }
  std::string_view host_id() const override { return visit_->host_id(); }
  const protocol::HttpRequest& http() const override { return visit_->http(); }
  std::string base_url() const override { return visit_->base_url(); }
  const Value& input() const override { return input_; }
  Arena& arena() override { return visit_->arena(); }
  protocol::BodySource* body() override { return nullptr; }

  void reply(const Value& output) override { reply(output, {}); }
  void reply(const Value& output, std::vector<BodySegment> body) override {
    if (const Value& location = output["WebsiteRedirectLocation"])
      return send_redirect(visit_, {.status = 301, .location = location.str()});
    hand_on();
    if (status_ != 0) visit_->set_status(status_);
    visit_->reply(output, std::move(body));
  }
  void fail(Error error) override {
    if (error.http_status != 304) return failed_(std::move(error));
    hand_on();
    visit_->fail(std::move(error));
  }
  // Kept until it is known that this is the answer.
  void set_status(int status) override { status_ = status_ == 0 ? status : status_; }
  void set_header(std::string_view name, std::string_view value) override {
    headers_.emplace_back(name, value);
  }

 private:
  void hand_on() {
    for (const auto& [name, value] : headers_) visit_->set_header(name, value);
  }

  CallPtr visit_;
  protocol::Caller caller_;
  Value input_;
  int status_;
  Failed failed_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

// One visit, kept until it is answered.
class Visitor : public std::enable_shared_from_this<Visitor> {
 public:
  Visitor(S3& s3, const protocol::Handler& read, CallPtr call)
      : s3_(s3), read_(read), call_(std::move(call)) {
    const protocol::HttpRequest& http = call_->http();
    visit_.host = http.header("Host");
    visit_.https = http.https();
    visit_.path = http.target().substr(0, http.target().find('?'));
    visit_.key = url_decoded(visit_.path.substr(visit_.path.starts_with('/') ? 1 : 0));
    name_ = website_bucket(http.host());
  }

  void serve() {
    if (auto found = find_website(); !found) return send_html(call_, found.error());
    const std::string_view method = call_->http().method();
    if (method != "GET" && method != "HEAD")
      return send_html(call_, method_not_allowed_on(method, "OBJECT"));
    if (const auto redirect = redirect_all(configuration_, visit_))
      return send_redirect(call_, *redirect);
    if (const auto redirect = routed(configuration_, visit_, std::nullopt))
      return send_redirect(call_, *redirect);
    const bool directory = visit_.key.empty() || visit_.key.ends_with('/');
    std::string key = visit_.key;
    if (directory) key += configuration_["IndexDocument"]["Suffix"].text();
    Value input = page(key);
    for (const Member& member : call_->input().members())
      input.add(call_->arena(), member.name, member.value);
    read(input, 0, [self = shared_from_this(), directory](Error error) {
      self->page_failed(std::move(error), directory);
    });
  }

 private:
  Result<void> find_website() {
    const auto view = s3_.store().view();
    CLOCHE_TRY(const bucket, find_bucket_named(*view, name_));
    if (!bucket) return no_such_bucket(name_);
    CLOCHE_TRY(const configuration, read_setting(*view, *bucket, Setting::Website, call_->arena()));
    if (!configuration) return no_such_website(name_);
    bucket_ = *bucket;
    configuration_ = configuration;
    return {};
  }

  Value page(std::string_view key) {
    Arena& arena = call_->arena();
    Value input = Value::map();
    input.add(arena, "Bucket", Value::string(arena, name_));
    input.add(arena, "Key", Value::string(arena, key));
    return input;
  }

  void read(Value input, int status, PageCall::Failed failed) {
    read_(std::make_shared<PageCall>(call_, input, status, std::move(failed)));
  }

  bool has_index_below() {
    std::string index = visit_.key + '/';
    index += configuration_["IndexDocument"]["Suffix"].text();
    const auto view = s3_.store().view();
    const auto found = find_newest(*view, bucket_, index);
    return found && *found && !(*found)->delete_marker;
  }

  void page_failed(Error error, bool directory) {
    const int status = error.http_status;
    const bool missing = status == 404 || status == 403;
    if (missing && !directory && has_index_below()) {
      call_->set_header("Location", '/' + std::string(visit_.path.substr(1)) + '/');
      return send_html(call_, refused(302, "Found", "Resource Found"));
    }
    if (const auto redirect = routed(configuration_, visit_, status))
      return send_redirect(call_, *redirect);
    const Value& document = configuration_["ErrorDocument"]["Key"];
    if (!document || status >= 500) return send_html(call_, error);
    read(page(document.text()), status,
         [call = call_, error](const Error& custom) { send_html(call, error, &custom); });
  }

  S3& s3_;
  const protocol::Handler& read_;  // Lives as long as the service.
  CallPtr call_;
  Visit visit_;
  std::string_view name_;
  BucketRecord bucket_;
  Value configuration_;
};

}  // namespace

protocol::Handler website_visitor(S3& s3, protocol::Handler read) {
  return [&s3, read = std::move(read)](const CallPtr& call) {
    std::make_shared<Visitor>(s3, read, call)->serve();
  };
}

}  // namespace cloche::s3
