// Queued work that is about one table: how its payload names the table, and how it finds it again.
#pragma once

#include <memory>
#include <string_view>

#include "dynamodb/table/catalog.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// Kinds of work. Payloads: of the first five as below, of the others a table of the engine and a
// number whose rows go, a row of dynamodb_tokens, a row of dynamodb_backups.
inline constexpr std::string_view kExpiryWork = "dynamodb.expire";
inline constexpr std::string_view kBeginExpiryWork = "dynamodb.begin_expiry";
inline constexpr std::string_view kBackfillWork = "dynamodb.backfill";
inline constexpr std::string_view kReplicateWork = "dynamodb.replicate";
inline constexpr std::string_view kFillReplicasWork = "dynamodb.fill_replicas";
inline constexpr std::string_view kClearWork = "dynamodb.clear";
inline constexpr std::string_view kForgetTokenWork = "dynamodb.forget_token";
inline constexpr std::string_view kExpireBackupWork = "dynamodb.expire_backup";

// A payload's beginning.
engine::KeyWriter work_on(const Table& table);

// The table that a payload begins with. Null if it is gone, or another has its name.
Result<std::shared_ptr<const Table>> table_of_work(Catalog& catalog, const engine::ReadView& view,
                                                   engine::KeyReader& payload);

}  // namespace cloche::dynamodb
