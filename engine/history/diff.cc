#include "engine/history/diff.h"

#include "engine/history/errors.h"
#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// Gathers records, newest first.
class Gatherer {
 public:
  Gatherer(const Tables& tables, std::string_view service, NetChanges& into)
      : tables_(tables), service_(service), into_(into) {}

  Result<void> take(Record record) {
    for (RowChange& change : record.changes) {
      const TableSpec* table = tables_.find(table_of(change.row));
      if (table == nullptr || table->description == nullptr) continue;
      into_.before.undo(*table, change);
      into_.owners_changed = into_.owners_changed || names_owners(*table);
      if (is_told(*table) && (service_.empty() || service_ == service_of(*table)))
        CLOCHE_TRY_VOID(note(change));
    }
    return {};
  }

 private:
  Result<void> note(RowChange& change) {
    const auto [at, is_new] = into_.rows.try_emplace(std::string(change.row));
    NetChange& net = at->second;
    if (is_new) {
      net.after = std::move(change.after);
      bytes_ += change.row.size() + (net.after ? net.after->size() : 0);
    }
    bytes_ -= net.before ? net.before->size() : 0;
    net.before.reset();
    if (change.before) net.before.emplace(*change.before);
    bytes_ += net.before ? net.before->size() : 0;
    if (bytes_ <= kDiffBytesMax) return {};
    return refusal("DiffTooLarge", "more than " + std::to_string(kDiffBytesMax >> 20) +
                                       " MiB of rows have changed between these points: take "
                                       "nearer ones, or one service");
  }

  const Tables& tables_;
  const std::string_view service_;
  NetChanges& into_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<NetChanges> read_changes(const wal::Log& log, const Tables& tables, const ReadView& head,
                                Lsn earlier, Lsn later, std::string_view service) {
  CLOCHE_TRY_VOID(check_point(log, head.lsn(), later));
  CLOCHE_TRY_VOID(check_point(log, head.lsn(), earlier));
  NetChanges changes;
  CLOCHE_TRY(owners, AllOwners::read(head, tables));
  const auto to_later = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(const record, read_record(bytes));
    for (const RowChange& change : record.changes) {
      if (const TableSpec* table = tables.find(table_of(change.row))) owners.undo(*table, change);
    }
    return {};
  };
  if (later < head.lsn()) CLOCHE_TRY_VOID(log.replay_back(head.lsn(), later, to_later));
  changes.before = owners;
  changes.after = std::move(owners);
  Gatherer gatherer(tables, service, changes);
  const auto to_earlier = [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
    CLOCHE_TRY(record, read_record(bytes));
    return gatherer.take(std::move(record));
  };
  if (earlier < later) CLOCHE_TRY_VOID(log.replay_back(later, earlier, to_earlier));
  return changes;
}

}  // namespace cloche::engine
