#include "engine/history/rewind.h"

#include <algorithm>
#include <span>
#include <unordered_map>

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

  Result<void> row(std::string_view row, const std::optional<std::string_view>& before) {
    const TableId table = table_of(row);
    const std::string_view key = key_of(row);
    return table == kBlobTable ? blob(key, before) : set(table, key, before);
  }
  std::uint64_t rows() const { return rows_; }

 private:
  // A blob that has references again is no garbage any more; one that has none becomes garbage now,
  // since the history between still names it.
  Result<void> blob(std::string_view key, const std::optional<std::string_view>& before) {
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

  Result<void> set(TableId table, std::string_view key,
                   const std::optional<std::string_view>& value) {
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

// Rows by their names, the oldest value of each. Held in few large pieces, since 100,000 strings of their own took a
// third of a rewind's time.
class OldestRows {
 public:
  explicit OldestRows(Arena& arena) : arena_(arena) {}

  // Newest first, so that what is put last is the oldest.
  void put(std::string_view row, const std::optional<std::string_view>& before) {
    auto found = rows_.find(row);
    if (found == rows_.end()) found = rows_.emplace(arena_.copy(row), Place()).first;
    Place& place = found->second;
    place.size.reset();
    if (!before) return;
    // A row that is written all the time does not take memory for each of its values.
    if (before->size() > place.room.size())
      place.room = {static_cast<char*>(arena_.allocate(before->size(), 1)), before->size()};
    std::ranges::copy(*before, place.room.begin());
    place.size = before->size();
  }

  std::vector<Undo::Row> take() const {
    std::vector<Undo::Row> all;
    all.reserve(rows_.size());
    for (const auto& [row, place] : rows_) {
      Undo::Row& taken = all.emplace_back(Undo::Row{row, std::nullopt});
      if (place.size) taken.before = std::string_view(place.room.data(), *place.size);
    }
    std::ranges::sort(all, {}, &Undo::Row::row);
    return all;
  }

 private:
  struct Place {
    std::span<char> room;
    std::optional<std::size_t> size;  // Nothing: there was no row.
  };
  Arena& arena_;
  std::unordered_map<std::string_view, Place> rows_;
};

}  // namespace

Result<Undo> read_undo(const wal::Log& log, Lsn head, Lsn to) {
  CLOCHE_TRY_VOID(check_point(log, head, to));
  Undo undo;
  if (to == head) return undo;
  OldestRows rows(*undo.arena);
  const auto visit = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    ++undo.records;
    for (const RowChange& change : record.changes) {
      if (!is_left_alone(table_of(change.row))) rows.put(change.row, change.before);
    }
    return {};
  };
  CLOCHE_TRY_VOID(log.replay_back(head, to, visit));
  undo.rows = rows.take();
  return undo;
}

Result<std::uint64_t> apply_undo(WriteTxn& txn, const Undo& undo) {
  Applier applier(txn);
  for (const auto& [row, before] : undo.rows) CLOCHE_TRY_VOID(applier.row(row, before));
  return applier.rows();
}

}  // namespace cloche::engine
