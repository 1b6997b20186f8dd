#include "engine/history/changes.h"

namespace cloche::engine {
namespace {

// "bucket/key", as people and requests name it.
bool has_part(const Resource& resource, std::string_view part) {
  if (part.empty() || resource.owner.name.find(part) != std::string::npos) return true;
  return (resource.owner.name + "/" + resource.name).find(part) != std::string::npos;
}

std::string json_of(const TableSpec& table, std::string_view key, std::string_view value) {
  std::string json;
  if (table.description->json != nullptr) table.description->json(key, value, json);
  return json;
}

}  // namespace

void ResourceChanges::place(const TableSpec& table, std::string_view key, std::string_view value,
                            const AllOwners& owners, Side Sides::*side) {
  auto resource = table.description->resource(key, value, owners.of(table));
  if (!resource || resource->kind.empty() || !has_part(*resource, part_)) return;
  Owner& owner = resource->owner;
  const bool is_part = !resource->name.empty();
  Sides& sides = resources_[Key(service_of(table), std::move(owner.kind), std::move(owner.name),
                                std::move(owner.account), std::move(owner.region), is_part,
                                std::move(resource->kind), std::move(resource->name),
                                std::move(resource->version))];
  sides.*side = {.table = &table, .key = key, .value = value, .bytes = resource->bytes};
}

void ResourceChanges::add(const TableSpec& table, std::string_view key,
                          std::optional<std::string_view> before,
                          std::optional<std::string_view> after) {
  if (!is_told(table)) return;
  if (before) place(table, key, *before, owners_before_, &Sides::before);
  if (after) place(table, key, *after, owners_after_, &Sides::after);
}

void ResourceChanges::visit(bool values, const std::function<bool(const Change&)>& visit) const {
  for (const auto& [key, sides] : resources_) {
    const auto& [before, after] = sides;
    const bool both = before.table != nullptr && after.table != nullptr;
    if (both && before.value == after.value) continue;
    std::string json_before, json_after;
    if (before.table != nullptr && (values || both))
      json_before = json_of(*before.table, before.key, before.value);
    if (after.table != nullptr && (values || both))
      json_after = json_of(*after.table, after.key, after.value);
    if (both && json_before == json_after) continue;
    const auto& [service, owner_kind, owner, account, region, is_part, kind, name, version] = key;
    Change change{
        .service = service,
        .resource = {
            .owner = {.kind = owner_kind, .account = account, .region = region, .name = owner},
            .kind = kind,
            .name = name,
            .version = version}};
    if (before.table != nullptr) change.bytes_before = before.bytes;
    if (after.table != nullptr) change.bytes_after = after.bytes;
    if (values) {
      change.before = std::move(json_before);
      change.after = std::move(json_after);
    }
    if (!visit(change)) return;
  }
}

}  // namespace cloche::engine
