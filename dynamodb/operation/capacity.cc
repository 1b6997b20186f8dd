#include "dynamodb/operation/capacity.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "dynamodb/limits.h"

namespace cloche::dynamodb {
namespace {

Value units(std::int64_t halves, Arena& arena) {
  return Value::number(arena.copy(std::to_string(halves / 2) + (halves % 2 ? ".5" : ".0")));
}

void add_units(Value& out, std::int64_t halves, UnitKind kind, Arena& arena) {
  out.add(arena, "CapacityUnits", units(halves, arena));
  if (kind == UnitKind::Read) out.add(arena, "ReadCapacityUnits", units(halves, arena));
  if (kind == UnitKind::Write) out.add(arena, "WriteCapacityUnits", units(halves, arena));
}

}  // namespace

CapacityDetail capacity_detail(const Value& input) {
  const std::string_view asked = input["ReturnConsumedCapacity"].text();
  return asked == "TOTAL"     ? CapacityDetail::Total
         : asked == "INDEXES" ? CapacityDetail::Indexes
                              : CapacityDetail::None;
}

void ConsumedHalves::add_index(std::size_t at, std::int64_t halves, const Table& of) {
  indexes.resize(of.indexes.size());
  indexes[at] += halves;
}

std::int64_t write_units(std::size_t bytes) {
  return static_cast<std::int64_t>(
      std::max<std::size_t>(1, (bytes + kWriteUnitBytes - 1) / kWriteUnitBytes));
}

std::int64_t read_halves(std::size_t bytes, bool consistent) {
  const auto whole = static_cast<std::int64_t>(
      std::max<std::size_t>(1, (bytes + kReadUnitBytes - 1) / kReadUnitBytes));
  return consistent ? whole * 2 : whole;
}

Value consumed_capacity(const Table& table, const ConsumedHalves& consumed, CapacityDetail detail,
                        UnitKind kind, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "TableName", Value::string(arena, table.name));
  const std::int64_t all =
      std::accumulate(consumed.indexes.begin(), consumed.indexes.end(), consumed.table);
  add_units(out, all, kind, arena);
  if (detail != CapacityDetail::Indexes) return out;
  add_units(out.add(arena, "Table", Value::map()), consumed.table, kind, arena);
  Value local = Value::map();
  Value global = Value::map();
  for (std::size_t i = 0; i < consumed.indexes.size(); ++i) {
    if (consumed.indexes[i] == 0) continue;
    const Index& index = table.indexes[i];
    add_units((index.global ? global : local).add(arena, arena.copy(index.name), Value::map()),
              consumed.indexes[i], kind, arena);
  }
  if (!local.empty()) out.add(arena, "LocalSecondaryIndexes", local);
  if (!global.empty()) out.add(arena, "GlobalSecondaryIndexes", global);
  return out;
}

}  // namespace cloche::dynamodb
