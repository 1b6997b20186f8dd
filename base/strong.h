// Values that only meet their own kind, so that an offset is never taken for a length.
#pragma once

#include <compare>
#include <cstdint>
#include <utility>

namespace cloche {

// `Tag` is any name; it needs no definition.
template <class Tag, class Value>
class Strong {
 public:
  Strong() = default;
  explicit constexpr Strong(Value value) : value_(std::move(value)) {}
  constexpr const Value& value() const { return value_; }
  auto operator<=>(const Strong&) const = default;

 private:
  Value value_{};
};

// Log sequence number: the number of a record in the log, from 1, without gaps. 0 is before all
// records.
using Lsn = Strong<struct LsnTag, std::uint64_t>;

}  // namespace cloche
