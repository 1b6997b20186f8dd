// KMS as a store of keys: which there are, by which names, and whether they may be used. Encrypt,
// Decrypt and all else that works with a key's material answers NotImplemented by name.
//
// Keys belong to an account and a region. The keys that AWS manages (alias/aws/s3) are made when
// they are first needed, as on AWS. A key whose deletion is due is removed by the scheduler on the
// engine's clock.
//
// Other services ask in their own transaction: find_key, check_usable, managed_key. Their errors
// are KMS's own; S3 sends them under "KMS." and their code.
//
// Differs from AWS: only symmetric keys (KeySpec SYMMETRIC_DEFAULT) of KMS's own origin; policies are
// kept and not evaluated; grants do not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/env.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/schema.h"
#include "protocol/protocol.h"

namespace cloche::kms {

// kms_keys (account, region, key_id) and kms_aliases (account, region, name).
std::vector<engine::TableSpec> tables();

enum class KeyState : std::uint8_t { Enabled = 0, Disabled = 1, PendingDeletion = 2 };  // Stored.

struct Key {
  std::string account, region, id;  // The row's key.
  std::string description;
  std::string policy;       // As given, or empty.
  std::string material_id;  // CurrentKeyMaterialId: 64 hex digits.
  KeyState state = KeyState::Enabled;
  Instant created{};
  std::optional<Instant> deletion;  // Set while its deletion is pending.
  std::uint64_t deletion_work = 0;  // Names the scheduled removal.
  bool aws_managed = false;
  bool multi_region = false;
  std::vector<std::pair<std::string, std::string>> tags;

  std::string arn() const;
};

// The key that `name` means to a caller of this account in this region: a key id, a key's ARN, an
// alias ("alias/x") or an alias' ARN. NotFoundException otherwise, in KMS's words.
Result<Key> find_key(const engine::ReadView& view, std::string_view account,
                     std::string_view region, std::string_view name);

// DisabledException or KMSInvalidStateException.
Result<void> check_usable(const Key& key);

// The key that AWS manages for a service under `alias` ("alias/aws/s3"); made if there is none.
Result<Key> managed_key(engine::WriteTxn& txn, std::string_view account, std::string_view region,
                        std::string_view alias, std::string_view description);

// Adds the operations to the registry and KMS's work to the store. Once, before the server starts.
void register_kms(protocol::Registry& registry, engine::Store& store);

}  // namespace cloche::kms
