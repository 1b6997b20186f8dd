// How points of the history are written.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "base/env.h"
#include "base/result.h"
#include "base/strong.h"

namespace cloche::engine {

struct Ago {
  std::chrono::microseconds duration;
};
struct Named {
  std::string_view name;
};
using Point = std::variant<Lsn, Instant, Ago, Named>;

bool is_checkpoint_name(std::string_view text);
// Refuses what is none of them, and says what there is.
Result<Point> parse_point(std::string_view text);

}  // namespace cloche::engine
