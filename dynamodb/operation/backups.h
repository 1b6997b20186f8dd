// What the operations on backups and those that restore from them share.
#pragma once

#include "base/error.h"
#include "dynamodb/backup/backup.h"

namespace cloche::dynamodb {

Error backup_not_found(std::string_view arn);
Error backed_table_not_found(std::string_view name);
Error table_in_use(std::string_view name);
Error recovery_unavailable(std::string_view table_name);

// The moments to which a table with recovery can be brought back: from when that was switched on, for
// as long as is kept, as far as the log reaches.
struct RecoveryWindow {
  Instant earliest{};
  Instant latest{};
};
Result<RecoveryWindow> recovery_window(const engine::Store& store, const Table& table, Instant now);

// A caller's own backup in the region it asks.
Result<Backup> need_backup(const engine::ReadView& view, const Place& place, std::string_view arn);

// Leaves the backup of a table with point-in-time recovery that is being deleted.
Result<void> keep_deleted(engine::WriteTxn& txn, const Table& table, const TableCounts& counts);
void name_backup_work(engine::Store& store);

}  // namespace cloche::dynamodb
