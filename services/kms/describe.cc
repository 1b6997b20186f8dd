// Keys and aliases in KMS's terms. An alias belongs to its key.
#include "engine/describe.h"

#include "base/json.h"
#include "services/kms/records.h"

namespace cloche::kms {
namespace {

using engine::KeyReader;
using engine::Owner;
using engine::Owners;
using engine::Resource;
using engine::TableDescription;

Owner owner_of(std::string_view key) {
  KeyReader columns(key);
  Owner owner{.kind = "key", .account = columns.text(), .region = columns.text(), .name = {}};
  owner.name = columns.text();
  return owner;
}

std::optional<Resource> key_resource(std::string_view key, std::string_view, const Owners&) {
  return Resource{.owner = owner_of(key), .kind = "key"};
}

void key_json(std::string_view key, std::string_view value, std::string& into) {
  const Owner owner = owner_of(key);
  const auto decoded = decode_key(owner.account, owner.region, owner.name, value);
  if (!decoded) return;
  Arena arena;
  Value out = describe(arena, *decoded);
  if (!decoded->policy.empty()) out.add(arena, "Policy", Value::string(decoded->policy));
  if (!decoded->tags.empty()) {
    Value& tags = out.add(arena, "Tags", Value::list());
    for (const auto& [name, text] : decoded->tags) {
      Value& tag = tags.push(arena, Value::map());
      tag.add(arena, "TagKey", Value::string(name));
      tag.add(arena, "TagValue", Value::string(text));
    }
  }
  append_json(into, out);
}

std::optional<Resource> alias_resource(std::string_view key, std::string_view value,
                                       const Owners&) {
  Owner owner = owner_of(key);
  const auto alias = decode_alias(owner.account, owner.region, owner.name, value);
  Resource resource{.owner = {}, .kind = "alias", .name = std::move(owner.name)};
  if (alias) owner.name = alias->key_id;
  resource.owner = std::move(owner);
  return resource;
}

void alias_json(std::string_view key, std::string_view value, std::string& into) {
  const Owner owner = owner_of(key);
  const auto alias = decode_alias(owner.account, owner.region, owner.name, value);
  if (!alias) return;
  Arena arena;
  Value out = Value::map();
  out.add(arena, "AliasName", Value::string(alias->name));
  out.add(arena, "TargetKeyId", Value::string(alias->key_id));
  out.add(arena, "CreationDate", Value::timestamp(alias->created));
  out.add(arena, "LastUpdatedDate", Value::timestamp(alias->updated));
  append_json(into, out);
}

bool renumber_key(std::string_view key, std::string& value, const engine::Numbers& numbers) {
  const Owner owner = owner_of(key);
  auto decoded = decode_key(owner.account, owner.region, owner.name, value);
  if (!decoded || decoded->deletion_work == 0) return true;
  decoded->deletion_work = numbers.work(decoded->deletion_work);
  value = encode(*decoded);
  return true;
}

bool renumber_work(std::string_view kind, std::string& payload, const engine::Numbers&,
                   Owner& about) {
  if (kind == kRemoveKey) about = owner_of(payload);
  return true;
}

constexpr TableDescription kKey{.resource = key_resource,
                                .json = key_json,
                                .renumber = renumber_key,
                                .renumber_work = renumber_work};
constexpr TableDescription kAlias{.resource = alias_resource, .json = alias_json};

}  // namespace

const TableDescription* description_of(engine::TableId table) {
  if (table == kKeys) return &kKey;
  return table == kAliases ? &kAlias : nullptr;
}

}  // namespace cloche::kms
