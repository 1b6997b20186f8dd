#include "cli/log_filter.h"

#include <algorithm>

#include "base/time_text.h"
#include "cli/admin_answer.h"

namespace cloche::cli {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

std::optional<Instant> time_of(std::string_view point, const LogSource& source) {
  if (const auto ago = engine::parse_duration(point)) return source.now() - *ago;
  return parse_iso8601(point);
}

}  // namespace

Result<LogFilter> LogFilter::parse(const protocol::HttpRequest& request, const LogSource& source) {
  const auto text = [&](std::string_view name) {
    return std::string(request.query(name).value_or(""));
  };
  LogFilter filter;
  if (const std::string service = text("service"); !service.empty())
    filter.service_ = service + ".";
  filter.operation_ = text("operation");
  filter.resource_ = text("resource");
  filter.status_ = text("status");
  filter.all_ = text("all") == "true";
  const std::string failed = text("failed");
  if (failed == "only" || !filter.status_.empty()) {
    filter.failed_ = Failed::Only;
  } else if (failed == "also") {
    filter.failed_ = Failed::Also;
  } else if (!failed.empty()) {
    return invalid_request("failed: only, or also");
  }
  const bool needs_log = filter.wants_events();
  if (const std::string since = text("since"); !since.empty()) {
    CLOCHE_TRY(const found, bound(since, true, needs_log, source));
    filter.since_ = found;
  }
  for (const std::string_view name : {"from", "until"}) {
    const std::string until = text(name);
    if (until.empty()) continue;
    CLOCHE_TRY(const found, bound(until, false, needs_log, source));
    filter.until_ = found;
  }
  return filter;
}

// Failed requests are there without a log too, and then a time is all that can be asked for.
Result<LogFilter::Bound> LogFilter::bound(std::string_view point, bool is_since, bool needs_log,
                                          const LogSource& source) {
  Bound made{.lsn = Lsn(0), .time = time_of(point, source)};
  if (made.time && !needs_log) return made;
  const auto found = source.history.find(point);
  if (found) {
    made.lsn = *found;
    return made;
  }
  // All that is kept is later than that.
  if (is_since && found.error().code == "PointBeforeHistory") return made;
  return found.error();
}

bool LogFilter::takes_operation(std::string_view operation) const {
  if (!operation.starts_with(service_)) return false;
  if (operation_.empty() || same_word(operation, operation_)) return true;
  const std::size_t dot = operation.find('.');
  return dot != std::string_view::npos && same_word(operation.substr(dot + 1), operation_);
}

bool LogFilter::takes(const engine::Event& event) const {
  if (service_.empty() && resource_.empty() && operation_.empty())
    return all_ || !event.requests.empty();
  return std::ranges::any_of(event.requests, [this](const std::string& request) {
    const std::size_t blank = std::min(request.find(' '), request.size());
    return takes_operation(std::string_view(request).substr(0, blank)) &&
           request.find(resource_, blank) != std::string::npos;
  });
}

// "404", "4xx", or a code.
bool LogFilter::takes_status(const FailedRequest& request) const {
  if (status_.empty() || same_word(status_, request.code)) return true;
  const std::string status = std::to_string(request.status);
  return status_ == status || (status_.size() == 3 && status_[0] == status[0] &&
                               same_word(std::string_view(status_).substr(1), "xx"));
}

bool LogFilter::takes(const FailedRequest& request) const {
  if (since_ && (since_->time ? request.time < *since_->time : request.lsn <= since_->lsn))
    return false;
  if (until_ && (until_->time ? request.time > *until_->time : request.lsn > until_->lsn))
    return false;
  return takes_operation(request.operation) && takes_status(request) &&
         request.resource.find(resource_) != std::string::npos;
}

}  // namespace cloche::cli
