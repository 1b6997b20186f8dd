#include "dynamodb/transfer/import.h"

#include "base/digest.h"
#include "base/json.h"
#include "dynamodb/table/catalog.h"

namespace cloche::dynamodb {

std::string Import::key() const {
  return engine::KeyWriter().text(account).text(region).text(table_name).text(id).take();
}

Result<void> store_import(engine::WriteTxn& txn, const Import& import) {
  Arena arena;
  Value out = Value::map();
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.add(arena, name, Value::string(value));
  };
  const auto number = [&](std::string_view name, std::int64_t value) {
    if (value != 0) out.add(arena, name, Value::integer(value));
  };
  text("table_uuid", import.table_uuid);
  number("table_id", import.table_id);
  out.add(arena, "started", encode_time(import.started));
  text("token", import.token);
  text("bucket", import.bucket.bucket);
  text("owner", import.bucket.owner);
  text("by", import.bucket.account);
  out.add(arena, "owner_given", Value::boolean(import.owner_given));
  text("prefix", import.prefix);
  number("format", static_cast<int>(import.format));
  text("compression", import.compression);
  if (!import.options.empty()) out.add(arena, "options", Value::raw(import.options));
  out.add(arena, "parameters", Value::raw(import.parameters));
  number("status", static_cast<int>(import.status));
  text("failure", import.failure.code);
  text("failure_message", import.failure.message);
  if (import.ended) out.add(arena, "ended", encode_time(import.ended));
  // Keys of objects, which are UTF-8.
  text("done_key", import.done_key);
  text("key_in_progress", import.key_in_progress);
  number("records_done", import.records_done);
  number("processed", import.processed);
  number("imported", import.imported);
  number("errors", import.errors);
  number("bytes", import.bytes);
  std::string row;
  append_json(row, out);
  return txn.put(kImports, import.key(), row);
}

Result<Import> decode_import(std::string_view key, std::string_view row) {
  Arena arena;
  const auto parsed = parse_json(row, arena);
  if (!parsed || !(*parsed)["parameters"].present())
    return damaged("dynamodb_imports: a row is no import");
  const Value& in = *parsed;
  engine::KeyReader columns(key);
  Import import;
  import.account = columns.text();
  import.region = columns.text();
  import.table_name = columns.text();
  import.id = columns.text();
  import.table_uuid = in["table_uuid"].str();
  import.table_id = in["table_id"].as_integer(0);
  import.started = decode_time(in["started"]).value_or(Instant());
  import.token = in["token"].str();
  import.bucket = {in["bucket"].str(), in["owner"].str(), in["by"].str()};
  import.owner_given = in["owner_given"].as_bool();
  import.prefix = in["prefix"].str();
  import.format = static_cast<ImportFormat>(in["format"].as_integer(0));
  import.compression = in["compression"].str();
  if (in["options"].present()) append_json(import.options, in["options"]);
  append_json(import.parameters, in["parameters"]);
  import.status = static_cast<TransferStatus>(in["status"].as_integer(0));
  import.failure = {in["failure"].str(), in["failure_message"].str()};
  import.ended = decode_time(in["ended"]);
  import.done_key = in["done_key"].str();
  import.key_in_progress = in["key_in_progress"].str();
  import.records_done = in["records_done"].as_integer(0);
  import.processed = in["processed"].as_integer(0);
  import.imported = in["imported"].as_integer(0);
  import.errors = in["errors"].as_integer(0);
  import.bytes = in["bytes"].as_integer(0);
  return import;
}

Result<std::optional<Import>> find_import(const engine::ReadView& view, std::string_view arn) {
  auto parts = parse_part_arn(arn, "import");
  if (!parts) return std::optional<Import>();
  Import named;
  named.account = std::move(parts->account);
  named.region = std::move(parts->region);
  named.table_name = std::move(parts->table);
  named.id = std::move(parts->id);
  const std::string key = named.key();
  CLOCHE_TRY(const row, view.get(kImports, key));
  if (!row) return std::optional<Import>();
  CLOCHE_TRY(import, decode_import(key, *row));
  return std::optional<Import>(std::move(import));
}

}  // namespace cloche::dynamodb
