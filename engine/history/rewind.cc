#include "engine/history/rewind.h"

#include "engine/blob/blob_row.h"
#include "engine/history/errors.h"
#include "engine/schema/schema.h"
#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// A row's share of a record beside its bytes: lengths and flags, generously.
constexpr std::size_t kRowOverhead = 32;

// The clock, the source of ids, the checkpoints and the branches go on. Garbage follows from the blobs.
bool is_left_alone(TableId table) {
  return table == kStateTable || table == kCheckpointTable || table == kBranchTable ||
         table == kGarbageTable;
}

class Applier {
 public:
  explicit Applier(WriteTxn& txn) : txn_(txn), lsn_(txn.lsn().value() + 1) {}

  Result<void> row(std::string_view row, const std::optional<std::string>& before) {
    const TableId table = table_of(row);
    const std::string_view key = key_of(row);
    return table == kBlobTable ? blob(key, before) : set(table, key, before);
  }
  std::uint64_t rows() const { return rows_; }

 private:
  // A blob that has references again is no garbage any more; one that has none becomes garbage now,
  // since the history between still names it.
  Result<void> blob(std::string_view key, const std::optional<std::string>& before) {
    CLOCHE_TRY(const stored, txn_.get(kBlobTable, key));
    std::optional<BlobRow> now, then;
    const std::string now_bytes(stored.value_or(""));
    if (stored) {
      CLOCHE_TRY(const decoded, BlobRow::decode(now_bytes));
      now = decoded;
    }
    if (before) {
      CLOCHE_TRY(const decoded, BlobRow::decode(*before));
      if (decoded.references > 0) then = decoded;
    }
    if (then) {
      if (now && now->references == 0)
        CLOCHE_TRY_VOID(set(kGarbageTable, garbage_of(*now, key), std::nullopt));
      return set(kBlobTable, key, then->encode());
    }
    if (!now || now->references == 0) return {};
    if (!now->in_file) return set(kBlobTable, key, std::nullopt);
    now->references = 0;
    now->garbage_since = lsn_;
    CLOCHE_TRY_VOID(set(kGarbageTable, garbage_of(*now, key), ""));
    return set(kBlobTable, key, now->encode());
  }

  static std::string garbage_of(const BlobRow& row, std::string_view key) {
    const std::string bytes = KeyReader(key).blob();
    Sha256 digest;
    CLOCHE_CHECK(bytes.size() == digest.size());
    std::copy_n(as_bytes(bytes).begin(), digest.size(), digest.begin());
    return garbage_key(row.garbage_since, digest);
  }

  Result<void> set(TableId table, std::string_view key, const std::optional<std::string>& value) {
    CLOCHE_TRY(const stored, txn_.get(table, key));
    if (stored ? value && *stored == *value : !value) return {};
    bytes_ +=
        key.size() + (stored ? stored->size() : 0) + (value ? value->size() : 0) + kRowOverhead;
    if (bytes_ > wal::kRecordBytesMax) {
      return refusal("RewindTooLarge",
                     "there is more to undo than one record of the log takes (" +
                         std::to_string(wal::kRecordBytesMax >> 20) +
                         " MiB): rewind to a nearer point first, and go on from there");
    }
    ++rows_;
    return value ? txn_.put(table, key, *value) : txn_.erase(table, key);
  }

  WriteTxn& txn_;
  const Lsn lsn_;
  std::uint64_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Undo> read_undo(const wal::Log& log, Lsn head, Lsn to) {
  CLOCHE_TRY_VOID(check_point(log, head, to));
  Undo undo;
  if (to == head) return undo;
  const auto visit = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    ++undo.records;
    // Newest first, so that what is put last is the oldest.
    for (const RowChange& change : record.changes) {
      if (is_left_alone(table_of(change.row))) continue;
      std::optional<std::string> before;
      if (change.before) before.emplace(*change.before);
      undo.rows.insert_or_assign(std::string(change.row), std::move(before));
    }
    return {};
  };
  CLOCHE_TRY_VOID(log.replay_back(head, to, visit));
  return undo;
}

Result<std::uint64_t> apply_undo(WriteTxn& txn, const Undo& undo) {
  Applier applier(txn);
  for (const auto& [row, before] : undo.rows) CLOCHE_TRY_VOID(applier.row(row, before));
  return applier.rows();
}

}  // namespace cloche::engine
