// Rows of kms and what its files share. Not for other folders.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/kms/kms.h"

namespace cloche::kms {

inline constexpr engine::TableId kKeys = 300;
inline constexpr engine::TableId kAliases = 301;

struct Alias {
  std::string account, region, name;  // The row's key; the name with "alias/".
  std::string key_id;
  Instant created{}, updated{};

  std::string arn() const;
};

std::string key_row(std::string_view account, std::string_view region, std::string_view id);
engine::KeyRange rows_of(std::string_view account, std::string_view region);
// The last column of a row's key.
std::string last_column(std::string_view row_key);

std::string encode(const Key& key);
std::string encode(const Alias& alias);
Result<Key> decode_key(std::string_view account, std::string_view region, std::string_view id,
                       std::string_view row);
Result<Alias> decode_alias(std::string_view account, std::string_view region, std::string_view name,
                           std::string_view row);

Result<void> put_key(engine::WriteTxn& txn, const Key& key);
Result<void> put_alias(engine::WriteTxn& txn, const Alias& alias);
Result<std::optional<Alias>> find_alias(const engine::ReadView& view, std::string_view account,
                                        std::string_view region, std::string_view name);
// A key with all that is the same for every new one.
Key new_key(engine::WriteTxn& txn, std::string_view account, std::string_view region);

// KeyMetadata.
Value describe(Arena& arena, const Key& key);

// What the rows are to a person (engine/describe.h).
const engine::TableDescription* description_of(engine::TableId table);

// Operations, each in the file of its subject.
Result<Value> create_key(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> enable_key(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> disable_key(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> schedule_key_deletion(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> cancel_key_deletion(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> describe_key(const engine::ReadView& view, protocol::Call& call);
Result<Value> list_keys(const engine::ReadView& view, protocol::Call& call);
Result<Value> create_alias(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> delete_alias(engine::WriteTxn& txn, protocol::Call& call);
Result<Value> list_aliases(const engine::ReadView& view, protocol::Call& call);

// The work that removes a key whose time has come.
inline constexpr std::string_view kRemoveKey = "kms.remove_key";
Result<void> remove_key(engine::WriteTxn& txn, const std::string& payload);

}  // namespace cloche::kms
