// What the two kinds of transaction share: reasons of cancellation and the sum of units by table.
#pragma once

#include <string>
#include <vector>

#include "dynamodb/operation/capacity.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// Why a transaction was cancelled, one reason for each of its items, in order.
class CancellationReasons {
 public:
  explicit CancellationReasons(std::size_t items) : reasons_(items) {}

  // False if the error is not about the item: the whole request fails with it.
  bool take(std::size_t item, const Error& error);
  bool empty() const { return !any_; }
  Error error() const;

 private:
  struct Reason {
    std::string code = "None";
    std::string message;
    std::string item_json;
  };
  std::vector<Reason> reasons_;
  bool any_ = false;
};

// ConsumedCapacity of a request over several tables: one element for each.
class CapacityByTable {
 public:
  void add(std::shared_ptr<const Table> table, const ConsumedHalves& consumed);
  Value list(CapacityDetail detail, UnitKind kind, Arena& arena) const;

 private:
  std::vector<std::pair<std::shared_ptr<const Table>, ConsumedHalves>> tables_;
};

}  // namespace cloche::dynamodb
