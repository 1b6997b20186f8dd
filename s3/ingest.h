// Takes a request's body into a blob and holds it against every digest that the client gave.
#pragma once

#include <functional>
#include <memory>

#include "s3/checksums.h"
#include "s3/handlers.h"
#include "s3/stored_body.h"

namespace cloche::s3 {

struct Ingested {
  StoredBody body;
  Checksum checksum;  // What was asked for, else CRC64NVME.
};

// Reads the body of `call` and hands on what came in, or the reason why it can't be taken:
// BadDigest, InvalidRequest, XAmzContentSHA256Mismatch, EntityTooLarge, or what the transport said.
// `also` asks for one more checksum of the same pass. With a `key` the body is stored under it. `then`
// is called once, on the connection's thread.
void ingest(S3& s3, const CallPtr& call, const AskedChecksum& asked, std::optional<Algorithm> also,
            const CustomerKey* key, std::function<void(Result<std::shared_ptr<Ingested>>)> then);

// What can be refused about a body before a byte of it is read: its length and Content-MD5.
Result<void> plan_body(const protocol::Call& call, std::uint64_t bytes_max);

}  // namespace cloche::s3
