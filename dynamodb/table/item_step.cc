#include "dynamodb/table/item_step.h"

#include "dynamodb/limits.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/items.h"

namespace cloche::dynamodb {

Result<ItemStep> next_items(const engine::ReadView& view, std::int64_t table_id,
                            std::string_view from) {
  engine::KeyRange range = engine::KeyRange::of(engine::KeyWriter().integer(table_id));
  if (!from.empty()) range.from = after_row(from);
  ItemStep step;
  std::size_t bytes = 0;
  const auto cursor = view.scan(kItems, range);
  for (; cursor->valid() && !step.more; cursor->next()) {
    step.rows.emplace_back(cursor->value());
    step.last = cursor->key();
    bytes += cursor->value().size();
    step.more = step.rows.size() >= kStepRowsMax || bytes >= kStepBytesMax;
  }
  CLOCHE_TRY_VOID(cursor->status());
  return step;
}

}  // namespace cloche::dynamodb
