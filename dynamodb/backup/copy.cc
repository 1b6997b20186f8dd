#include <algorithm>
#include <chrono>

#include "base/digest.h"
#include "base/json.h"
#include "dynamodb/backup/backup.h"
#include "dynamodb/backup/past_cursor.h"
#include "dynamodb/limits.h"
#include "dynamodb/table/items.h"

namespace cloche::dynamodb {
namespace {

// Ours: long enough that what keeps failing costs nothing.
constexpr std::chrono::minutes kTryAgain{1};

std::string copy_key(std::int64_t target) { return engine::KeyWriter().integer(target).take(); }

std::string encode_copy(const Copy& copy) {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "source", Value::integer(copy.source));
  if (copy.at) out.add(arena, "at", encode_time(copy.at));
  out.add(arena, "target_key", Value::bytes(copy.target_key));
  out.add(arena, "into_table", Value::boolean(copy.into_table));
  out.add(arena, "done_to", Value::bytes(copy.done_to));
  out.add(arena, "items", Value::integer(copy.items));
  out.add(arena, "bytes", Value::integer(copy.bytes));
  std::string row;
  append_json(row, out);
  return row;
}

Result<Copy> decode_copy(std::string_view key, std::string_view row) {
  Arena arena;
  Copy copy;
  const auto parsed = parse_json(row, arena);
  if (!parsed || !from_base64((*parsed)["target_key"].text(), copy.target_key) ||
      !from_base64((*parsed)["done_to"].text(), copy.done_to))
    return damaged("dynamodb_copies: a row is no copy");
  copy.target = engine::KeyReader(key).integer();
  copy.source = (*parsed)["source"].as_integer(0);
  copy.at = decode_time((*parsed)["at"]);
  copy.into_table = (*parsed)["into_table"].as_bool();
  copy.items = (*parsed)["items"].as_integer(0);
  copy.bytes = (*parsed)["bytes"].as_integer(0);
  return copy;
}

Result<void> note(engine::WriteTxn& txn, const Copy& copy) {
  return txn.put(kCopies, copy_key(copy.target), encode_copy(copy));
}

// The same item's row under another number.
std::string moved_row(std::string_view row, std::int64_t target) {
  engine::KeyReader from(row);
  static_cast<void>(from.integer());
  engine::KeyWriter to;
  to.integer(target).integer(from.integer());
  to.blob(from.blob());
  return to.blob(from.blob()).take();
}

// The last step: the table or backup that waited is there.
Result<void> finish(engine::WriteTxn& txn, const Copy& copy) {
  CLOCHE_TRY_VOID(txn.erase(kCopies, copy_key(copy.target)));
  const engine::TableId rows = copy.into_table ? kTables : kBackups;
  CLOCHE_TRY(const row, txn.get(rows, copy.target_key));
  if (!row) return {};
  if (copy.into_table) {
    CLOCHE_TRY(table, decode_table(*row));
    if (table.id != copy.target) return {};
    table.restoring = false;
    return Catalog::store(txn, table);
  }
  CLOCHE_TRY(backup, decode_backup(copy.target_key, *row));
  backup.available = true;
  backup.items = copy.items;
  backup.bytes = copy.bytes;
  return store_backup(txn, backup);
}

}  // namespace

Result<void> begin_copy(engine::WriteTxn& txn, const Copy& copy) {
  CLOCHE_TRY_VOID(note(txn, copy));
  auto queued = txn.later({.kind = std::string(kCopyWork), .payload = "", .due = {}});
  return queued ? Result<void>() : std::move(queued).error();
}

void Copier::wake() {
  worker_.post([this] {
    if (!run_all()) try_again_later();
  });
}

void Copier::resume() {
  if (store_.view()->scan(kCopies, {})->valid()) wake();
}

// What failed is still noted. A full disk may have room again; a store that takes no write any more
// is opened anew, and resumes.
void Copier::try_again_later() {
  static_cast<void>(store_.write("dynamodb.copy later", [](engine::WriteTxn& txn) -> Result<void> {
    auto queued =
        txn.later({.kind = std::string(kCopyWork), .payload = "", .due = txn.now() + kTryAgain});
    return queued ? Result<void>() : std::move(queued).error();
  }));
}

Result<void> Copier::run_all() {
  std::vector<Copy> copies;
  {
    const auto view = store_.view();
    const auto cursor = view->scan(kCopies, {});
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(copy, decode_copy(cursor->key(), cursor->value()));
      copies.push_back(std::move(copy));
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  // One that fails holds up none of the others.
  Result<void> all;
  for (Copy& copy : copies) {
    if (auto done = run(std::move(copy)); !done) all = std::move(done).error();
  }
  return all;
}

Result<void> Copier::run(Copy copy) {
  const auto view = store_.view();
  engine::PastRows past;
  if (copy.at) {
    const auto range = engine::KeyRange::of(engine::KeyWriter().integer(copy.source));
    CLOCHE_TRY(changed, store_.changed_since(kItems, range, *copy.at, view->lsn()));
    // Without a log there is only the present.
    if (changed) past = *std::move(changed);
  }
  while (!stopping_) {
    CLOCHE_TRY(const more, step(copy, *view, past));
    if (!more) break;
  }
  return {};
}

Result<bool> Copier::step(Copy& copy, const engine::ReadView& view, const engine::PastRows& past) {
  engine::KeyRange range = engine::KeyRange::of(engine::KeyWriter().integer(copy.source));
  if (!copy.done_to.empty()) range.from = after_row(copy.done_to);
  std::vector<std::pair<std::string, std::string>> rows;
  std::size_t bytes = 0;
  PastCursor cursor(view, range, past);
  for (; cursor.valid() && rows.size() < kStepRowsMax && bytes < kStepBytesMax; cursor.next()) {
    rows.emplace_back(moved_row(cursor.key(), copy.target), cursor.value());
    bytes += cursor.value().size();
    copy.done_to = cursor.key();
    ++copy.items;
    copy.bytes += static_cast<std::int64_t>(StoredItem(cursor.value()).bytes());
  }
  CLOCHE_TRY_VOID(cursor.status());
  const bool more = cursor.valid();
  bool gone = false;
  const auto written = store_.write("dynamodb.copy", [&](engine::WriteTxn& txn) -> Result<void> {
    // The table or backup may have been deleted meanwhile.
    CLOCHE_TRY(const noted, txn.get(kCopies, copy_key(copy.target)));
    gone = !noted;
    if (gone) return {};
    std::optional<Table> table;
    if (copy.into_table) {
      CLOCHE_TRY(const row, txn.get(kTables, copy.target_key));
      if (row) {
        CLOCHE_TRY(decoded, decode_table(*row));
        table = std::move(decoded);
      }
    }
    for (const auto& [key, row] : rows) {
      CLOCHE_TRY_VOID(txn.put(kItems, key, row));
      if (!table || table->indexes.empty()) continue;
      Arena arena;
      CLOCHE_TRY(const item, StoredItem(row).tree(arena));
      for (const Index& index : table->indexes)
        CLOCHE_TRY_VOID(write_index_entry(txn, *table, index, item));
      if (table->counts_collections) CLOCHE_TRY_VOID(count_collection(txn, *table, item));
    }
    return more ? note(txn, copy) : finish(txn, copy);
  });
  if (!written) return written.error();
  return more && !gone;
}

}  // namespace cloche::dynamodb
