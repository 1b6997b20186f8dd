#include "engine/schema/schema.h"

#include <algorithm>
#include <set>

namespace cloche::engine {
namespace {

std::vector<TableSpec> engine_tables() {
  return {
      {kStateTable, "engine_state", {{"name", ColumnType::Text}}},
      {kBlobTable, "engine_blobs", {{"digest", ColumnType::Blob}}},
      {kGarbageTable,
       "engine_garbage",
       {{"lsn", ColumnType::Integer}, {"digest", ColumnType::Blob}}},
      {kWorkTable, "engine_work", {{"due", ColumnType::Integer}, {"id", ColumnType::Integer}}},
      {kWorkDueTable, "engine_work_due", {{"id", ColumnType::Integer}}},
      {kCheckpointTable, "engine_checkpoints", {{"name", ColumnType::Text}}},
      {kBranchTable, "engine_branches", {{"name", ColumnType::Text}}},
  };
}

bool is_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<void> check(const TableSpec& table) {
  const std::string text = "table " + std::to_string(table.id) + " (" + table.name + "): ";
  if (table.id == 0) return bug(text + "0 is not a table's number");
  if (!is_name(table.name)) return bug(text + "the name may have a-z, 0-9 and _ only");
  if (table.key.empty()) return bug(text + "a key needs a column");
  for (const Column& column : table.key) {
    if (!is_name(column.name) || column.name == "value") {
      return bug(text + "column " + column.name + " can't be called so");
    }
  }
  return {};
}

}  // namespace

void Schema::add(std::vector<TableSpec> more) {
  tables.insert(tables.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

Result<Tables> Tables::of(Schema schema) {
  schema.add(engine_tables());
  std::set<std::string> names;
  Tables tables;
  auto kept = std::make_shared<Schema>(std::move(schema));
  for (const TableSpec& table : kept->tables) {
    CLOCHE_TRY_VOID(check(table));
    if (table.id >= tables.by_id_.size()) tables.by_id_.resize(table.id + 1);
    if (tables.by_id_[table.id] || !names.insert(table.name).second) {
      return bug("table " + std::to_string(table.id) + " (" + table.name + ") is declared twice");
    }
    tables.by_id_[table.id] = &table;
  }
  std::sort(kept->migrations.begin(), kept->migrations.end(),
            [](const Migration& a, const Migration& b) { return a.to_version < b.to_version; });
  tables.schema_ = std::move(kept);
  return tables;
}

const TableSpec& Tables::at(TableId id) const {
  const TableSpec* table = find(id);
  CLOCHE_CHECK(table != nullptr);  // A service names tables of its own tables.cc only.
  return *table;
}

}  // namespace cloche::engine
