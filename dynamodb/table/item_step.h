// A walk over all items of a table in steps of bounded size, for work in the background.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace cloche::dynamodb {

struct ItemStep {
  std::vector<std::string> rows;  // As stored: encode_item.
  std::string last;               // Key of the last of them: where the next step goes on.
  bool more = false;
};

// Up to kStepRowsMax items or kStepBytesMax bytes after the row `from` (empty: from the first).
// They are copied, since a cursor shows the state as it was when it was opened.
Result<ItemStep> next_items(const engine::ReadView& view, std::int64_t table_id,
                            std::string_view from);

}  // namespace cloche::dynamodb
