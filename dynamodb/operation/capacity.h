// Units of capacity, as ReturnConsumedCapacity tells them.
// Source:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "dynamodb/table/table.h"

namespace cloche::dynamodb {

enum class CapacityDetail : std::uint8_t { None, Total, Indexes };
CapacityDetail capacity_detail(const Value& input);  // ReturnConsumedCapacity

// Units of one table in one request, counted in halves since an eventually consistent read costs
// half of one.
struct ConsumedHalves {
  std::int64_t table = 0;
  std::vector<std::int64_t> indexes;  // As Table::indexes, or empty.

  void add_index(std::size_t at, std::int64_t halves, const Table& of);
};

std::int64_t write_units(std::size_t bytes);  // Whole units.
std::int64_t read_halves(std::size_t bytes, bool consistent);

// Transactions tell the kind of units besides their sum.
enum class UnitKind : std::uint8_t { Plain, Read, Write };
Value consumed_capacity(const Table& table, const ConsumedHalves& consumed, CapacityDetail detail,
                        UnitKind kind, Arena& arena);

}  // namespace cloche::dynamodb
