#include "engine/store/record.h"

#include <cstring>

#include "engine/store/row.h"
#include "engine/store/varint.h"

namespace cloche::engine {
namespace {

// How a change's sides are: bits of its first byte.
constexpr unsigned char kHasBefore = 1;
constexpr unsigned char kHasAfter = 2;

// Signed numbers near zero stay short.
std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

void append_change(std::string& into, const RowChange& change) {
  into.push_back(
      static_cast<char>((change.before ? kHasBefore : 0) | (change.after ? kHasAfter : 0)));
  append_sized(into, change.row);
  if (change.before) append_sized(into, *change.before);
  if (change.after) append_sized(into, *change.after);
}

// The record of a rewind may have 100 MB: to grow by doubling would copy them twice.
constexpr std::size_t kManyRows = 10'000;
constexpr std::size_t kRowOverhead = 32;  // Flags and lengths, generously.

std::size_t size_of(const Overlay& overlay) {
  std::size_t bytes = 0;
  for (const auto& [row, entry] : overlay.entries()) {
    bytes += kRowOverhead + row.size() + (entry.before ? entry.before->size() : 0) +
             (entry.now ? entry.now->size() : 0);
  }
  return bytes;
}

bool read_change(ByteReader& reader, RowChange& change) {
  const std::string_view flags = reader.text(1);
  if (reader.failed()) return false;
  change.row = reader.sized();
  if (flags[0] & kHasBefore) change.before = reader.sized();
  if (flags[0] & kHasAfter) change.after = reader.sized();
  return !reader.failed() && change.row.size() > kRowTableBytes;
}

}  // namespace

bool is_unchanged(const Overlay::Entry& entry) {
  return !entry.changed || entry.before == entry.now;
}

void RecordWriter::begin(Lsn lsn, Instant time, std::uint32_t schema_version) {
  bytes_.clear();
  bytes_.push_back(static_cast<char>(kRecordVersion));
  append_varint(bytes_, lsn.value());
  append_varint(bytes_, zigzag(time.time_since_epoch().count()));
  append_varint(bytes_, schema_version);
  requests_.clear();
  request_count_ = 0;
}

void RecordWriter::request(std::string_view summary) {
  append_sized(requests_, summary);
  ++request_count_;
}

std::size_t RecordWriter::changes(const Overlay& overlay) {
  append_varint(bytes_, request_count_);
  bytes_.append(requests_);
  std::size_t count = 0;
  for (const auto& [row, entry] : overlay.entries()) count += is_unchanged(entry) ? 0 : 1;
  append_varint(bytes_, count);
  if (count >= kManyRows) bytes_.reserve(bytes_.size() + size_of(overlay));
  for (const auto& [row, entry] : overlay.entries()) {
    if (!is_unchanged(entry)) append_change(bytes_, {row, entry.before, entry.now});
  }
  return count;
}

void RecordWriter::changes(std::span<const RowChange> rows) {
  append_varint(bytes_, request_count_);
  bytes_.append(requests_);
  append_varint(bytes_, rows.size());
  for (const RowChange& row : rows) append_change(bytes_, row);
}

void RecordWriter::blobs(std::span<const BlobRef> added) {
  append_varint(bytes_, added.size());
  for (const BlobRef& blob : added) {
    bytes_.append(as_text(blob.digest));
    append_varint(bytes_, blob.size);
  }
}

std::span<const std::byte> RecordWriter::bytes() const { return as_bytes(bytes_); }

Result<Record> read_record(std::span<const std::byte> bytes) {
  ByteReader reader(as_text(bytes));
  Record record;
  const std::string_view version = reader.text(1);
  if (reader.failed()) return damaged("an empty record");
  if (static_cast<unsigned char>(version[0]) != kRecordVersion) {
    return damaged("a record of version " + std::to_string(static_cast<unsigned char>(version[0])));
  }
  record.lsn = Lsn(reader.varint());
  record.time = Instant(std::chrono::microseconds(unzigzag(reader.varint())));
  record.schema_version = static_cast<std::uint32_t>(reader.varint());
  for (std::uint64_t left = reader.varint(); left > 0 && !reader.failed(); --left) {
    record.requests.push_back(reader.sized());
  }
  for (std::uint64_t left = reader.varint(); left > 0 && !reader.failed(); --left) {
    if (RowChange change; read_change(reader, change)) record.changes.push_back(change);
  }
  for (std::uint64_t left = reader.varint(); left > 0 && !reader.failed(); --left) {
    BlobRef blob;
    const std::string_view digest = reader.text(blob.digest.size());
    if (!digest.empty()) std::memcpy(blob.digest.data(), digest.data(), digest.size());
    blob.size = reader.varint();
    record.blobs.push_back(blob);
  }
  if (reader.failed() || !reader.at_end()) {
    return damaged("record " + std::to_string(record.lsn.value()) + " can't be taken apart");
  }
  return record;
}

}  // namespace cloche::engine
