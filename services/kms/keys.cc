// Keys: their lives, and how others find them.
// Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html; texts as recorded
// from AWS.
#include <algorithm>
#include <array>

#include "services/kms/records.h"

namespace cloche::kms {
namespace {

constexpr std::string_view kOwnId = "_custom_id_";
constexpr std::int64_t kListMax = 1000;
constexpr std::int64_t kListDefault = 100;
// "ScheduleKeyDeletion": a value from 7 to 30 days, 30 if none is given.
constexpr std::int64_t kWindowDaysMin = 7;
constexpr std::int64_t kWindowDaysMax = 30;

Error not_found(std::string_view message) {
  return refused(400, "NotFoundException", std::string(message));
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

// A multi-Region key's id begins with "mrk-" and has 32 digits more.
bool is_key_id(std::string_view text) {
  return is_uuid(text) || (text.starts_with("mrk-") && text.size() == 36);
}

// "arn:PARTITION:kms:REGION:ACCOUNT:RESOURCE"
struct Arn {
  std::string_view service, region, account, resource;
};

std::optional<Arn> parse_arn(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  return Arn{.service = parts[2], .region = parts[3], .account = parts[4], .resource = text};
}

Result<Key> find_by_id(const engine::ReadView& view, std::string_view account,
                       std::string_view region, std::string_view id) {
  CLOCHE_TRY(const row, view.get(kKeys, key_row(account, region, id)));
  if (row) return decode_key(account, region, id, *row);
  Key missing;
  missing.account = account;
  missing.region = region;
  missing.id = id;
  return not_found("Key '" + missing.arn() + "' does not exist");
}

Result<Key> find_by_alias(const engine::ReadView& view, std::string_view account,
                          std::string_view region, std::string_view name) {
  CLOCHE_TRY(const alias, find_alias(view, account, region, name));
  if (alias) return find_by_id(view, account, region, alias->key_id);
  const Alias missing{.account = std::string(account),
                      .region = std::string(region),
                      .name = std::string(name),
                      .key_id = {}};
  return not_found("Alias " + missing.arn() + " is not found.");
}

std::string_view name_of(KeyState state) {
  switch (state) {
    case KeyState::Enabled:
      return "Enabled";
    case KeyState::Disabled:
      return "Disabled";
    case KeyState::PendingDeletion:
      return "PendingDeletion";
  }
  return "";
}

Result<Key> find_named(const engine::ReadView& view, const protocol::Call& call) {
  return find_key(view, call.caller().account, call.caller().region, call.input()["KeyId"].text());
}

Result<void> refuse_pending(const Key& key) {
  if (key.state != KeyState::PendingDeletion) return {};
  return refused(400, "KMSInvalidStateException", key.arn() + " is pending deletion.");
}

Result<void> refuse_managed(const Key& key) {
  if (!key.aws_managed) return {};
  return refused(400, "AccessDeniedException", key.arn() + " is managed by AWS.");
}

Result<Value> set_state(engine::WriteTxn& txn, protocol::Call& call, KeyState state) {
  CLOCHE_TRY(key, find_named(txn, call));
  CLOCHE_TRY_VOID(refuse_managed(key));
  CLOCHE_TRY_VOID(refuse_pending(key));
  key.state = state;
  CLOCHE_TRY_VOID(put_key(txn, key));
  return Value::map();
}

// What this store has: symmetric keys that KMS made itself.
Result<void> refuse_other_kinds(const Value& input) {
  constexpr std::array<std::array<std::string_view, 2>, 4> kOnly = {{
      {"KeySpec", "SYMMETRIC_DEFAULT"},
      {"CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"},
      {"KeyUsage", "ENCRYPT_DECRYPT"},
      {"Origin", "AWS_KMS"},
  }};
  for (const auto& [member, only] : kOnly) {
    if (input[member] && input[member].text() != only) {
      return refused(400, "UnsupportedOperationException",
                     "Cloche makes keys of " + std::string(member) + " " + std::string(only) +
                         " only, and not " + input[member].str());
    }
  }
  for (const std::string_view member : {"CustomKeyStoreId", "XksKeyId"}) {
    if (input[member])
      return refused(400, "UnsupportedOperationException", "Cloche has no custom key stores");
  }
  return {};
}

}  // namespace

Value describe(Arena& arena, const Key& key) {
  Value out = Value::map();
  const auto text = [&](std::string_view name, std::string_view value) {
    out.add(arena, name, Value::string(arena, value));
  };
  text("AWSAccountId", key.account);
  text("KeyId", key.id);
  text("Arn", key.arn());
  out.add(arena, "CreationDate", Value::timestamp(key.created));
  out.add(arena, "Enabled", Value::boolean(key.state == KeyState::Enabled));
  text("Description", key.description);
  text("KeyUsage", "ENCRYPT_DECRYPT");
  text("KeyState", name_of(key.state));
  if (key.deletion) out.add(arena, "DeletionDate", Value::timestamp(*key.deletion));
  text("Origin", "AWS_KMS");
  text("KeyManager", key.aws_managed ? "AWS" : "CUSTOMER");
  text("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT");
  text("KeySpec", "SYMMETRIC_DEFAULT");
  Value algorithms = Value::list();
  algorithms.push(arena, Value::string("SYMMETRIC_DEFAULT"));
  out.add(arena, "EncryptionAlgorithms", algorithms);
  out.add(arena, "MultiRegion", Value::boolean(key.multi_region));
  if (!key.deletion) text("CurrentKeyMaterialId", key.material_id);
  return out;
}

Result<Key> find_key(const engine::ReadView& view, std::string_view account,
                     std::string_view region, std::string_view name) {
  if (name.starts_with("arn:")) {
    const auto arn = parse_arn(name);
    if (!arn || arn->service != "kms") return not_found("Invalid arn " + std::string(name));
    // A key is used in its own region; KMS then names the region and not the key.
    if (arn->region != region) return not_found("Invalid arn " + std::string(arn->region));
    if (arn->resource.starts_with("alias/"))
      return find_by_alias(view, arn->account, region, arn->resource);
    if (!arn->resource.starts_with("key/")) return not_found("Invalid arn " + std::string(name));
    return find_by_id(view, arn->account, region, arn->resource.substr(4));
  }
  if (name.starts_with("alias/")) return find_by_alias(view, account, region, name);
  auto found = find_by_id(view, account, region, name);
  if (!found && found.error().code == "NotFoundException" && !is_key_id(name))
    return not_found("Invalid keyId '" + std::string(name) + "'");
  return found;
}

Result<void> check_usable(const Key& key) {
  CLOCHE_TRY_VOID(refuse_pending(key));
  if (key.state == KeyState::Enabled) return {};
  return refused(400, "DisabledException", key.arn() + " is disabled.");
}

Result<Key> managed_key(engine::WriteTxn& txn, std::string_view account, std::string_view region,
                        std::string_view alias, std::string_view description) {
  CLOCHE_TRY(const known, find_alias(txn, account, region, alias));
  if (known) return find_by_id(txn, account, region, known->key_id);
  Key key = new_key(txn, account, region);
  key.aws_managed = true;
  key.description = description;
  CLOCHE_TRY_VOID(put_key(txn, key));
  CLOCHE_TRY_VOID(put_alias(txn, {.account = key.account,
                                  .region = key.region,
                                  .name = std::string(alias),
                                  .key_id = key.id,
                                  .created = key.created,
                                  .updated = key.created}));
  return key;
}

Result<Value> create_key(engine::WriteTxn& txn, protocol::Call& call) {
  const Value& input = call.input();
  CLOCHE_TRY_VOID(refuse_other_kinds(input));
  Key key = new_key(txn, call.caller().account, call.caller().region);
  key.description = input["Description"].str();
  key.policy = input["Policy"].str();
  key.multi_region = input["MultiRegion"].as_bool();
  if (key.multi_region) key.id = "mrk-" + txn.ids().hex(32);
  for (const Value& tag : input["Tags"].items()) {
    key.tags.emplace_back(tag["TagKey"].text(), tag["TagValue"].text());
    // As users of LocalStack name a key themselves, so that a fixture's ids repeat.
    if (tag["TagKey"].text() == kOwnId) key.id = tag["TagValue"].text();
  }
  CLOCHE_TRY(const taken, txn.get(kKeys, key_row(key.account, key.region, key.id)));
  if (taken) return refused(400, "AlreadyExistsException", "Key ID " + key.id + " already exists");
  CLOCHE_TRY_VOID(put_key(txn, key));
  Value output = Value::map();
  output.add(call.arena(), "KeyMetadata", describe(call.arena(), key));
  return output;
}

Result<Value> describe_key(const engine::ReadView& view, protocol::Call& call) {
  CLOCHE_TRY(const key, find_named(view, call));
  Value output = Value::map();
  output.add(call.arena(), "KeyMetadata", describe(call.arena(), key));
  return output;
}

Result<Value> enable_key(engine::WriteTxn& txn, protocol::Call& call) {
  return set_state(txn, call, KeyState::Enabled);
}

Result<Value> disable_key(engine::WriteTxn& txn, protocol::Call& call) {
  return set_state(txn, call, KeyState::Disabled);
}

Result<Value> schedule_key_deletion(engine::WriteTxn& txn, protocol::Call& call) {
  const std::int64_t days = call.input()["PendingWindowInDays"].as_integer(kWindowDaysMax);
  if (days < kWindowDaysMin || days > kWindowDaysMax) {
    return refused(400, "ValidationException",
                   "PendingWindowInDays should be between 7 and 30 (inclusive)");
  }
  CLOCHE_TRY(key, find_named(txn, call));
  CLOCHE_TRY_VOID(refuse_managed(key));
  CLOCHE_TRY_VOID(refuse_pending(key));
  key.state = KeyState::PendingDeletion;
  key.deletion = txn.now() + std::chrono::days(days);
  CLOCHE_TRY(const work, txn.later({.kind = std::string(kRemoveKey),
                                    .payload = key_row(key.account, key.region, key.id),
                                    .due = *key.deletion}));
  key.deletion_work = work;
  CLOCHE_TRY_VOID(put_key(txn, key));
  Arena& arena = call.arena();
  Value output = Value::map();
  output.add(arena, "KeyId", Value::string(arena, key.arn()));
  output.add(arena, "DeletionDate", Value::timestamp(*key.deletion));
  output.add(arena, "KeyState", Value::string(name_of(key.state)));
  output.add(arena, "PendingWindowInDays", Value::integer(days));
  return output;
}

Result<Value> cancel_key_deletion(engine::WriteTxn& txn, protocol::Call& call) {
  CLOCHE_TRY(key, find_named(txn, call));
  if (key.state != KeyState::PendingDeletion)
    return refused(400, "KMSInvalidStateException", key.arn() + " is not pending deletion.");
  CLOCHE_TRY_VOID(txn.cancel(key.deletion_work));
  // "CancelKeyDeletion": the key is disabled then, and stays so until it is enabled.
  key.state = KeyState::Disabled;
  key.deletion.reset();
  key.deletion_work = 0;
  CLOCHE_TRY_VOID(put_key(txn, key));
  Value output = Value::map();
  output.add(call.arena(), "KeyId", Value::string(call.arena(), key.arn()));
  return output;
}

Result<Value> list_keys(const engine::ReadView& view, protocol::Call& call) {
  const Value& input = call.input();
  Arena& arena = call.arena();
  const auto max =
      static_cast<std::size_t>(std::min(input["Limit"].as_integer(kListDefault), kListMax));
  const std::string account = call.caller().account, region = call.caller().region;
  engine::KeyRange range = rows_of(account, region);
  // A marker is the last key that was shown.
  if (const Value& marker = input["Marker"])
    range.from = key_row(account, region, marker.str() + '\x01');
  Value keys = Value::list();
  std::string last;
  const auto cursor = view.scan(kKeys, range);
  for (; cursor->valid() && keys.size() < max; cursor->next()) {
    last = last_column(cursor->key());
    CLOCHE_TRY(const key, decode_key(account, region, last, cursor->value()));
    Value item = Value::map();
    item.add(arena, "KeyId", Value::string(arena, key.id));
    item.add(arena, "KeyArn", Value::string(arena, key.arn()));
    keys.push(arena, item);
  }
  CLOCHE_TRY_VOID(cursor->status());
  Value output = Value::map();
  output.add(arena, "Keys", keys);
  if (cursor->valid()) output.add(arena, "NextMarker", Value::string(arena, last));
  output.add(arena, "Truncated", Value::boolean(cursor->valid()));
  return output;
}

Result<void> remove_key(engine::WriteTxn& txn, const std::string& payload) {
  CLOCHE_TRY_VOID(txn.erase(kKeys, payload));
  engine::KeyReader reader(payload);
  const std::string account = reader.text(), region = reader.text(), id = reader.text();
  // Its aliases go with it ("Deleting AWS KMS keys").
  std::vector<std::string> rows;
  const auto cursor = txn.scan(kAliases, rows_of(account, region));
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(const alias,
               decode_alias(account, region, last_column(cursor->key()), cursor->value()));
    if (alias.key_id == id) rows.emplace_back(cursor->key());
  }
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& row : rows) CLOCHE_TRY_VOID(txn.erase(kAliases, row));
  return {};
}

}  // namespace cloche::kms
