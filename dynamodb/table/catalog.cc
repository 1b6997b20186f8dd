#include "dynamodb/table/catalog.h"

#include <algorithm>
#include <charconv>

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

std::string key_of(std::string_view account, std::string_view region, std::string_view name) {
  return engine::KeyWriter().text(account).text(region).text(name).take();
}

}  // namespace

Result<std::string_view> table_name_of(std::string_view name_or_arn) {
  std::string_view name = name_or_arn;
  if (name.starts_with("arn:")) {
    const std::size_t slash = name.find(":table/");
    if (slash == std::string_view::npos)
      return validation("Invalid table ARN: " + std::string(name_or_arn));
    name = name.substr(slash + 7);
    name = name.substr(0, name.find('/'));
  }
  if (name.size() < 3 || name.size() > 255) {
    return validation(
        "TableName must be at least 3 characters long and at most 255 characters long");
  }
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (!std::ranges::all_of(name, fits)) {
    return validation("1 validation error detected: Value '" + std::string(name) +
                      "' at 'tableName' failed to satisfy constraint: Member must satisfy regular "
                      "expression pattern: [a-zA-Z0-9_.-]+");
  }
  return name;
}

std::optional<PartArn> parse_part_arn(std::string_view arn, std::string_view kind) {
  const auto take = [&arn](std::string_view until) -> std::optional<std::string> {
    const std::size_t at = arn.find(until);
    if (at == std::string_view::npos) return std::nullopt;
    std::string word(arn.substr(0, at));
    arn.remove_prefix(at + until.size());
    return word;
  };
  constexpr std::string_view kBegin = "arn:aws:dynamodb:";
  if (!arn.starts_with(kBegin)) return std::nullopt;
  arn.remove_prefix(kBegin.size());
  auto region = take(":");
  auto account = take(":table/");
  auto table = take("/" + std::string(kind) + "/");
  if (!region || !account || !table) return std::nullopt;
  return PartArn{*std::move(account), *std::move(region), *std::move(table), std::string(arn)};
}

Result<std::shared_ptr<const Table>> Catalog::find(const engine::ReadView& view, const Place& place,
                                                   std::string_view name) {
  const std::string key = key_of(place.account, place.region, name);
  CLOCHE_TRY(const row, view.get(kTables, key));
  if (!row) return std::shared_ptr<const Table>();
  {
    MutexLock lock(mutex_);
    const auto found = decoded_.find(key);
    if (found != decoded_.end() && found->second.row == *row) return found->second.table;
  }
  CLOCHE_TRY(table, decode_table(*row));
  auto shared = std::make_shared<const Table>(std::move(table));
  MutexLock lock(mutex_);
  decoded_[key] = {std::string(*row), shared};
  return shared;
}

std::string Catalog::row_key(const Table& table) {
  return key_of(table.account, table.region, table.name);
}

Result<void> Catalog::store(engine::WriteTxn& txn, const Table& table) {
  return txn.put(kTables, key_of(table.account, table.region, table.name), encode_table(table));
}

Result<void> Catalog::erase(engine::WriteTxn& txn, const Table& table) {
  return txn.erase(kTables, key_of(table.account, table.region, table.name));
}

Result<std::int64_t> Catalog::next_id(engine::WriteTxn& txn) {
  const std::string key = engine::KeyWriter().text("id").take();
  CLOCHE_TRY(const row, txn.get(kCounters, key));
  std::int64_t last = 0;
  if (row) std::from_chars(row->data(), row->data() + row->size(), last);
  CLOCHE_TRY_VOID(txn.put(kCounters, key, std::to_string(last + 1)));
  return last + 1;
}

}  // namespace cloche::dynamodb
