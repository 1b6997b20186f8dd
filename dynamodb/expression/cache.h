// Parsed expressions by their text: a program sends the same few again and again.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "dynamodb/expression/tree.h"

namespace cloche::dynamodb {

// Safe to use from any thread; a hit costs a lock and one look-up. Bounded by
// kCachedExpressionsMax: when full, all are dropped, which costs a program that does reuse its
// texts a microsecond each. Texts with a syntax error are not kept.
class ExpressionCache {
 public:
  Result<std::shared_ptr<const Expression>> get(ExpressionKind kind, std::string_view text);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Trees =
      std::unordered_map<std::string, std::shared_ptr<const Expression>, Hash, std::equal_to<>>;

  Mutex mutex_;
  Trees by_kind_[5] CLOCHE_GUARDED_BY(mutex_);
};

}  // namespace cloche::dynamodb
