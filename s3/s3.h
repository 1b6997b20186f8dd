// S3 over the engine: buckets, objects with versions, multipart uploads, listings. All state is
// rows (tables.h, records.h) and blobs.
//
// Every operation is a plan (refusals that need no data), a decision on the present state and its
// application, in one transaction. Bodies are ingested before the transaction, so that a slow
// client never holds the writer. Copies and multipart completions move no bytes: an object's body
// is a list of extents over blobs that are counted, not copied.
//
// Differs from AWS: every caller may do everything (accounts are told apart, but not judged); a
// bucket answers in every region.
#pragma once

#include <memory>

#include "base/worker.h"
#include "engine/engine.h"
#include "protocol/protocol.h"
#include "s3/tables.h"

namespace cloche::s3 {

class AccessLog;

// Safe to use from any thread.
class S3 {
 public:
  explicit S3(engine::Store& store);
  ~S3();  // Delivers the access logs that it still has.

  engine::Store& store() { return store_; }
  // The events of a bucket that nobody has taken yet, as a JSON list of {"to", "message"}: for
  // people who want to see what their bucket tells. Refuses with NoSuchBucket.
  Result<std::string> undelivered_events(std::string_view bucket);
  // For work too long for an io thread: hashing the bytes of a large multipart object that is
  // copied.
  Worker& worker() { return worker_; }
  AccessLog& access_log() { return *access_log_; }
  std::shared_ptr<AccessLog> share_access_log() { return access_log_; }

 private:
  engine::Store& store_;
  Worker worker_;
  std::shared_ptr<AccessLog> access_log_;  // Shared with work that may outlive us.
};

// Adds the operations to the registry and S3's kinds of work to the store. Call once, before the
// server and the scheduler start.
void register_s3(protocol::Registry& registry, S3& s3);

}  // namespace cloche::s3
