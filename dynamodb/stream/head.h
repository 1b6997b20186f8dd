// The head of a stream: where its next record goes. Inside stream/ only.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/engine.h"

namespace cloche::dynamodb {

// A row of dynamodb_stream_heads: small, as every change to an item of the table writes it.
struct StreamHead {
  std::int64_t next = 1;   // Sequence of the next record.
  std::int64_t shard = 0;  // Number of the open shard; 0: none yet.
  Instant opened{};        // When that shard was opened.
  bool trimming = false;   // Whether work is queued that will remove old records.

  static Result<StreamHead> get(const engine::ReadView& view, std::int64_t stream);
  Result<void> put(engine::WriteTxn& txn, std::int64_t stream) const;
};

// Closes the open shard, if any, and opens its child. The head is stored by the caller.
Result<void> next_shard(engine::WriteTxn& txn, std::int64_t stream, StreamHead& head);

// Kinds of work; payloads are a stream's number, and the key of its row.
inline constexpr std::string_view kTrimStream = "dynamodb.trim_stream";
inline constexpr std::string_view kForgetStream = "dynamodb.forget_stream";

}  // namespace cloche::dynamodb
