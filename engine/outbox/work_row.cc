#include "engine/outbox/work_row.h"

#include "engine/schema/schema.h"
#include "engine/store/varint.h"

namespace cloche::engine {
namespace {

// A group holds at most some MiB of changes, and so never a million pieces of work.
constexpr int kIndexBits = 20;

std::int64_t micros(Instant at) { return at.time_since_epoch().count(); }

std::string due_key(Instant due, std::uint64_t id) {
  return KeyWriter().integer(micros(due)).integer(static_cast<std::int64_t>(id)).take();
}
std::string id_key(std::uint64_t id) {
  return KeyWriter().integer(static_cast<std::int64_t>(id)).take();
}

Result<WorkRow> decode(std::string_view value) {
  ByteReader reader(value);
  WorkRow work;
  work.kind = reader.sized();
  work.attempts = reader.varint();
  work.payload = reader.rest();
  if (reader.failed()) return damaged("a row of engine_work can't be taken apart");
  return work;
}

Result<std::optional<Instant>> due_of(const ReadView& view, std::uint64_t id) {
  CLOCHE_TRY(const value, view.get(kWorkDueTable, id_key(id)));
  if (!value) return std::optional<Instant>();
  KeyReader reader(*value);
  return std::optional(Instant(std::chrono::microseconds(reader.integer())));
}

}  // namespace

std::string encode_work(const WorkRow& work) {
  std::string value;
  append_sized(value, work.kind);
  append_varint(value, work.attempts);
  value.append(work.payload);
  return value;
}

std::uint64_t work_id(Lsn lsn, std::uint64_t index) {
  CLOCHE_CHECK(index < std::uint64_t{1} << kIndexBits);
  return lsn.value() << kIndexBits | index;
}

std::uint64_t work_lsn(std::uint64_t id) { return id >> kIndexBits; }

Result<void> put_work(WriteTxn& txn, std::uint64_t id, Instant due, const WorkRow& work) {
  CLOCHE_TRY_VOID(txn.put(kWorkTable, due_key(due, id), encode_work(work)));
  return txn.put(kWorkDueTable, id_key(id), KeyWriter().integer(micros(due)).bytes());
}

Result<std::optional<WorkRow>> erase_work(WriteTxn& txn, std::uint64_t id) {
  CLOCHE_TRY(const due, due_of(txn, id));
  if (!due) return std::optional<WorkRow>();
  CLOCHE_TRY(const value, txn.get(kWorkTable, due_key(*due, id)));
  if (!value) return damaged("engine_work has no row for work " + std::to_string(id));
  CLOCHE_TRY(work, decode(*value));
  CLOCHE_TRY_VOID(txn.erase(kWorkTable, due_key(*due, id)));
  CLOCHE_TRY_VOID(txn.erase(kWorkDueTable, id_key(id)));
  return std::optional(std::move(work));
}

Result<std::uint64_t> erase_work_of(WriteTxn& txn, std::string_view prefix) {
  CLOCHE_TRY(const all, due_work(txn, Instant::max(), SIZE_MAX));
  std::uint64_t erased = 0;
  for (const DueWork& one : all) {
    if (!one.work.kind.starts_with(prefix)) continue;
    CLOCHE_TRY_VOID(erase_work(txn, one.id));
    ++erased;
  }
  return erased;
}

Result<std::vector<DueWork>> due_work(const ReadView& view, Instant now, std::size_t count_max) {
  const KeyRange range{"", KeyWriter().integer(micros(now)).after().take()};
  std::vector<DueWork> found;
  const auto cursor = view.scan(kWorkTable, range);
  for (; cursor->valid() && found.size() < count_max; cursor->next()) {
    KeyReader reader(cursor->key());
    DueWork due;
    due.due = Instant(std::chrono::microseconds(reader.integer()));
    due.id = static_cast<std::uint64_t>(reader.integer());
    CLOCHE_TRY(work, decode(cursor->value()));
    due.work = std::move(work);
    found.push_back(std::move(due));
  }
  CLOCHE_TRY_VOID(cursor->status());
  return found;
}

Result<std::optional<Instant>> next_due(const ReadView& view) {
  const auto cursor = view.scan(kWorkTable, {});
  CLOCHE_TRY_VOID(cursor->status());
  if (!cursor->valid()) return std::optional<Instant>();
  return std::optional(Instant(std::chrono::microseconds(KeyReader(cursor->key()).integer())));
}

}  // namespace cloche::engine
