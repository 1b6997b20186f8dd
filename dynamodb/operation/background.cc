// Work that goes on after its request was answered, in steps of kStepRowsMax rows or kStepBytesMax
// bytes: removing what was in a dropped table or index, and filling a new index.
#include <algorithm>

#include "dynamodb/limits.h"
#include "dynamodb/operation/backups.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/item_step.h"
#include "dynamodb/table/replicas.h"
#include "dynamodb/table/table_work.h"

namespace cloche::dynamodb {
namespace {

class Step {
 public:
  // False once the step is done.
  bool take(std::size_t bytes) {
    ++rows_;
    bytes_ += bytes;
    return rows_ < kStepRowsMax && bytes_ < kStepBytesMax;
  }

 private:
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

// The payload of "clear": the engine's table and the id whose rows go.
Result<void> clear_step(engine::WriteTxn& txn, const std::string& payload) {
  engine::KeyReader in(payload);
  const auto rows = static_cast<engine::TableId>(in.integer());
  const std::int64_t id = in.integer();
  engine::KeyWriter whole;
  whole.integer(id);
  const auto cursor = txn.scan(rows, engine::KeyRange::of(whole));
  std::vector<std::string> keys;
  Step step;
  bool more = false;
  for (; cursor->valid() && !more; cursor->next()) {
    keys.emplace_back(cursor->key());
    more = !step.take(cursor->key().size() + cursor->value().size());
  }
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : keys) CLOCHE_TRY_VOID(txn.erase(rows, key));
  return more ? clear_rows_later(txn, rows, id) : Result<void>();
}

// The payload of "backfill": where the table is found, its id and the index's, and the row after
// which the step goes on. The table or the index may be gone by now, or a new table may have its
// name: then there is nothing left to do.
Result<void> backfill_step(Service& service, engine::WriteTxn& txn, const std::string& payload) {
  engine::KeyReader in(payload);
  const Place place{in.text(), in.text()};
  const std::string name = in.text();
  const std::int64_t table_id = in.integer();
  const std::int64_t index_id = in.integer();
  const std::string from = in.blob();

  CLOCHE_TRY(const found, service.catalog.find(txn, place, name));
  if (found == nullptr || found->id != table_id) return {};
  Table table = *found;
  const auto index = std::ranges::find(table.indexes, index_id, &Index::id);
  if (index == table.indexes.end()) return {};

  CLOCHE_TRY(const step, next_items(txn, table_id, from));
  for (const std::string& item : step.rows) {
    Arena arena;
    CLOCHE_TRY(const tree, StoredItem(item).tree(arena));
    CLOCHE_TRY_VOID(write_index_entry(txn, table, *index, tree));
  }
  if (step.more) return backfill_later(txn, table, index_id, step.last);
  index->backfilling = false;
  return Catalog::store(txn, table);
}

}  // namespace

Result<void> clear_rows_later(engine::WriteTxn& txn, engine::TableId rows,
                              std::int64_t table_or_index_id) {
  auto queued = txn.later({std::string(kClearWork),
                           engine::KeyWriter().integer(rows).integer(table_or_index_id).take(),
                           {}});
  return queued ? Result<void>() : std::move(queued).error();
}

Result<void> backfill_later(engine::WriteTxn& txn, const Table& table, std::int64_t index_id,
                            std::string_view from) {
  engine::KeyWriter payload;
  payload.text(table.account)
      .text(table.region)
      .text(table.name)
      .integer(table.id)
      .integer(index_id)
      .blob(from);
  auto queued = txn.later({std::string(kBackfillWork), payload.take(), {}});
  return queued ? Result<void>() : std::move(queued).error();
}

Result<void> begin_streams_and_expiries(engine::WriteTxn& txn) {
  std::vector<Table> changed;
  const auto cursor = txn.scan(kTables, {});
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(table, decode_table(cursor->value()));
    if (has_stream(table) || !table.ttl_attribute.empty()) changed.push_back(std::move(table));
  }
  CLOCHE_TRY_VOID(cursor->status());
  for (Table& table : changed) {
    if (has_stream(table) && table.stream_id == 0) CLOCHE_TRY_VOID(open_stream(txn, table));
    if (!table.ttl_attribute.empty()) CLOCHE_TRY_VOID(begin_expiry(txn, table));
    CLOCHE_TRY_VOID(Catalog::store(txn, table));
  }
  return {};
}

void name_work(Service& service) {
  service.store.on_work(std::string(kClearWork), clear_step);
  service.store.on_work(std::string(kBackfillWork),
                        [&service](engine::WriteTxn& txn, const std::string& payload) {
                          return backfill_step(service, txn, payload);
                        });
  service.store.on_work(std::string(kForgetTokenWork),
                        [](engine::WriteTxn& txn, const std::string& payload) {
                          return txn.erase(kTokens, payload);
                        });
  service.store.on_work(std::string(kCopyWork),
                        [&service](engine::WriteTxn&, const std::string&) -> Result<void> {
                          service.copier.wake();
                          return {};
                        });
  service.store.on_work(std::string(kExportWork),
                        [&service](engine::WriteTxn&, const std::string&) -> Result<void> {
                          service.exporter.wake();
                          return {};
                        });
  service.store.on_work(std::string(kImportWork),
                        [&service](engine::WriteTxn&, const std::string&) -> Result<void> {
                          service.importer.wake();
                          return {};
                        });
  name_replica_work(service.store, service.catalog);
  name_backup_work(service.store);
  name_stream_work(service.store);
  name_expiry_work(service.store, service.catalog, service.options.remove_expired);
}

}  // namespace cloche::dynamodb
