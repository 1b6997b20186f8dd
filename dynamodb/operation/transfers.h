// What the operations on exports and imports share: tokens that make requests idempotent, ARNs and
// pages of lists.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// ClientToken: eight hours from the request that brought it. What is kept of that request is the ARN
// of what it began, and a text that says what was asked.
class ClientToken {
 public:
  // `kind` is "export" or "import".
  ClientToken(const Place& place, std::string_view kind, std::string_view token);

  struct Known {
    std::string arn, asked;
  };
  Result<std::optional<Known>> find(const engine::ReadView& view) const;
  Result<void> remember(engine::WriteTxn& txn, const Known& known) const;

 private:
  std::string key_;
};

// The table that a TableArn names, or nothing if the input has none. Refuses what is no table's ARN.
Result<std::optional<PartArn>> table_arn_of(const Value& input);

// A page of rows of one table of the engine whose keys are (account, region, table, id), those of a
// later id first; of all tables or of one. `show` answers false to leave a row out of the page.
struct TransferPage {
  std::string next_token;  // Empty at the end.
};
Result<TransferPage> walk_transfers(
    const protocol::Call& call, const engine::ReadView& view, engine::TableId rows,
    std::string_view table_name, std::size_t limit,
    const std::function<Result<bool>(std::string_view key, std::string_view row)>& show);

}  // namespace cloche::dynamodb
