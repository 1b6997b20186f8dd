#include <limits>

#include "dynamodb/errors.h"
#include "dynamodb/legacy/legacy.h"
#include "dynamodb/operation/page.h"

namespace cloche::dynamodb {
namespace {

// A segment is an equal share of the range of partition hashes.
struct Segment {
  std::int64_t number = 0;
  std::int64_t total = 1;

  // The first hash of segment `at`, in the order of a signed column.
  std::int64_t begin(std::int64_t at) const {
    __extension__ using Wide = unsigned __int128;
    const auto hash = static_cast<std::uint64_t>((Wide(1) << 64) * static_cast<std::uint64_t>(at) /
                                                 static_cast<std::uint64_t>(total));
    return static_cast<std::int64_t>(hash ^ (std::uint64_t{1} << 63));
  }

  engine::KeyRange range(std::int64_t table_or_index_id) const {
    engine::KeyWriter whole;
    whole.integer(table_or_index_id);
    engine::KeyRange range = engine::KeyRange::of(whole);
    if (number > 0)
      range.from = engine::KeyWriter().integer(table_or_index_id).integer(begin(number)).take();
    if (number + 1 < total)
      range.to = engine::KeyWriter().integer(table_or_index_id).integer(begin(number + 1)).take();
    return range;
  }
};

Result<Segment> plan_segment(const Value& input) {
  const Value& number = input["Segment"];
  const Value& total = input["TotalSegments"];
  if (number.present() && !total.present()) {
    return validation(
        "The TotalSegments parameter is required but was not present in the request when Segment "
        "parameter is present");
  }
  if (!total.present()) return Segment();
  if (!number.present()) {
    return validation(
        "The Segment parameter is required but was not present in the request when parameter "
        "TotalSegments is present");
  }
  const Segment segment{number.as_integer(0), total.as_integer(1)};
  if (segment.number >= segment.total) {
    return validation(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
        "Segment: " +
        std::to_string(segment.number) +
        " is not less than TotalSegments: " + std::to_string(segment.total));
  }
  return segment;
}

}  // namespace

Result<void> scan(Service& service, const protocol::CallPtr& call) {
  const Value& input = call->input();
  Arena& arena = call->arena();
  CLOCHE_TRY(const table_name, table_name_of(input["TableName"].text()));
  const auto kinds = {ExpressionKind::Projection, ExpressionKind::Filter};
  CLOCHE_TRY_VOID(
      refuse_mixed(input, kinds, {"AttributesToGet", "ScanFilter", "ConditionalOperator"}));
  CLOCHE_TRY_VOID(plan_attributes_to_get(input));
  CLOCHE_TRY(older_filter, filter_of(input["ScanFilter"], input["ConditionalOperator"], arena));
  CLOCHE_TRY(const start_key, plan_start_key(input, arena));
  CLOCHE_TRY(const segment, plan_segment(input));
  CLOCHE_TRY(expressions, bind_expressions(service.expressions, input, kinds, arena));
  if (older_filter) expressions.filter = std::move(older_filter);
  CLOCHE_TRY(plan, plan_page(input, expressions));
  plan.table_name = table_name;
  plan.start_key = start_key;

  answer_read(service, call, [&](const engine::ReadView& view) -> Result<Value> {
    CLOCHE_TRY(source, find_source(service, view, *call, plan));
    CLOCHE_TRY_VOID(check_start_shape(plan, source, false));
    if (source.index != nullptr) {
      CLOCHE_TRY_VOID(check_start_attribute(plan.start_key, source.index->keys.partition));
      if (source.index->keys.sort)
        CLOCHE_TRY_VOID(check_start_attribute(plan.start_key, *source.index->keys.sort));
    }
    CLOCHE_TRY_VOID(refuse_all_attributes(plan, source));
    CLOCHE_TRY(const start, start_row(plan, source));
    const engine::KeyRange range = segment.range(source.id());
    if (!start.empty() && (start < range.from || (!range.to.empty() && start >= range.to))) {
      return validation(
          "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
          "ExclusiveStartKey with correct Segment. "
          "TotalSegments: " +
          std::to_string(segment.total) + " Segment: " + std::to_string(segment.number));
    }
    CLOCHE_TRY_VOID(check_attributes(plan, source, false));
    return read_page(view, plan, source, {range}, start, engine::Direction::Forward, arena);
  });
  return {};
}

}  // namespace cloche::dynamodb
