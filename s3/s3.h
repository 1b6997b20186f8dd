// S3 over the engine: buckets, objects with versions, multipart uploads, listings. All state is
// rows (tables.h, records.h) and blobs.
//
// Every operation is a plan (refusals that need no data), a decision on the present state and its
// application, in one transaction. Bodies are ingested before the transaction, so that a slow
// client never holds the writer. Copies and multipart completions move no bytes: an object's body
// is a list of extents over blobs that are counted, not copied.
//
// Who may do what is judged by access.h under --iam=enforce; without it every caller may do
// everything, and accounts are only told apart.
//
// Differs from AWS: a bucket answers in every region.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/worker.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/tables.h"
#include "services/iam/guard.h"

namespace cloche::s3 {

class AccessLog;

struct S3Options {
  // New buckets have ACLs and no public access block, as AWS made them until April 2023: older
  // programs are written for such buckets.
  bool open_new_buckets = false;
};

// Safe to use from any thread.
class S3 {
 public:
  // `guard` must outlive it.
  S3(engine::Store& store, const iam::Guard& guard, S3Options options = {});
  ~S3();  // Delivers the access logs that it still has.

  engine::Store& store() { return store_; }
  const iam::Guard& guard() const { return guard_; }
  const S3Options& options() const { return options_; }
  // The events of a bucket that nobody has taken yet, as a JSON list of {"to", "message"}: for
  // people who want to see what their bucket tells. Refuses with NoSuchBucket.
  Result<std::string> undelivered_events(std::string_view bucket);
  // The secret of a key that CreateSession gave out; nothing if it gave out no such key. Whether the session
  // still lasts its token tells (sessions.h).
  std::optional<std::string> session_secret(std::string_view access_key) const;
  // For work too long for an io thread: hashing the bytes of a large multipart object that is
  // copied.
  Worker& worker() { return worker_; }
  AccessLog& access_log() { return *access_log_; }
  std::shared_ptr<AccessLog> share_access_log() { return access_log_; }

 private:
  engine::Store& store_;
  const iam::Guard& guard_;
  const S3Options options_;
  Worker worker_;
  std::shared_ptr<AccessLog> access_log_;  // Shared with work that may outlive us.
};

// Adds the operations to the registry and S3's kinds of work to the store. Call once, before the
// server and the scheduler start.
void register_s3(protocol::Registry& registry, S3& s3);

}  // namespace cloche::s3
