// What the two kinds of transaction share: reasons of cancellation and the sum of units by table.
#pragma once

#include <string>
#include <vector>

#include "dynamodb/operation/capacity.h"
#include "dynamodb/operation/service.h"
#include "dynamodb/operation/write.h"

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

// Carries out all plans in one transaction, or cancels it with its reasons. Answers with
// ConsumedCapacity and ItemCollectionMetrics as asked for.
Result<Value> transact(Service& service, engine::WriteTxn& txn, const protocol::Call& call,
                       const std::vector<WritePlan>& plans, Arena& arena);

// ClientRequestToken: makes a transaction idempotent for ten minutes. Its row is a digest of what
// was asked.
class RequestToken {
 public:
  // `items` is the member of the input that says what is asked.
  RequestToken(const protocol::Call& call, std::string_view items);

  // Whether the same request was carried out under this token already. Refuses another one.
  Result<bool> known(engine::WriteTxn& txn) const;
  Result<void> remember(engine::WriteTxn& txn) const;

 private:
  std::string_view token_;
  std::string key_;
  std::string digest_;
};

}  // namespace cloche::dynamodb
