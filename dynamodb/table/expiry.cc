#include "dynamodb/table/expiry.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <string>

#include "dynamodb/limits.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/item_step.h"
#include "dynamodb/table/table_work.h"

namespace cloche::dynamodb {
namespace {

// Five years of 365 days.
constexpr std::chrono::seconds kOldestExpiry = std::chrono::days(5 * 365);
// Ours: how often a server that removes nothing asks whether it still does not.
constexpr std::chrono::hours kLookAgain{1};
// 9999-12-31T23:59:59Z: what comes later is not waited for.
constexpr std::int64_t kLatestExpiry = 253'402'300'799;

std::int64_t seconds_of(Instant at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

// The whole seconds in the attribute, if it is a number that can be waited for.
std::optional<std::int64_t> expiry_of(const Table& table, const Value& item) {
  const Value& attribute = item.find(table.ttl_attribute);
  if (!attribute.present() || type_of(attribute) != Type::N) return std::nullopt;
  const std::string_view text = content_of(attribute).text();
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool whole = end == text.data() + text.size() || *end == '.';
  if (error != std::errc() || !whole || seconds <= 0 || seconds > kLatestExpiry)
    return std::nullopt;
  return seconds;
}

std::string expiry_key(const Table& table, std::int64_t expires, const ItemKey& key) {
  return engine::KeyWriter()
      .integer(table.id)
      .integer(expires)
      .blob(key.partition)
      .blob(key.sort)
      .take();
}

std::string head_key(std::int64_t table_id) { return engine::KeyWriter().integer(table_id).take(); }

// Null also if its time to live was switched off.
Result<std::shared_ptr<const Table>> table_of(Catalog& catalog, const engine::ReadView& view,
                                              engine::KeyReader& payload) {
  CLOCHE_TRY(table, table_of_work(catalog, view, payload));
  if (table != nullptr && table->ttl_attribute.empty()) table = nullptr;
  return table;
}

Result<void> queue(engine::WriteTxn& txn, std::string payload, Instant due) {
  auto queued =
      txn.later({.kind = std::string(kExpiryWork), .payload = std::move(payload), .due = due});
  return queued ? Result<void>() : std::move(queued).error();
}

// Sees to it that work is queued for `expires` or earlier.
Result<void> schedule(engine::WriteTxn& txn, const Table& table, std::int64_t expires) {
  CLOCHE_TRY(const head, txn.get(kExpiryHeads, head_key(table.id)));
  if (head && Value::string(*head).as_integer(0) <= expires) return {};
  CLOCHE_TRY_VOID(txn.put(kExpiryHeads, head_key(table.id), std::to_string(expires)));
  return queue(txn, work_on(table).integer(expires).take(), Instant(std::chrono::seconds(expires)));
}

Result<void> add_expiry(engine::WriteTxn& txn, const Table& table, std::int64_t expires,
                        const ItemKey& key) {
  if (expires < seconds_of(txn.now() - kOldestExpiry)) return {};
  CLOCHE_TRY_VOID(txn.put(kExpiries, expiry_key(table, expires, key), ""));
  return schedule(txn, table, expires);
}

// Work that a later one has replaced finds another time in the head, and does nothing.
Result<void> expire_step(Catalog& catalog, bool remove, engine::WriteTxn& txn,
                         const std::string& payload) {
  engine::KeyReader in(payload);
  CLOCHE_TRY(const table, table_of(catalog, txn, in));
  if (table == nullptr) return {};
  CLOCHE_TRY(const head, txn.get(kExpiryHeads, head_key(table->id)));
  if (!head || Value::string(*head).as_integer(0) != in.integer()) return {};
  if (!remove) return queue(txn, payload, txn.now() + kLookAgain);
  CLOCHE_TRY_VOID(txn.erase(kExpiryHeads, head_key(table->id)));
  CLOCHE_TRY_VOID(remove_expired(txn, *table));
  const auto next =
      txn.scan(kExpiries, engine::KeyRange::of(engine::KeyWriter().integer(table->id)));
  CLOCHE_TRY_VOID(next->status());
  if (!next->valid()) return {};
  engine::KeyReader row(next->key());
  static_cast<void>(row.integer());
  return schedule(txn, *table, row.integer());
}

Result<void> begin_later(engine::WriteTxn& txn, const Table& table, std::string_view from) {
  auto queued = txn.later({.kind = std::string(kBeginExpiryWork),
                           .payload = work_on(table).blob(from).take(),
                           .due = {}});
  return queued ? Result<void>() : std::move(queued).error();
}

Result<void> begin_step(Catalog& catalog, engine::WriteTxn& txn, const std::string& payload) {
  engine::KeyReader in(payload);
  CLOCHE_TRY(const table, table_of(catalog, txn, in));
  if (table == nullptr) return {};
  CLOCHE_TRY(const step, next_items(txn, table->id, in.blob()));
  for (const std::string& row : step.rows) {
    Arena arena;
    CLOCHE_TRY(const item, StoredItem(row).tree(arena));
    const auto expires = expiry_of(*table, item);
    if (!expires) continue;
    CLOCHE_TRY(const key, key_of_item(*table, item));
    CLOCHE_TRY_VOID(add_expiry(txn, *table, *expires, key));
  }
  return step.more ? begin_later(txn, *table, step.last) : Result<void>();
}

}  // namespace

Result<void> update_expiry(engine::WriteTxn& txn, const Table& table, const ItemKey& key,
                           FoundItem& before, const NewItem* after, Arena& arena) {
  CLOCHE_TRY(const old_tree, before.tree(arena));
  const auto old_time = before.exists() ? expiry_of(table, old_tree) : std::nullopt;
  const auto new_time = after != nullptr ? expiry_of(table, after->tree) : std::nullopt;
  if (old_time == new_time) return {};
  if (old_time) CLOCHE_TRY_VOID(txn.erase(kExpiries, expiry_key(table, *old_time, key)));
  return new_time ? add_expiry(txn, table, *new_time, key) : Result<void>();
}

Result<void> begin_expiry(engine::WriteTxn& txn, const Table& table) {
  return begin_later(txn, table, "");
}

Result<void> end_expiry(engine::WriteTxn& txn, const Table& table) {
  CLOCHE_TRY_VOID(txn.erase(kExpiryHeads, head_key(table.id)));
  return clear_rows_later(txn, kExpiries, table.id);
}

Result<std::int64_t> remove_expired(engine::WriteTxn& txn, const Table& table) {
  engine::KeyRange due = engine::KeyRange::of(engine::KeyWriter().integer(table.id));
  due.to = engine::KeyWriter().integer(table.id).integer(seconds_of(txn.now()) + 1).take();
  const std::int64_t oldest = seconds_of(txn.now() - kOldestExpiry);
  std::vector<std::string> rows;
  const auto cursor = txn.scan(kExpiries, due);
  for (; cursor->valid() && rows.size() < kStepRowsMax; cursor->next())
    rows.emplace_back(cursor->key());
  CLOCHE_TRY_VOID(cursor->status());

  std::int64_t removed = 0;
  for (const std::string& row : rows) {
    engine::KeyReader columns(row);
    static_cast<void>(columns.integer());
    const std::int64_t expires = columns.integer();
    std::string partition = columns.blob();
    const ItemKey key = item_key(table, std::move(partition), columns.blob());
    CLOCHE_TRY(found, FoundItem::find(txn, key));
    // Too old by now, or a row that a table's end has left: it goes without its item.
    if (expires < oldest || !found.exists()) {
      CLOCHE_TRY_VOID(txn.erase(kExpiries, row));
      continue;
    }
    Arena arena;
    std::vector<std::int64_t> index_units;
    CLOCHE_TRY_VOID(
        write_item(txn, table, key, found, nullptr, Changer::TimeToLive, index_units, arena));
    ++removed;
  }
  return removed;
}

void name_expiry_work(engine::Store& store, Catalog& catalog, bool remove) {
  store.on_work(std::string(kExpiryWork),
                [&catalog, remove](engine::WriteTxn& txn, const std::string& payload) {
                  return expire_step(catalog, remove, txn, payload);
                });
  store.on_work(std::string(kBeginExpiryWork),
                [&catalog](engine::WriteTxn& txn, const std::string& payload) {
                  return begin_step(catalog, txn, payload);
                });
}

}  // namespace cloche::dynamodb
