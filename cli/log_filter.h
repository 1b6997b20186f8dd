// What of the timeline somebody wants to see (admin_timeline.h), of records and of failed requests alike.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/failed_requests.h"
#include "engine/history.h"
#include "protocol/protocol.h"

namespace cloche::cli {

// The present, for points that are told by how long ago they were.
struct LogSource {
  const engine::History& history;
  std::function<Instant()> now;
};

class LogFilter {
 public:
  static Result<LogFilter> parse(const protocol::HttpRequest& request, const LogSource& source);

  bool wants_events() const { return failed_ != Failed::Only; }
  bool wants_failures() const { return failed_ != Failed::None; }

  // Of events: the newest that is wanted, Lsn(0) if there is no bound; and those up to `after()` are not wanted.
  Lsn from() const { return until_ ? until_->lsn : Lsn(0); }
  Lsn after() const { return since_ ? since_->lsn : Lsn(0); }
  bool nothing() const { return until_ && until_->lsn == Lsn(0); }  // All events are too late.
  bool takes(const engine::Event& event) const;
  bool takes(const FailedRequest& request) const;

 private:
  enum class Failed : std::uint8_t { None, Also, Only };
  // A record, which is a state too; and the time, if that is what was asked for.
  struct Bound {
    Lsn lsn{0};
    std::optional<Instant> time;
  };
  static Result<Bound> bound(std::string_view point, bool is_since, bool needs_log,
                             const LogSource& source);
  bool takes_operation(std::string_view operation) const;
  bool takes_status(const FailedRequest& request) const;

  std::string service_;  // "s3."
  std::string operation_, resource_, status_;
  std::optional<Bound> since_, until_;
  Failed failed_ = Failed::None;
  bool all_ = false;
};

}  // namespace cloche::cli
