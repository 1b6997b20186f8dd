#include "services/kms/records.h"

#include "base/json.h"
#include "engine/key.h"

namespace cloche::kms {
namespace {

Value time_value(Instant at) { return Value::integer(at.time_since_epoch().count()); }
Instant time_of(const Value& value) {
  return Instant(std::chrono::microseconds(value.as_integer(0)));
}

std::string json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

Result<Value> parse_row(std::string_view row, Arena& arena) {
  auto parsed = parse_json(row, arena);
  if (!parsed) return damaged("a kms row is not JSON: " + parsed.error().message);
  return parsed;
}

std::string arn_of(std::string_view account, std::string_view region, std::string_view resource) {
  std::string_view partition = "aws";
  if (region.starts_with("cn-")) partition = "aws-cn";
  if (region.starts_with("us-gov-")) partition = "aws-us-gov";
  std::string arn = "arn:";
  for (const std::string_view part : {partition, std::string_view("kms"), region, account}) {
    arn += part;
    arn += ':';
  }
  return arn.append(resource);
}

}  // namespace

std::vector<engine::TableSpec> tables() {
  using enum engine::ColumnType;
  std::vector<engine::TableSpec> all = {
      {kKeys, "kms_keys", {{"account", Text}, {"region", Text}, {"key_id", Text}}},
      {kAliases, "kms_aliases", {{"account", Text}, {"region", Text}, {"name", Text}}},
  };
  for (engine::TableSpec& table : all) table.description = description_of(table.id);
  return all;
}

std::string Key::arn() const { return arn_of(account, region, "key/" + id); }
std::string Alias::arn() const { return arn_of(account, region, name); }

std::string key_row(std::string_view account, std::string_view region, std::string_view id) {
  return engine::KeyWriter().text(account).text(region).text(id).take();
}

engine::KeyRange rows_of(std::string_view account, std::string_view region) {
  return engine::KeyRange::of(engine::KeyWriter().text(account).text(region));
}

std::string last_column(std::string_view row_key) {
  engine::KeyReader reader(row_key);
  reader.text();
  reader.text();
  return reader.text();
}

std::string encode(const Key& key) {
  Arena arena;
  Value row = Value::map();
  row.add(arena, "created", time_value(key.created));
  row.add(arena, "state", Value::integer(static_cast<int>(key.state)));
  row.add(arena, "material", Value::string(key.material_id));
  if (!key.description.empty()) row.add(arena, "description", Value::string(key.description));
  if (!key.policy.empty()) row.add(arena, "policy", Value::string(key.policy));
  if (key.aws_managed) row.add(arena, "aws", Value::boolean(true));
  if (key.multi_region) row.add(arena, "multi_region", Value::boolean(true));
  if (key.deletion) {
    row.add(arena, "deletion", time_value(*key.deletion));
    row.add(arena, "work", Value::integer(static_cast<std::int64_t>(key.deletion_work)));
  }
  if (!key.tags.empty()) {
    Value tags = Value::map();
    for (const auto& [name, value] : key.tags) tags.add(arena, name, Value::string(value));
    row.add(arena, "tags", tags);
  }
  return json(row);
}

std::string encode(const Alias& alias) {
  Arena arena;
  Value row = Value::map();
  row.add(arena, "key", Value::string(alias.key_id));
  row.add(arena, "created", time_value(alias.created));
  row.add(arena, "updated", time_value(alias.updated));
  return json(row);
}

Result<Key> decode_key(std::string_view account, std::string_view region, std::string_view id,
                       std::string_view row) {
  Arena arena;
  CLOCHE_TRY(const value, parse_row(row, arena));
  Key key;
  key.account = account;
  key.region = region;
  key.id = id;
  key.description = value["description"].str();
  key.policy = value["policy"].str();
  key.material_id = value["material"].str();
  key.state = static_cast<KeyState>(value["state"].as_integer(0));
  key.created = time_of(value["created"]);
  if (value["deletion"]) key.deletion = time_of(value["deletion"]);
  key.deletion_work = static_cast<std::uint64_t>(value["work"].as_integer(0));
  key.aws_managed = value["aws"].as_bool();
  key.multi_region = value["multi_region"].as_bool();
  for (const Member& tag : value["tags"].members())
    key.tags.emplace_back(tag.name, tag.value.text());
  return key;
}

Result<Alias> decode_alias(std::string_view account, std::string_view region, std::string_view name,
                           std::string_view row) {
  Arena arena;
  CLOCHE_TRY(const value, parse_row(row, arena));
  return Alias{.account = std::string(account),
               .region = std::string(region),
               .name = std::string(name),
               .key_id = value["key"].str(),
               .created = time_of(value["created"]),
               .updated = time_of(value["updated"])};
}

Result<void> put_key(engine::WriteTxn& txn, const Key& key) {
  return txn.put(kKeys, key_row(key.account, key.region, key.id), encode(key));
}

Result<void> put_alias(engine::WriteTxn& txn, const Alias& alias) {
  return txn.put(kAliases, key_row(alias.account, alias.region, alias.name), encode(alias));
}

Result<std::optional<Alias>> find_alias(const engine::ReadView& view, std::string_view account,
                                        std::string_view region, std::string_view name) {
  CLOCHE_TRY(const row, view.get(kAliases, key_row(account, region, name)));
  if (!row) return std::optional<Alias>();
  CLOCHE_TRY(alias, decode_alias(account, region, name, *row));
  return std::optional(std::move(alias));
}

Key new_key(engine::WriteTxn& txn, std::string_view account, std::string_view region) {
  Key key;
  key.account = account;
  key.region = region;
  key.id = txn.ids().uuid();
  key.material_id = txn.ids().hex(64);
  key.created = txn.now();
  return key;
}

}  // namespace cloche::kms
