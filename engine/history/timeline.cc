// What happened, and what is different: the history as it is shown.
#include <algorithm>

#include "engine/history/changes.h"
#include "engine/history/diff.h"
#include "engine/history/errors.h"
#include "engine/history/history.h"
#include "engine/store/record.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// Walks records, newest first, and knows whom the numbers in their rows stand for.
class Walker {
 public:
  using Visit = std::function<bool(const Event&, const History::Tell&)>;
  Walker(const Tables& tables, AllOwners owners, Lsn from, const Visit& visit)
      : tables_(tables), owners_(std::move(owners)), from_(from), visit_(visit) {}

  // False: enough.
  Result<bool> take(std::span<const std::byte> bytes) {
    CLOCHE_TRY(record, read_record(bytes));
    record_ = std::move(record);
    bool more = true;
    if (record_.lsn <= from_) {
      const Event event{.lsn = record_.lsn,
                        .time = record_.time,
                        .requests{record_.requests.begin(), record_.requests.end()},
                        .rows = record_.changes.size(),
                        .bytes = bytes.size()};
      more = visit_(event, tell_);
    }
    undo(owners_);
    return more;
  }

 private:
  void undo(AllOwners& owners) const {
    for (const RowChange& change : record_.changes) {
      if (const TableSpec* table = tables_.find(table_of(change.row))) owners.undo(*table, change);
    }
  }

  bool changes_owners() const {
    return std::ranges::any_of(record_.changes, [this](const RowChange& change) {
      const TableSpec* table = tables_.find(table_of(change.row));
      return table != nullptr && names_owners(*table);
    });
  }

  void tell(const History::ShowChange& show) const {
    // Mostly the owners are the same before and after: no copy then.
    std::optional<AllOwners> earlier;
    if (changes_owners()) undo(earlier.emplace(owners_));
    ResourceChanges changes(earlier ? *earlier : owners_, owners_, "");
    for (const RowChange& change : record_.changes) {
      if (const TableSpec* table = tables_.find(table_of(change.row)))
        changes.add(*table, key_of(change.row), change.before, change.after);
    }
    changes.visit(false, show);
  }

  const Tables& tables_;
  AllOwners owners_;  // After record_.
  const Lsn from_;
  const Visit& visit_;
  Record record_;
  const History::Tell tell_ = [this](const History::ShowChange& show) { tell(show); };
};

}  // namespace

// From the head even where less is to be shown: only from there it is known whom a number in a row
// stood for, as a rewind gives numbers out a second time.
Result<void> StoreHistory::read(Lsn from,
                                const std::function<bool(const Event&, const Tell&)>& visit) const {
  CLOCHE_TRY_VOID(need_log());
  const auto view = parts_.store.view();
  const Lsn head = view->lsn();
  if (from.value() == 0 || from > head) from = head;
  const Lsn oldest = parts_.log->oldest();
  if (oldest.value() == 0 || from < oldest) return {};
  CLOCHE_TRY(owners, AllOwners::read(*view, parts_.tables));
  Walker walker(parts_.tables, std::move(owners), from, visit);
  bool ended = false;
  const auto walked = parts_.log->replay_back(
      head, Lsn(oldest.value() - 1), [&](Lsn, std::span<const std::byte> bytes) -> Result<void> {
        CLOCHE_TRY(const more, walker.take(bytes));
        if (more) return {};
        ended = true;
        return enough();
      });
  return ended ? Result<void>() : walked;
}

Result<void> StoreHistory::diff(const DiffWish& wish, const ShowChange& show) const {
  CLOCHE_TRY_VOID(need_log());
  const auto view = parts_.store.view();
  const bool back = wish.from > wish.to;
  CLOCHE_TRY(const net,
             read_changes(*parts_.log, parts_.tables, *view, std::min(wish.from, wish.to),
                          std::max(wish.from, wish.to), wish.service));
  ResourceChanges changes(back ? net.after : net.before, back ? net.before : net.after,
                          wish.resource);
  for (const auto& [row, change] : net.rows) {
    if (change.before == change.after && !net.owners_changed) continue;
    changes.add(parts_.tables.at(table_of(row)), key_of(row), back ? change.after : change.before,
                back ? change.before : change.after);
  }
  changes.visit(true, show);
  return {};
}

}  // namespace cloche::engine
