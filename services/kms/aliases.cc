// Aliases. Source: https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
#include <algorithm>

#include "services/kms/records.h"

namespace cloche::kms {
namespace {

constexpr std::int64_t kListMax = 100;
constexpr std::int64_t kListDefault = 50;

Result<void> check_name(std::string_view name) {
  if (!name.starts_with("alias/") || name.size() == 6) {
    return refused(400, "ValidationException",
                   "Alias must start with the prefix \"alias/\". Please see "
                   "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
  }
  if (name.starts_with("alias/aws/")) return refused(400, "NotAuthorizedException", "");
  if (name.contains(':')) {
    return refused(400, "ValidationException",
                   std::string(name) + " contains invalid characters for an alias");
  }
  return {};
}

Value describe(Arena& arena, const Alias& alias) {
  Value item = Value::map();
  item.add(arena, "AliasName", Value::string(arena, alias.name));
  item.add(arena, "AliasArn", Value::string(arena, alias.arn()));
  item.add(arena, "TargetKeyId", Value::string(arena, alias.key_id));
  item.add(arena, "CreationDate", Value::timestamp(alias.created));
  item.add(arena, "LastUpdatedDate", Value::timestamp(alias.updated));
  return item;
}

}  // namespace

Result<Value> create_alias(engine::WriteTxn& txn, protocol::Call& call) {
  const Value& input = call.input();
  const std::string_view name = input["AliasName"].text();
  const protocol::Caller& caller = call.caller();
  CLOCHE_TRY_VOID(check_name(name));
  // An alias of an alias is not possible: the target is a key id or a key's ARN.
  CLOCHE_TRY(const key, find_key(txn, caller.account, caller.region, input["TargetKeyId"].text()));
  if (key.state == KeyState::PendingDeletion)
    return refused(400, "KMSInvalidStateException", key.arn() + " is pending deletion.");
  CLOCHE_TRY(const known, find_alias(txn, caller.account, caller.region, name));
  if (known) {
    return refused(400, "AlreadyExistsException",
                   "An alias with the name " + known->arn() + " already exists");
  }
  CLOCHE_TRY_VOID(put_alias(txn, {.account = caller.account,
                                  .region = caller.region,
                                  .name = std::string(name),
                                  .key_id = key.id,
                                  .created = txn.now(),
                                  .updated = txn.now()}));
  return Value::map();
}

Result<Value> delete_alias(engine::WriteTxn& txn, protocol::Call& call) {
  const std::string_view name = call.input()["AliasName"].text();
  const protocol::Caller& caller = call.caller();
  CLOCHE_TRY_VOID(check_name(name));
  CLOCHE_TRY(const known, find_alias(txn, caller.account, caller.region, name));
  if (!known) {
    const Alias missing{.account = caller.account,
                        .region = caller.region,
                        .name = std::string(name),
                        .key_id = {}};
    return refused(400, "NotFoundException", "Alias " + missing.arn() + " is not found.");
  }
  CLOCHE_TRY_VOID(txn.erase(kAliases, key_row(caller.account, caller.region, name)));
  return Value::map();
}

Result<Value> list_aliases(const engine::ReadView& view, protocol::Call& call) {
  const Value& input = call.input();
  Arena& arena = call.arena();
  const std::string account = call.caller().account, region = call.caller().region;
  std::optional<std::string> of_key;
  if (const Value& key_id = input["KeyId"]) {
    CLOCHE_TRY(const key, find_key(view, account, region, key_id.text()));
    of_key = key.id;
  }
  const auto max =
      static_cast<std::size_t>(std::min(input["Limit"].as_integer(kListDefault), kListMax));
  engine::KeyRange range = rows_of(account, region);
  if (const Value& marker = input["Marker"])
    range.from = key_row(account, region, marker.str() + '\x01');
  Value aliases = Value::list();
  std::string last;
  const auto cursor = view.scan(kAliases, range);
  for (; cursor->valid() && aliases.size() < max; cursor->next()) {
    last = last_column(cursor->key());
    CLOCHE_TRY(const alias, decode_alias(account, region, last, cursor->value()));
    if (!of_key || alias.key_id == *of_key) aliases.push(arena, describe(arena, alias));
  }
  CLOCHE_TRY_VOID(cursor->status());
  Value output = Value::map();
  output.add(arena, "Aliases", aliases);
  if (cursor->valid()) output.add(arena, "NextMarker", Value::string(arena, last));
  output.add(arena, "Truncated", Value::boolean(cursor->valid()));
  return output;
}

}  // namespace cloche::kms
