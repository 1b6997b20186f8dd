#include "dynamodb/table/replicas.h"

#include <algorithm>
#include <charconv>
#include <compare>
#include <optional>

#include "dynamodb/table/catalog.h"
#include "dynamodb/table/item_step.h"
#include "dynamodb/table/table_work.h"

namespace cloche::dynamodb {
namespace {

// When an item was written, and in which region: the order of writes.
struct WriteClock {
  std::int64_t microseconds = 0;
  std::string region;
  auto operator<=>(const WriteClock&) const = default;
};

std::string encode(const WriteClock& clock) {
  return std::to_string(clock.microseconds) + ' ' + clock.region;
}

// The clock of an item; before all writes if it has none.
Result<WriteClock> clock_of(const engine::ReadView& view, std::string_view row) {
  CLOCHE_TRY(const text, view.get(kReplicaClocks, row));
  WriteClock clock;
  if (!text) return clock;
  const auto [end, error] =
      std::from_chars(text->data(), text->data() + text->size(), clock.microseconds);
  if (error != std::errc() || end == text->data() + text->size())
    return damaged("dynamodb_replica_clocks: a row is no clock");
  clock.region = std::string(end + 1, text->data() + text->size());
  return clock;
}

Result<void> queue(engine::WriteTxn& txn, std::string_view kind, std::string payload) {
  auto queued = txn.later({std::string(kind), std::move(payload), {}});
  return queued ? Result<void>() : std::move(queued).error();
}

// Brings one item to one replica, unless what is there was written later.
Result<void> bring(engine::WriteTxn& txn, const ItemKey& key, const Table& to) {
  const ItemKey there = item_key(to, key.partition, key.sort);
  CLOCHE_TRY(const written, clock_of(txn, key.row));
  CLOCHE_TRY(const known, clock_of(txn, there.row));
  if (known >= written) return {};
  Arena arena;
  CLOCHE_TRY(source, FoundItem::find(txn, key));
  std::optional<NewItem> after;
  if (source.exists()) {
    after.emplace();
    // The text is copied: the row it is in may move as the replica is written.
    after->row = std::to_string(source.bytes()) + ' ' + std::string(source.json());
    after->bytes = source.bytes();
    CLOCHE_TRY(const tree, StoredItem(after->row).tree(arena));
    after->tree = tree;
  }
  CLOCHE_TRY(before, FoundItem::find(txn, there));
  std::vector<std::int64_t> index_units;
  CLOCHE_TRY_VOID(txn.put(kReplicaClocks, there.row, encode(written)));
  if (!before.exists() && !after) return {};
  return write_item(txn, to, there, before, after ? &*after : nullptr, Changer::Replication,
                    index_units, arena);
}

Result<void> bring_to_all(Catalog& catalog, engine::WriteTxn& txn, const Table& table,
                          const ItemKey& key) {
  for (const Replica& replica : table.replicas) {
    CLOCHE_TRY(const to, catalog.find(txn, {table.account, replica.region}, table.name));
    if (to != nullptr) CLOCHE_TRY_VOID(bring(txn, key, *to));
  }
  return {};
}

// The attributes that version 2017.11.29 keeps in the items themselves.
// Source: "Global tables: how it works" (version 2017.11.29), Developer Guide.
Result<void> mark(engine::WriteTxn& txn, const Table& table, const ItemKey& key) {
  CLOCHE_TRY(const clock, clock_of(txn, key.row));
  if (clock.region != table.region) return {};  // It was written since in another region.
  CLOCHE_TRY(before, FoundItem::find(txn, key));
  if (!before.exists()) return {};
  Arena arena;
  // The text is copied: the row it is in moves as it is written.
  const std::string row = std::to_string(before.bytes()) + ' ' + std::string(before.json());
  CLOCHE_TRY(item, StoredItem(row).tree(arena));
  std::string micros = std::to_string(clock.microseconds % 1'000'000);
  micros.insert(0, 6 - micros.size(), '0');
  CLOCHE_TRY(const time,
             Decimal::parse(std::to_string(clock.microseconds / 1'000'000) + "." + micros));
  Value updated = Value::map();
  for (const Member& member : item.members()) updated.add(arena, member.name, member.value);
  updated.set(arena, "aws:rep:deleting", make_attribute(arena, Type::Bool, Value::boolean(false)));
  updated.set(arena, "aws:rep:updatetime", make_number(arena, time));
  updated.set(arena, "aws:rep:updateregion",
              make_attribute(arena, Type::S, Value::string(arena, table.region)));
  NewItem after;
  after.tree = updated;
  after.bytes = item_bytes(updated);
  after.row = encode_item(updated, after.bytes);
  std::vector<std::int64_t> index_units;
  return write_item(txn, table, key, before, &after, Changer::Replication, index_units, arena);
}

Result<void> replicate(Catalog& catalog, engine::WriteTxn& txn, const std::string& payload) {
  engine::KeyReader in(payload);
  CLOCHE_TRY(const table, table_of_work(catalog, txn, in));
  if (table == nullptr) return {};
  std::string partition = in.blob();
  const ItemKey key = item_key(*table, std::move(partition), in.blob());
  if (table->legacy_global_since) CLOCHE_TRY_VOID(mark(txn, *table, key));
  return bring_to_all(catalog, txn, *table, key);
}

Result<void> fill(Catalog& catalog, engine::WriteTxn& txn, const std::string& payload) {
  engine::KeyReader in(payload);
  CLOCHE_TRY(const table, table_of_work(catalog, txn, in));
  if (table == nullptr) return {};
  CLOCHE_TRY(const step, next_items(txn, table->id, in.blob()));
  for (const std::string& row : step.rows) {
    Arena arena;
    CLOCHE_TRY(const item, StoredItem(row).tree(arena));
    CLOCHE_TRY(const key, key_of_item(*table, item));
    // What was there before there were replicas was written when the table was made.
    CLOCHE_TRY(const clock, clock_of(txn, key.row));
    if (clock.region.empty()) {
      const WriteClock first{table->created.time_since_epoch().count(), table->region};
      CLOCHE_TRY_VOID(txn.put(kReplicaClocks, key.row, encode(first)));
    }
    CLOCHE_TRY_VOID(bring_to_all(catalog, txn, *table, key));
  }
  if (!step.more) return {};
  return queue(txn, kFillReplicasWork, work_on(*table).blob(step.last).take());
}

}  // namespace

Result<void> note_replicated_write(engine::WriteTxn& txn, const Table& table, const ItemKey& key) {
  // Two writes of one moment are two: a clock never stands still.
  CLOCHE_TRY(const last, clock_of(txn, key.row));
  const WriteClock clock{
      std::max(last.microseconds + 1, std::int64_t{txn.now().time_since_epoch().count()}),
      table.region};
  CLOCHE_TRY_VOID(txn.put(kReplicaClocks, key.row, encode(clock)));
  return queue(txn, kReplicateWork, work_on(table).blob(key.partition).blob(key.sort).take());
}

Result<void> fill_replicas_later(engine::WriteTxn& txn, const Table& table) {
  return queue(txn, kFillReplicasWork, work_on(table).blob("").take());
}

void name_replica_work(engine::Store& store, Catalog& catalog) {
  store.on_work(std::string(kReplicateWork),
                [&catalog](engine::WriteTxn& txn, const std::string& payload) {
                  return replicate(catalog, txn, payload);
                });
  store.on_work(std::string(kFillReplicasWork),
                [&catalog](engine::WriteTxn& txn, const std::string& payload) {
                  return fill(catalog, txn, payload);
                });
}

}  // namespace cloche::dynamodb
