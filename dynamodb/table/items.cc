#include "dynamodb/table/items.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "dynamodb/errors.h"
#include "dynamodb/item/key_bytes.h"
#include "dynamodb/limits.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/replicas.h"

namespace cloche::dynamodb {
namespace {

bool is_empty(const Value& attribute) {
  const Type type = type_of(attribute);
  return (type == Type::S || type == Type::B) && content_of(attribute).text().empty();
}

std::string_view word_for(Type type) { return type == Type::S ? "string" : "binary"; }

Result<void> check_size(std::size_t bytes, bool partition) {
  if (partition && bytes > kPartitionKeyBytesMax) {
    return invalid_value("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  }
  if (!partition && bytes > kSortKeyBytesMax) {
    return invalid_value(
        "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  }
  return {};
}

Result<std::string> key_in_item(const KeyAttribute& key, const Value& item, bool partition) {
  const Value& attribute = item.find(key.name);
  if (!attribute.present()) return invalid_value("Missing the key " + key.name + " in the item");
  if (type_of(attribute) != key.type) {
    return invalid_value("Type mismatch for key " + key.name +
                         " expected: " + std::string(name_of(key.type)) +
                         " actual: " + std::string(name_of(type_of(attribute))));
  }
  if (is_empty(attribute)) {
    return validation(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
        "contain an empty " +
        std::string(word_for(key.type)) + " value. Key: " + key.name);
  }
  std::string bytes = key_bytes(attribute);
  CLOCHE_TRY_VOID(check_size(bytes.size(), partition));
  return bytes;
}

Result<std::string> key_in_key(const KeyAttribute& key, const Value& keys, bool partition) {
  const Value& attribute = keys.find(key.name);
  if (!attribute.present() || type_of(attribute) != key.type) return key_schema_mismatch();
  if (is_empty(attribute)) {
    return invalid_value("The AttributeValue for a key attribute cannot contain an empty " +
                         std::string(word_for(key.type)) + " value. Key: " + key.name);
  }
  std::string bytes = key_bytes(attribute);
  CLOCHE_TRY_VOID(check_size(bytes.size(), partition));
  return bytes;
}

Result<void> check_index_key(const Index& index, const KeyAttribute& key, const Value& item,
                             bool partition) {
  const Value& attribute = item.find(key.name);
  if (!attribute.present()) return {};
  if (type_of(attribute) != key.type) {
    return invalid_value(
        "Type mismatch for Index Key " + key.name + " Expected: " + std::string(name_of(key.type)) +
        " Actual: " + std::string(name_of(type_of(attribute))) + " IndexName: " + index.name);
  }
  if (is_empty(attribute)) {
    return validation(
        "One or more parameter values are not valid. A value specified for a secondary index key "
        "is not supported. The AttributeValue "
        "for a key attribute cannot contain an empty " +
        std::string(word_for(key.type)) + " value. IndexName: " + index.name +
        ", IndexKey: " + key.name);
  }
  if (key.type == Type::N) return {};
  return check_size(key_bytes(attribute).size(), partition);
}

// The attributes of a key of several count together.
Result<void> check_whole_sizes(const Index& index, const Value& item) {
  const auto size_of = [&](std::size_t& sum) {
    return [&](const KeyAttribute& key) {
      const Value& attribute = item.find(key.name);
      if (attribute.present()) sum += attribute_bytes(attribute);
    };
  };
  std::size_t partition = 0, sort = 0;
  index.keys.each_partition(size_of(partition));
  index.keys.each_sort(size_of(sort));
  CLOCHE_TRY_VOID(check_size(partition, true));
  return check_size(sort, false);
}

// What an index keeps of an item, as stored.
std::string projected_row(const Table& table, const Index& index, const Value& item, Arena& arena) {
  if (index.projection == ProjectionType::All) return encode_item(item, item_bytes(item));
  Value kept = Value::map();
  for (const Member& member : item.members()) {
    if (is_projected(table, index, member.name)) kept.add(arena, member.name, member.value);
  }
  return encode_item(kept, item_bytes(kept));
}

std::int64_t write_units(std::string_view row) {
  const std::size_t bytes = StoredItem(row).bytes();
  return static_cast<std::int64_t>(
      std::max<std::size_t>(1, (bytes + kWriteUnitBytes - 1) / kWriteUnitBytes));
}

// Entries that have the same index key lie in the order of their items' hashes, as in the service:
// the hash of the whole key of the item (source as of PartitionOrder::Service).
void append_item_key(engine::KeyWriter& key, const Table& table, const Value& item) {
  const std::string partition = key_bytes(item.find(table.keys.partition.name));
  const std::string sort = table.keys.sort ? key_bytes(item.find(table.keys.sort->name)) : "";
  if (table.order == PartitionOrder::Mixed) {
    key.blob(partition).blob(sort);
    return;
  }
  const HashedPart parts[] = {{table.keys.partition.type, partition},
                              {table.keys.sort ? table.keys.sort->type : Type::S, sort}};
  const auto hash = static_cast<std::uint64_t>(
      partition_hash(table.order, std::span(parts, table.keys.sort ? 2 : 1)));
  std::string ordered;
  for (int shift = 56; shift >= 0; shift -= 8)
    ordered += static_cast<char>((hash ^ (std::uint64_t{1} << 63)) >> shift);
  key.blob(ordered + partition).blob(sort);
}

// Brings one index from the item before to the item after; answers with the units that the service
// would count: an entry that does not change costs nothing, one that moves costs its removal and
// its writing.
// Adds to `bytes` what the index grows by.
Result<std::int64_t> update_index(engine::WriteTxn& txn, const Table& table, const Index& index,
                                  const Value* before, const Value* after, std::int64_t& bytes,
                                  Arena& arena) {
  const auto row = [&](const Value* item) {
    return item ? index_row(table, index, *item) : std::nullopt;
  };
  const auto old_key = row(before);
  const auto new_key = row(after);
  const std::string old_row = old_key ? projected_row(table, index, *before, arena) : "";
  const std::string new_row = new_key ? projected_row(table, index, *after, arena) : "";
  if (old_key) bytes -= static_cast<std::int64_t>(StoredItem(old_row).bytes());
  if (new_key) bytes += static_cast<std::int64_t>(StoredItem(new_row).bytes());
  std::int64_t units = 0;
  if (old_key && old_key != new_key) {
    CLOCHE_TRY_VOID(txn.erase(kIndexEntries, *old_key));
    units += write_units(old_row);
  }
  if (!new_key || (old_key == new_key && old_row == new_row)) return units;
  CLOCHE_TRY_VOID(txn.put(kIndexEntries, *new_key, new_row));
  return units + std::max(write_units(new_row), old_key == new_key ? write_units(old_row) : 0);
}

std::string collection_row(const Table& table, const std::string& partition) {
  const HashedPart hashed{table.keys.partition.type, partition};
  return partition_prefix(table.id, table.order, {&hashed, 1}).take();
}

Result<void> grow_collection(engine::WriteTxn& txn, const Table& table, const ItemKey& key,
                             std::int64_t by) {
  if (by == 0) return {};
  CLOCHE_TRY(const bytes, collection_bytes(txn, table, key));
  const std::string row = collection_row(table, key.partition);
  return bytes + by > 0 ? txn.put(kCollections, row, std::to_string(bytes + by))
                        : txn.erase(kCollections, row);
}

}  // namespace

engine::KeyWriter partition_prefix(std::int64_t table_or_index_id, PartitionOrder order,
                                   std::span<const HashedPart> partition) {
  engine::KeyWriter key;
  key.integer(table_or_index_id).integer(partition_hash(order, partition));
  if (partition.size() == 1) {
    key.blob(partition[0].bytes);
    return key;
  }
  std::string all;
  for (const HashedPart& part : partition) {
    append_key_part(all, part.bytes);
    end_key_part(all);
  }
  key.blob(all);
  return key;
}

std::string after_row(std::string_view row) { return std::string(row) + "\xFF\xFF"; }

ItemKey item_key(const Table& table, std::string partition, std::string sort) {
  ItemKey key;
  const HashedPart hashed{table.keys.partition.type, partition};
  key.row = partition_prefix(table.id, table.order, {&hashed, 1}).blob(sort).take();
  key.partition = std::move(partition);
  key.sort = std::move(sort);
  return key;
}

Result<ItemKey> key_of_item(const Table& table, const Value& item) {
  CLOCHE_TRY(partition, key_in_item(table.keys.partition, item, true));
  std::string sort;
  if (table.keys.sort) {
    CLOCHE_TRY(bytes, key_in_item(*table.keys.sort, item, false));
    sort = std::move(bytes);
  }
  CLOCHE_TRY_VOID(check_index_keys(table, item));
  return item_key(table, std::move(partition), std::move(sort));
}

Result<ItemKey> key_of_key(const Table& table, const Value& keys) {
  if (keys.size() != (table.keys.sort ? 2u : 1u)) return key_schema_mismatch();
  CLOCHE_TRY(partition, key_in_key(table.keys.partition, keys, true));
  std::string sort;
  if (table.keys.sort) {
    CLOCHE_TRY(bytes, key_in_key(*table.keys.sort, keys, false));
    sort = std::move(bytes);
  }
  return item_key(table, std::move(partition), std::move(sort));
}

Result<void> check_index_keys(const Table& table, const Value& item) {
  for (const Index& index : table.indexes) {
    if (index.global) CLOCHE_TRY_VOID(check_index_key(index, index.keys.partition, item, true));
    if (index.keys.sort) CLOCHE_TRY_VOID(check_index_key(index, *index.keys.sort, item, false));
    for (const KeyAttribute& key : index.keys.more_partition)
      CLOCHE_TRY_VOID(check_index_key(index, key, item, true));
    for (const KeyAttribute& key : index.keys.more_sort)
      CLOCHE_TRY_VOID(check_index_key(index, key, item, false));
    if (!index.keys.is_plain()) CLOCHE_TRY_VOID(check_whole_sizes(index, item));
  }
  return {};
}

std::optional<std::string> index_row(const Table& table, const Index& index, const Value& item) {
  // Entries of a plain key without an allocation more than their bytes need; they are most.
  std::array<std::string, kKeyPartsMax> bytes;
  std::array<HashedPart, kKeyPartsMax> parts;
  std::size_t count = 0;
  bool whole = true;
  index.keys.each_partition([&](const KeyAttribute& key) {
    const Value& attribute = item.find(key.name);
    if (!(whole = whole && attribute.present())) return;
    bytes[count] = key_bytes(attribute);
    parts[count] = {key.type, bytes[count]};
    ++count;
  });
  if (!whole) return std::nullopt;
  std::string sort;
  index.keys.each_sort([&](const KeyAttribute& key) {
    const Value& attribute = item.find(key.name);
    if (!(whole = whole && attribute.present())) return;
    if (index.keys.more_sort.empty()) {
      sort = key_bytes(attribute);
    } else {
      append_key_part(sort, key_bytes(attribute));
      end_key_part(sort);
    }
  });
  if (!whole) return std::nullopt;
  engine::KeyWriter key =
      partition_prefix(index.id, table.order, std::span(parts.data(), count)).blob(sort);
  append_item_key(key, table, item);
  return key.take();
}

Result<FoundItem> FoundItem::find(const engine::ReadView& view, const ItemKey& key) {
  FoundItem found;
  CLOCHE_TRY(const row, view.get(kItems, key.row));
  if (row) found.stored_.emplace(*row);
  return found;
}

Result<Value> FoundItem::tree(Arena& arena) {
  if (!tree_) {
    if (!stored_) {
      tree_ = Value::map();
    } else {
      CLOCHE_TRY(const parsed, stored_->tree(arena));
      tree_ = parsed;
    }
  }
  return *tree_;
}

Result<void> write_item(engine::WriteTxn& txn, const Table& table, const ItemKey& key,
                        FoundItem& before, const NewItem* after, Changer changer,
                        std::vector<std::int64_t>& index_units, Arena& arena) {
  std::int64_t grown = (after ? static_cast<std::int64_t>(after->bytes) : 0) -
                       static_cast<std::int64_t>(before.bytes());
  if (!table.indexes.empty()) {
    CLOCHE_TRY(const old_tree, before.tree(arena));
    index_units.resize(table.indexes.size());
    for (std::size_t i = 0; i < table.indexes.size(); ++i) {
      std::int64_t bytes = 0;
      CLOCHE_TRY(const units,
                 update_index(txn, table, table.indexes[i], before.exists() ? &old_tree : nullptr,
                              after ? &after->tree : nullptr, bytes, arena));
      index_units[i] += units;
      if (!table.indexes[i].global) grown += bytes;
    }
  }
  if (table.counts_collections) CLOCHE_TRY_VOID(grow_collection(txn, table, key, grown));
  if (has_stream(table)) CLOCHE_TRY_VOID(record_change(txn, table, before, after, changer, arena));
  if (!table.ttl_attribute.empty())
    CLOCHE_TRY_VOID(update_expiry(txn, table, key, before, after, arena));
  if (!table.replicas.empty() && changer != Changer::Replication)
    CLOCHE_TRY_VOID(note_replicated_write(txn, table, key));
  if (after != nullptr) return txn.put(kItems, key.row, after->row);
  return before.exists() ? txn.erase(kItems, key.row) : Result<void>();
}

Result<std::int64_t> collection_bytes(const engine::ReadView& view, const Table& table,
                                      const ItemKey& key) {
  CLOCHE_TRY(const row, view.get(kCollections, collection_row(table, key.partition)));
  std::int64_t bytes = 0;
  if (row) std::from_chars(row->data(), row->data() + row->size(), bytes);
  return bytes;
}

Result<void> count_collection(engine::WriteTxn& txn, const Table& table, const Value& item) {
  CLOCHE_TRY(const key, key_of_item(table, item));
  Arena arena;
  auto bytes = static_cast<std::int64_t>(item_bytes(item));
  for (const Index& index : table.indexes) {
    if (index.global || !index_row(table, index, item)) continue;
    bytes +=
        static_cast<std::int64_t>(StoredItem(projected_row(table, index, item, arena)).bytes());
  }
  return grow_collection(txn, table, key, bytes);
}

Result<void> write_index_entry(engine::WriteTxn& txn, const Table& table, const Index& index,
                               const Value& item) {
  // An item from before the index may have a key attribute of another type: it is not in the index,
  // as on AWS.
  const auto fits = [&](const KeyAttribute& key) {
    const Value& attribute = item.find(key.name);
    return attribute.present() && type_of(attribute) == key.type && !is_empty(attribute);
  };
  bool all_fit = true;
  index.keys.each([&](const KeyAttribute& key) { all_fit = all_fit && fits(key); });
  if (!all_fit) return {};
  Arena arena;
  return txn.put(kIndexEntries, *index_row(table, index, item),
                 projected_row(table, index, item, arena));
}

}  // namespace cloche::dynamodb
