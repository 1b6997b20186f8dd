// Server access logs: a line for each request to a bucket that asks for it, written as objects into
// the bucket that it names.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html, LogFormat.html.
//
// As on AWS delivery is an effort, not a promise: lines are gathered in memory and written at
// kLogDelay of engine time after the first, when there are kLogBytesMax of a bucket, and at
// shutdown. What a killed process had gathered is lost.
#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "base/worker.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/records.h"

namespace cloche::s3 {

inline constexpr std::chrono::seconds kLogDelay{60};
// Ours: of one bucket's lines, so that a log object stays small and memory bounded.
inline constexpr std::size_t kLogBytesMax = std::size_t{1} << 20;

inline constexpr std::string_view kLogWork = "s3.deliver_logs";

// One line, with its end.
std::string access_line(const BucketRecord& bucket, const protocol::Finished& finished, Instant at,
                        std::string_view key);

// The key of a log object: TargetPrefix and the time (simple), or partitioned by source and date.
std::string log_key(const Value& configuration, const BucketRecord& source, Instant first,
                    Instant now, std::string_view unique);

// Safe to use from any thread.
class AccessLog {
 public:
  // Looks through the buckets for those that ask for logs already.
  explicit AccessLog(engine::Store& store);

  // Until a bucket has asked for logs a request pays one look at a flag.
  void expect() { expected_.store(true, std::memory_order_relaxed); }
  bool expected() const { return expected_.load(std::memory_order_relaxed); }

  void observe(const protocol::Finished& finished);
  // Writes all that was gathered, and waits for it. Not on an io thread.
  void deliver();
  // The same, soon, on a thread of its own.
  void begin_delivery();

 private:
  struct Lines {
    std::string text;
    Instant first{};
  };

  void deliver_bucket(const std::string& source, Lines lines);
  void deliver_later();

  engine::Store& store_;
  std::atomic<bool> expected_{false};
  // Engine time, in microseconds, at which delivery was queued last.
  static constexpr std::int64_t kNever = 0;
  std::atomic<std::int64_t> queued_{kNever};
  Mutex mutex_;
  std::map<std::string, Lines> lines_ CLOCHE_GUARDED_BY(mutex_);  // By the name of the source.
  Worker worker_;  // Last: its jobs use all of the others.
};

}  // namespace cloche::s3
