#include "dynamodb/backup/backup.h"

#include "base/json.h"

namespace cloche::dynamodb {

std::string Backup::key() const {
  return engine::KeyWriter().text(account).text(region).text(table_name).text(id).take();
}

std::string encode_backup(const Backup& backup) {
  Arena arena;
  const std::string table = encode_table(backup.table);
  Value out = Value::map();
  out.add(arena, "name", Value::string(backup.name));
  out.add(arena, "created", encode_time(backup.created));
  out.add(arena, "storage", Value::integer(backup.storage));
  out.add(arena, "available", Value::boolean(backup.available));
  out.add(arena, "items", Value::integer(backup.items));
  out.add(arena, "bytes", Value::integer(backup.bytes));
  if (backup.expires) out.add(arena, "expires", encode_time(backup.expires));
  out.add(arena, "table", Value::raw(table));
  std::string row;
  append_json(row, out);
  return row;
}

Result<void> store_backup(engine::WriteTxn& txn, const Backup& backup) {
  return txn.put(kBackups, backup.key(), encode_backup(backup));
}

Result<Backup> decode_backup(std::string_view key, std::string_view row) {
  Arena arena;
  const auto parsed = parse_json(row, arena);
  if (!parsed || !(*parsed)["table"].present())
    return damaged("dynamodb_backups: a row is no backup");
  const Value& in = *parsed;
  engine::KeyReader columns(key);
  Backup backup;
  backup.account = columns.text();
  backup.region = columns.text();
  backup.table_name = columns.text();
  backup.id = columns.text();
  backup.name = in["name"].str();
  backup.created = decode_time(in["created"]).value_or(Instant());
  backup.storage = in["storage"].as_integer(0);
  backup.available = in["available"].as_bool();
  backup.items = in["items"].as_integer(0);
  backup.bytes = in["bytes"].as_integer(0);
  backup.expires = decode_time(in["expires"]);
  std::string table;
  append_json(table, in["table"]);
  CLOCHE_TRY(decoded, decode_table(table));
  backup.table = std::move(decoded);
  return backup;
}

Result<std::optional<Backup>> find_backup(const engine::ReadView& view, std::string_view arn) {
  auto parts = parse_part_arn(arn, "backup");
  if (!parts) return std::optional<Backup>();
  Backup named;
  named.account = std::move(parts->account);
  named.region = std::move(parts->region);
  named.table_name = std::move(parts->table);
  named.id = std::move(parts->id);
  const std::string key = named.key();
  CLOCHE_TRY(const row, view.get(kBackups, key));
  if (!row) return std::optional<Backup>();
  CLOCHE_TRY(backup, decode_backup(key, *row));
  return std::optional<Backup>(std::move(backup));
}

}  // namespace cloche::dynamodb
