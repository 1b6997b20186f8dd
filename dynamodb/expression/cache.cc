#include "dynamodb/expression/cache.h"

#include "dynamodb/limits.h"

namespace cloche::dynamodb {

Result<std::shared_ptr<const Expression>> ExpressionCache::get(ExpressionKind kind,
                                                               std::string_view text) {
  Trees& trees = by_kind_[static_cast<std::size_t>(kind)];
  {
    MutexLock lock(mutex_);
    const auto found = trees.find(text);
    if (found != trees.end()) return found->second;
  }
  CLOCHE_TRY(parsed, parse_expression(kind, text));
  MutexLock lock(mutex_);
  if (trees.size() >= kCachedExpressionsMax) trees.clear();
  trees.emplace(text, parsed);
  return parsed;
}

}  // namespace cloche::dynamodb
