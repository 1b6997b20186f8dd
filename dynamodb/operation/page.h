// One page of a Query or Scan: the parameters that both have, and the walk over rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/operation/capacity.h"
#include "dynamodb/operation/expressions.h"
#include "dynamodb/operation/projection.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

struct PagePlan {
  std::string_view table_name;
  std::string_view index_name;  // Empty: the table itself.
  std::optional<BoundExpression> filter;
  bool legacy_filter = false;  // It came as QueryFilter or ScanFilter.
  Projection projection;
  std::vector<std::string_view> asked;  // Top-level attributes that the projection names.
  std::string_view select;              // As given; empty if not.
  std::size_t limit = SIZE_MAX;
  Value start_key;  // ExclusiveStartKey, canonical; Absent if not given.
  bool consistent = false;
  CapacityDetail capacity = CapacityDetail::None;
};

// The parts that Query and Scan share; `expressions` are bound by the caller, since Query has one
// more.
Result<PagePlan> plan_page(const Value& input, Expressions& expressions);
// ExclusiveStartKey, which is checked before expressions are looked at.
Result<Value> plan_start_key(const Value& input, Arena& arena);

// The table, and the index if one is asked for, and what is to be read of them.
struct PageSource {
  std::shared_ptr<const Table> table;
  const Index* index = nullptr;
  Throttle* throttle = nullptr;
  bool fetch_items = false;  // A local index that lacks something asked for: read the item too.

  const KeySchema& keys() const { return index ? index->keys : table->keys; }
  std::int64_t id() const { return index ? index->id : table->id; }
  engine::TableId rows() const { return index ? kIndexEntries : kItems; }
};
Result<PageSource> find_source(Service& service, const engine::ReadView& view,
                               const protocol::Call& call, const PagePlan& plan);
// Refusals that need to know what attributes are keys, or are projected. Decides fetch_items.
Result<void> check_attributes(const PagePlan& plan, PageSource& source, bool is_query);

// A part of check_attributes that Scan refuses earlier.
Result<void> refuse_all_attributes(const PagePlan& plan, const PageSource& source);

// ExclusiveStartKey against the keys, in the steps in which the service does it: how many, each of
// what is read, the table's.
Result<void> check_start_shape(const PagePlan& plan, const PageSource& source, bool is_query);
Result<void> check_start_attribute(const Value& start_key, const KeyAttribute& key);
// The row at which it stands; empty if there is none.
Result<std::string> start_row(const PagePlan& plan, const PageSource& source);

// Reads rows of `ranges`, which follow each other in `direction`, after `start` if it is not empty,
// until the page is full.
Result<Value> read_page(const engine::ReadView& view, const PagePlan& plan,
                        const PageSource& source, std::vector<engine::KeyRange> ranges,
                        const std::string& start, engine::Direction direction, Arena& arena);

}  // namespace cloche::dynamodb
