// The log's record of one commit group: what it did, and how to undo it. The bytes are drawn in
// docs/formats/wal.md.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/strong.h"
#include "engine/blob.h"
#include "engine/store/overlay.h"

namespace cloche::engine {

inline constexpr std::uint8_t kRecordVersion = 1;

// One row before and after the group.
struct RowChange {
  std::string_view row;  // row.h
  std::optional<std::string_view> before;
  std::optional<std::string_view> after;
};

// A record taken apart. Views are of the record's bytes.
struct Record {
  Lsn lsn;
  Instant time{};
  std::uint32_t schema_version = 0;
  std::vector<std::string_view> requests;
  std::vector<RowChange> changes;  // In the order of their rows.
  std::vector<BlobRef> blobs;      // Files that the group added.
};

// Builds the record of a group; reused, so that it keeps its memory.
class RecordWriter {
 public:
  void begin(Lsn lsn, Instant time, std::uint32_t schema_version);
  void request(std::string_view summary);
  // Ends the requests: the changes of the overlay follow, those without effect left out. Answers
  // how many they were.
  std::size_t changes(const Overlay& overlay);
  void changes(std::span<const RowChange> rows);  // The same of any rows, in their order.
  void blobs(std::span<const BlobRef> added);
  std::span<const std::byte> bytes() const;

 private:
  std::string bytes_;
  std::string requests_;
  std::size_t request_count_ = 0;
};

// Error::Kind::Damaged if the bytes are no record.
Result<Record> read_record(std::span<const std::byte> bytes);

// True if the group leaves the row as it was.
bool is_unchanged(const Overlay::Entry& entry);

}  // namespace cloche::engine
