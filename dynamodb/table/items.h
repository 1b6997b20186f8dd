// Items and their index entries as rows: keys checked against the table's schema, lookups, and the
// one way in which an item is written.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/item/stored_item.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// Where an item lies: its key attributes as ordered bytes.
struct ItemKey {
  std::string partition;
  std::string sort;  // Empty without a sort key.
  std::string row;   // Key of its row in kItems.
};

// The key of a whole item (PutItem). Checks the index keys in it too.
Result<ItemKey> key_of_item(const Table& table, const Value& item);
// A Key parameter: exactly the key attributes.
Result<ItemKey> key_of_key(const Table& table, const Value& key);
// The key of the item with these key attributes as bytes; no checks.
ItemKey item_key(const Table& table, std::string partition, std::string sort);
// The types, emptiness and sizes of the attributes that are keys of an index.
Result<void> check_index_keys(const Table& table, const Value& item);

// The beginning of all rows of a table or index that lie in one partition, for scans.
engine::KeyWriter partition_prefix(std::int64_t table_or_index_id, PartitionOrder order,
                                   std::span<const HashedPart> partition);
// The beginning of what comes after a row: a bound as engine/key.h has them.
std::string after_row(std::string_view row);
// The row of an index entry. Nothing if the item lacks a key of the index, and so is not in it.
std::optional<std::string> index_row(const Table& table, const Index& index, const Value& item);

// An item as a view or transaction finds it. What it refers to is good until the item is written.
class FoundItem {
 public:
  static Result<FoundItem> find(const engine::ReadView& view, const ItemKey& key);

  bool exists() const { return stored_.has_value(); }
  std::size_t bytes() const { return stored_ ? stored_->bytes() : 0; }
  std::string_view json() const { return stored_ ? stored_->json() : std::string_view(); }
  // Parsed once; an empty map if there is no item.
  Result<Value> tree(Arena& arena);

 private:
  std::optional<StoredItem> stored_;
  std::optional<Value> tree_;
};

// What becomes of an item.
struct NewItem {
  Value tree;
  std::string row;  // encode_item
  std::size_t bytes = 0;
};

// Who changes an item, as the record in the table's stream says.
enum class Changer : std::uint8_t { Client, TimeToLive, Replication };

// Writes or removes (`after` is null) an item with all that follows from it: index entries, the
// record in the table's stream, the time at which it expires. Adds to `index_units` the write units
// of each of the table's indexes. Invalidates `before`.
Result<void> write_item(engine::WriteTxn& txn, const Table& table, const ItemKey& key,
                        FoundItem& before, const NewItem* after, Changer changer,
                        std::vector<std::int64_t>& index_units, Arena& arena);

// The size of the collection that a key is in: all items of its partition key with their entries in local
// indexes. A row of its own, which write_item keeps for tables that count (Table::counts_collections), so
// that a write reads one row and not the collection. Tables without local indexes pay nothing.
Result<std::int64_t> collection_bytes(const engine::ReadView& view, const Table& table,
                                      const ItemKey& key);
// Counts an item that is put among the others by other means than write_item.
Result<void> count_collection(engine::WriteTxn& txn, const Table& table, const Value& item);

// Writes the entry of one item in one index, as it has to be: the step of a backfill.
Result<void> write_index_entry(engine::WriteTxn& txn, const Table& table, const Index& index,
                               const Value& item);

}  // namespace cloche::dynamodb
