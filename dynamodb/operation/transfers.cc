#include "dynamodb/operation/transfers.h"

#include "base/digest.h"
#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

// AWS: "A client token is valid for 8 hours" (ExportTableToPointInTime, ImportTable).
constexpr std::chrono::hours kTokenLife{8};
// The model's least length of a NextToken, whose digits come in groups of 16.
constexpr std::size_t kTokenDigitsMin = 112;

// The row after which the next page begins, in hexadecimal digits, with zero bytes behind it: no row's
// key has two of them but at the end of a column.
std::string token_of(std::string_view row) {
  std::string bytes(row);
  do bytes += '\0';
  while (bytes.size() % 8 != 0 || 2 * bytes.size() < kTokenDigitsMin);
  return to_hex(as_bytes(bytes));
}

// The row's key; nothing for what is no token of this caller's list.
std::optional<std::string> row_of(std::string_view token, const engine::KeyRange& range) {
  std::string bytes(token.size() / 2, '\0');
  if (!from_hex(token, std::as_writable_bytes(std::span(bytes)))) return std::nullopt;
  // A key ends in the two zero bytes of its last column.
  const std::size_t last = bytes.find_last_not_of('\0');
  if (last == std::string::npos || last + 3 > bytes.size()) return std::nullopt;
  bytes.resize(last + 3);
  if (bytes < range.from || bytes >= range.to) return std::nullopt;
  return bytes;
}

}  // namespace

ClientToken::ClientToken(const Place& place, std::string_view kind, std::string_view token) {
  // Longer than any ClientRequestToken of a transaction, whose rows lie in the same table.
  std::string name = "the client token of a request for an " + std::string(kind) + ": ";
  name += token;
  key_ = engine::KeyWriter().text(place.account).text(place.region).text(name).take();
}

Result<std::optional<ClientToken::Known>> ClientToken::find(const engine::ReadView& view) const {
  CLOCHE_TRY(const row, view.get(kTokens, key_));
  if (!row) return std::optional<Known>();
  const std::size_t blank = row->find(' ');
  if (blank == std::string_view::npos) return damaged("dynamodb_tokens: a row is no client token");
  return std::optional<Known>(
      Known{std::string(row->substr(0, blank)), std::string(row->substr(blank + 1))});
}

Result<void> ClientToken::remember(engine::WriteTxn& txn, const Known& known) const {
  CLOCHE_TRY_VOID(txn.put(kTokens, key_, known.arn + " " + known.asked));
  auto queued = txn.later({"dynamodb.forget_token", key_, txn.now() + kTokenLife});
  return queued ? Result<void>() : std::move(queued).error();
}

Result<std::optional<PartArn>> table_arn_of(const Value& input) {
  if (!input["TableArn"].present()) return std::optional<PartArn>();
  const std::string arn = input["TableArn"].str();
  // As the ARN of a part that has no name.
  auto parts = parse_part_arn(arn + "/whole/", "whole");
  const auto name = table_name_of(arn);
  if (!parts || !name || *name != parts->table)
    return validation("Invalid TableArn: Invalid ResourceArn provided as input " + arn);
  return parts;
}

Result<TransferPage> walk_transfers(
    const protocol::Call& call, const engine::ReadView& view, engine::TableId rows,
    std::string_view table_name, std::size_t limit,
    const std::function<Result<bool>(std::string_view key, std::string_view row)>& show) {
  const Place place = place_of(call);
  engine::KeyWriter prefix;
  prefix.text(place.account).text(place.region);
  if (!table_name.empty()) prefix.text(table_name);
  engine::KeyRange range = engine::KeyRange::of(prefix);
  if (const Value& token = call.input()["NextToken"]; token.present()) {
    auto after = row_of(token.text(), range);
    if (!after) {
      return validation("Invalid NextToken for " + std::string(call.operation()) + ": " +
                        token.str());
    }
    range.to = *std::move(after);
  }
  TransferPage page;
  std::string last;
  std::size_t shown = 0;
  const auto cursor = view.scan(rows, range, engine::Direction::Backward);
  for (; cursor->valid(); cursor->next()) {
    if (shown == limit) {
      page.next_token = token_of(last);
      break;
    }
    CLOCHE_TRY(const is_shown, show(cursor->key(), cursor->value()));
    if (!is_shown) continue;
    last = cursor->key();
    ++shown;
  }
  CLOCHE_TRY_VOID(cursor->status());
  return page;
}

}  // namespace cloche::dynamodb
