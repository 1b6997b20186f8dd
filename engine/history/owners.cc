#include "engine/history/owners.h"

#include "engine/store/row.h"

namespace cloche::engine {
namespace {

using Named = std::vector<std::pair<std::int64_t, Owner>>;

}  // namespace

Result<AllOwners> AllOwners::read(const ReadView& view, const Tables& tables) {
  AllOwners all;
  for (const TableSpec& table : tables.all()) {
    if (!names_owners(table)) continue;
    const auto cursor = view.scan(table.id, {});
    for (; cursor->valid(); cursor->next()) all.add(table, cursor->key(), cursor->value());
    CLOCHE_TRY_VOID(cursor->status());
  }
  return all;
}

void AllOwners::add(const TableSpec& table, std::string_view key, std::string_view value) {
  Named named;
  table.description->names(key, value, named);
  Owners& owners = services_[std::string(service_of(table))];
  for (auto& [number, owner] : named) owners.add(number, std::move(owner));
}

void AllOwners::undo(const TableSpec& table, const RowChange& change) {
  if (!names_owners(table)) return;
  if (change.after) {
    Named named;
    table.description->names(key_of(change.row), *change.after, named);
    Owners& owners = services_[std::string(service_of(table))];
    for (const auto& [number, owner] : named) owners.remove(number);
  }
  if (change.before) add(table, key_of(change.row), *change.before);
}

const Owners& AllOwners::of(const TableSpec& table) const {
  static const Owners kNone;
  const auto found = services_.find(service_of(table));
  return found == services_.end() ? kNone : found->second;
}

}  // namespace cloche::engine
