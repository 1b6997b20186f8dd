#include "dynamodb/table/describe_rows.h"

#include "base/json.h"
#include "dynamodb/backup/backup.h"
#include "dynamodb/item/stored_item.h"
#include "dynamodb/stream/head.h"
#include "dynamodb/stream/stream.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/expiry.h"
#include "dynamodb/table/replicas.h"
#include "dynamodb/table/table.h"
#include "dynamodb/table/table_work.h"
#include "dynamodb/transfer/export.h"
#include "dynamodb/transfer/import.h"
#include "engine/engine.h"
#include "engine/key.h"

namespace cloche::dynamodb {
namespace {

using engine::KeyReader;
using engine::Numbers;
using engine::Owner;
using engine::Owners;
using engine::Resource;
using engine::TableDescription;
using Named = std::vector<std::pair<std::int64_t, Owner>>;

// Ends each key attribute's name in an owner's detail.
constexpr char kNameEnd = '\0';

Owner owner_of(const Table& table) {
  Owner owner{
      .kind = "table", .account = table.account, .region = table.region, .name = table.name};
  table.keys.each([&](const KeyAttribute& key) { owner.detail += key.name + kNameEnd; });
  return owner;
}

// Of a row whose key begins with account, region and table name.
Owner owner_in_key(KeyReader& columns) {
  Owner owner{.kind = "table", .account = columns.text(), .region = columns.text(), .name = {}};
  owner.name = columns.text();
  return owner;
}

// What belongs to its table by the number that its key begins with.
std::optional<Resource> numbered_resource(std::string_view key, std::string_view,
                                          const Owners& owners) {
  const Owner* const owner = owners.find(KeyReader(key).integer());
  if (owner == nullptr) return std::nullopt;
  return Resource{.owner = *owner, .kind = ""};
}

void name_table(std::string_view, std::string_view value, Named& into) {
  const auto table = decode_table(value);
  if (!table) return;
  into.emplace_back(table->id, owner_of(*table));
  for (const Index& index : table->indexes) into.emplace_back(index.id, into.front().second);
}

std::optional<Resource> table_resource(std::string_view key, std::string_view, const Owners&) {
  KeyReader columns(key);
  return Resource{.owner = owner_in_key(columns), .kind = "table"};
}

// Figures that items change, and not whoever changes the table.
bool is_figure(std::string_view member) {
  return member == "ItemCount" || member == "TableSizeBytes" || member == "IndexSizeBytes";
}

Value without_figures(const Value& from, Arena& arena) {
  if (from.is(Value::Kind::List)) {
    Value out = Value::list();
    for (const Value& item : from.items()) out.push(arena, without_figures(item, arena));
    return out;
  }
  if (!from.is(Value::Kind::Map)) return from;
  Value out = Value::map();
  for (const Member& member : from.members()) {
    if (!is_figure(member.name)) out.add(arena, member.name, without_figures(member.value, arena));
  }
  return out;
}

// What other operations than DescribeTable tell of a table.
void tell_settings(const Table& table, Value& out, Arena& arena) {
  if (!table.ttl_attribute.empty()) {
    Value& ttl = out.add(arena, "TimeToLiveSpecification", Value::map());
    ttl.add(arena, "Enabled", Value::boolean(true));
    ttl.add(arena, "AttributeName", Value::string(table.ttl_attribute));
  }
  if (table.recovery_since) {
    Value& recovery = out.add(arena, "PointInTimeRecoverySpecification", Value::map());
    recovery.add(arena, "PointInTimeRecoveryEnabled", Value::boolean(true));
    if (table.recovery_days != 0)
      recovery.add(arena, "RecoveryPeriodInDays", Value::integer(table.recovery_days));
  }
  if (!table.tags.empty()) {
    Value& tags = out.add(arena, "Tags", Value::list());
    for (const auto& [key, value] : table.tags) {
      Value& tag = tags.push(arena, Value::map());
      tag.add(arena, "Key", Value::string(key));
      tag.add(arena, "Value", Value::string(value));
    }
  }
  if (!table.policy.text.empty())
    out.add(arena, "ResourcePolicy", Value::string(table.policy.text));
  if (!table.stream_policy.text.empty())
    out.add(arena, "StreamResourcePolicy", Value::string(table.stream_policy.text));
  if (table.contributor_insights)
    out.add(arena, "ContributorInsightsStatus", Value::string("ENABLED"));
  if (table.kinesis.empty()) return;
  Value& destinations = out.add(arena, "KinesisDataStreamDestinations", Value::list());
  for (const KinesisDestination& destination : table.kinesis) {
    Value& told = destinations.push(arena, Value::map());
    told.add(arena, "StreamArn", Value::string(destination.arn));
    told.add(arena, "DestinationStatus", Value::string(destination.active ? "ACTIVE" : "DISABLED"));
  }
}

void table_json(std::string_view, std::string_view value, std::string& into) {
  const auto table = decode_table(value);
  if (!table) return;
  Arena arena;
  const Value described = describe_table(*table, "ACTIVE", {}, {}, arena);
  Value out = without_figures(described, arena);
  tell_settings(*table, out, arena);
  append_json(into, out);
}

std::optional<Resource> item_resource(std::string_view key, std::string_view value,
                                      const Owners& owners) {
  auto resource = numbered_resource(key, value, owners);
  // Backups have items too, and no keys that they are told by.
  if (!resource || resource->owner.detail.empty()) return resource;
  resource->kind = "item";
  const StoredItem item(value);
  resource->bytes = item.bytes();
  Arena arena;
  const auto tree = item.tree(arena);
  if (!tree) return resource;
  Value keys = Value::map();
  for (std::string_view names = resource->owner.detail; !names.empty();) {
    const auto end = names.find(kNameEnd);
    const std::string_view name = names.substr(0, end);
    keys.add(arena, name, (*tree)[name]);
    names.remove_prefix(end + 1);
  }
  append_json(resource->name, keys);
  return resource;
}

void item_json(std::string_view, std::string_view value, std::string& into) {
  into += StoredItem(value).json();
}

// Streams outlive the table that they were of; records lie under the stream's own number.
void name_stream(std::string_view key, std::string_view value, Named& into) {
  KeyReader columns(key);
  Arena arena;
  const auto parsed = parse_json(value, arena);
  if (parsed) into.emplace_back((*parsed)["id"].as_integer(0), owner_in_key(columns));
}

std::optional<Resource> stream_resource(std::string_view key, std::string_view, const Owners&) {
  KeyReader columns(key);
  return Resource{.owner = owner_in_key(columns), .kind = ""};
}

void name_backup(std::string_view key, std::string_view value, Named& into) {
  KeyReader columns(key);
  const auto backup = decode_backup(key, value);
  if (backup) into.emplace_back(backup->storage, owner_in_key(columns));
}

std::optional<Resource> backup_resource(std::string_view key, std::string_view value,
                                        const Owners&) {
  KeyReader columns(key);
  Resource resource{.owner = owner_in_key(columns), .kind = "backup"};
  resource.name = columns.text();
  if (const auto backup = decode_backup(key, value))
    resource.bytes = static_cast<std::uint64_t>(backup->bytes);
  return resource;
}

std::optional<Resource> transfer_resource(std::string_view key, std::string_view kind) {
  KeyReader columns(key);
  Resource resource{.owner = owner_in_key(columns), .kind = std::string(kind)};
  resource.name = columns.text();
  return resource;
}
std::optional<Resource> export_resource(std::string_view key, std::string_view, const Owners&) {
  return transfer_resource(key, "export");
}
std::optional<Resource> import_resource(std::string_view key, std::string_view, const Owners&) {
  return transfer_resource(key, "import");
}

void export_json(std::string_view key, std::string_view value, std::string& into) {
  const auto exported = decode_export(key, value);
  if (!exported) return;
  Arena arena;
  Value out = Value::map();
  out.add(arena, "ExportArn", Value::string(arena, exported->arn()));
  out.add(arena, "ExportStatus", Value::string(name_of(exported->status)));
  out.add(arena, "S3Prefix", Value::string(exported->prefix));
  out.add(arena, "ItemCount", Value::integer(exported->items));
  append_json(into, out);
}
void import_json(std::string_view key, std::string_view value, std::string& into) {
  const auto import = decode_import(key, value);
  if (!import) return;
  Arena arena;
  Value out = Value::map();
  out.add(arena, "ImportArn", Value::string(arena, import->arn()));
  out.add(arena, "ImportStatus", Value::string(name_of(import->status)));
  out.add(arena, "ProcessedItemCount", Value::integer(import->processed));
  out.add(arena, "ImportedItemCount", Value::integer(import->imported));
  append_json(into, out);
}

void backup_json(std::string_view key, std::string_view value, std::string& into) {
  const auto backup = decode_backup(key, value);
  if (!backup) return;
  Arena arena;
  Value out = Value::map();
  out.add(arena, "BackupArn", Value::string(arena, backup->arn()));
  out.add(arena, "BackupName", Value::string(backup->name));
  out.add(arena, "BackupStatus", Value::string(backup->available ? "AVAILABLE" : "CREATING"));
  out.add(arena, "BackupType", Value::string(backup->expires ? "SYSTEM" : "USER"));
  out.add(arena, "BackupCreationDateTime", Value::timestamp(backup->created));
  if (backup->expires) out.add(arena, "BackupExpiryDateTime", Value::timestamp(*backup->expires));
  out.add(arena, "BackupSizeBytes", Value::integer(backup->bytes));
  out.add(arena, "ItemCount", Value::integer(backup->items));
  append_json(into, out);
}

std::int64_t number_of(const Numbers& numbers, std::int64_t number) {
  return numbers.find(number).value_or(0);
}

bool renumber_table(std::string_view, std::string& value, const Numbers& numbers) {
  auto table = decode_table(value);
  if (!table) return true;
  table->id = number_of(numbers, table->id);
  for (Index& index : table->indexes) index.id = number_of(numbers, index.id);
  table->stream_id = number_of(numbers, table->stream_id);
  value = encode_table(*table);
  return true;
}

bool renumber_stream(std::string_view, std::string& value, const Numbers& numbers) {
  Arena arena;
  auto stream = parse_json(arena.copy(value), arena);
  if (!stream) return true;
  stream->set(arena, "id", Value::integer(number_of(numbers, (*stream)["id"].as_integer(0))));
  value.clear();
  append_json(value, *stream);
  return true;
}

// A table that was: its own numbers stand for nothing.
void forget_numbers(Table& table) {
  table.id = table.stream_id = 0;
  for (Index& index : table.indexes) index.id = 0;
}

bool renumber_backup(std::string_view key, std::string& value, const Numbers& numbers) {
  auto backup = decode_backup(key, value);
  if (!backup) return true;
  backup->storage = number_of(numbers, backup->storage);
  forget_numbers(backup->table);
  value = encode_backup(*backup);
  return true;
}

bool renumber_export(std::string_view key, std::string& value, const Numbers&) {
  auto exported = decode_export(key, value);
  if (!exported) return true;
  forget_numbers(exported->table);
  value = encode_export(*exported);
  return true;
}

bool renumber_import(std::string_view, std::string& value, const Numbers& numbers) {
  Arena arena;
  auto import = parse_json(arena.copy(value), arena);
  if (!import) return true;
  const std::int64_t before = (*import)["table_id"].as_integer(0);
  if (before != 0) import->set(arena, "table_id", Value::integer(number_of(numbers, before)));
  value.clear();
  append_json(value, *import);
  return true;
}

// Copies and exports read the past, which a sealed file has none of.
bool always(std::string_view, std::string_view) { return true; }
bool is_export_under_way(std::string_view key, std::string_view value) {
  const auto exported = decode_export(key, value);
  return exported && exported->status == TransferStatus::InProgress;
}
bool is_import_under_way(std::string_view key, std::string_view value) {
  const auto import = decode_import(key, value);
  return import && import->status == TransferStatus::InProgress;
}

bool renumber_counter(std::string_view, std::string& value, const Numbers& numbers) {
  value = std::to_string(numbers.last());
  return numbers.last() > 0;
}

// Work on a table, with its number (table/table_work.h). What goes from row to row, and names the row
// that it has come to, begins again: the row's key is another one now, and doing it twice changes
// nothing.
bool renumber_table_work(std::string_view kind, std::string& payload, const Numbers& numbers,
                         Owner& about) {
  KeyReader columns(payload);
  about = owner_in_key(columns);
  const std::int64_t before = columns.integer();
  const auto number = numbers.find(before);
  if (!number) return false;
  engine::KeyWriter out;
  out.text(about.account).text(about.region).text(about.name).integer(*number);
  if (kind == kReplicateWork) {
    const std::string partition = columns.blob();
    out.blob(partition).blob(columns.blob());
  } else if (kind == kExpiryWork) {
    // Of several only the one that the head speaks of does anything.
    const std::int64_t expires = columns.integer();
    const std::string head_key = engine::KeyWriter().integer(before).take();
    const auto head = numbers.view().get(kExpiryHeads, head_key);
    if (!head || !*head || Value::string(**head).as_integer(0) != expires) return false;
    out.integer(expires);
  } else {
    if (kind == kBackfillWork) {
      const auto index = numbers.find(columns.integer());
      if (!index) return false;
      out.integer(*index);
    }
    out.blob("");
  }
  payload = out.take();
  return true;
}

bool is_table_work(std::string_view kind) {
  return kind == kExpiryWork || kind == kBeginExpiryWork || kind == kBackfillWork ||
         kind == kReplicateWork || kind == kFillReplicasWork;
}

// What belongs to nobody any more is left out, and needs no clearing.
bool renumber_clear_work(std::string& payload, const Numbers& numbers, Owner& about) {
  KeyReader columns(payload);
  const std::int64_t rows = columns.integer();
  const std::int64_t before = columns.integer();
  const Owner* const owner = numbers.owners().find(before);
  const auto number = numbers.find(before);
  if (owner == nullptr || !number) return false;
  about = *owner;
  payload = engine::KeyWriter().integer(rows).integer(*number).take();
  return true;
}

bool renumber_work(std::string_view kind, std::string& payload, const Numbers& numbers,
                   Owner& about) {
  if (is_table_work(kind)) return renumber_table_work(kind, payload, numbers, about);
  if (kind == kClearWork) return renumber_clear_work(payload, numbers, about);
  if (kind == kForgetStream || kind == kExpireBackupWork) {
    KeyReader columns(payload);
    about = owner_in_key(columns);
    return true;
  }
  // The others name nobody: what wakes who looks by himself, and tokens, which belong to an account.
  if (kind != kTrimStream) return numbers.whole();
  const std::int64_t stream = KeyReader(payload).integer();
  const Owner* const owner = numbers.owners().find(stream);
  const auto number = numbers.find(stream);
  if (owner == nullptr || !number) return false;
  about = *owner;
  payload = engine::KeyWriter().integer(*number).take();
  return true;
}

constexpr TableDescription kTable{.names = name_table,
                                  .resource = table_resource,
                                  .json = table_json,
                                  .renumber = renumber_table,
                                  .renumber_work = renumber_work};
constexpr TableDescription kItem{.resource = item_resource, .json = item_json, .numbered = true};
constexpr TableDescription kStream{
    .names = name_stream, .resource = stream_resource, .renumber = renumber_stream};
constexpr TableDescription kBackup{.names = name_backup,
                                   .resource = backup_resource,
                                   .json = backup_json,
                                   .renumber = renumber_backup};
constexpr TableDescription kCounter{.renumber = renumber_counter};
constexpr TableDescription kNumbered{.resource = numbered_resource, .numbered = true};
constexpr TableDescription kCopy{
    .resource = numbered_resource, .numbered = true, .under_way = always};
constexpr TableDescription kExport{.resource = export_resource,
                                   .json = export_json,
                                   .under_way = is_export_under_way,
                                   .renumber = renumber_export};
constexpr TableDescription kImport{.resource = import_resource,
                                   .json = import_json,
                                   .under_way = is_import_under_way,
                                   .renumber = renumber_import};

}  // namespace

const TableDescription* description_of(engine::TableId table) {
  switch (table) {
    case kTables:
      return &kTable;
    case kItems:
      return &kItem;
    case kStreams:
      return &kStream;
    case kBackups:
      return &kBackup;
    case kIndexEntries:
    case kStreamHeads:
    case kStreamShards:
    case kStreamRecords:
    case kExpiries:
    case kExpiryHeads:
    case kReplicaClocks:
    case kCollections:
      return &kNumbered;
    case kCopies:
      return &kCopy;
    case kExports:
      return &kExport;
    case kImports:
      return &kImport;
    case kCounters:
      return &kCounter;
    default:
      return nullptr;
  }
}

}  // namespace cloche::dynamodb
