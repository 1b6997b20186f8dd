// Backups of tables, and tables restored from them or from any moment of their own past.
//
//   dynamodb_copies   (target)                        copies under way: of a table as it was at a
//                                                     moment, into a backup or into a new table
//   dynamodb_backups  (account, region, table, id)    what backups hold beside their items
//
// A backup's items lie among the items of tables, under a number of its own. Copying is done by a
// thread in the background, in steps, each a transaction that also notes how far it is; a restart
// goes on from there. What has changed since the moment is read out of the log, so that the copy is
// the state at that moment and no mixture of later ones.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup-and-Restore.html.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/worker.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

inline constexpr engine::TableId kCopies = 211;
inline constexpr engine::TableId kBackups = 212;

struct Backup {
  std::string account, region, table_name, id;  // The id as in the ARN: "01763732421123-5f0a9c1e".
  std::string name;
  Instant created{};
  std::int64_t storage = 0;  // What its items are stored under.
  bool available = false;    // All items are there.
  std::int64_t items = 0, bytes = 0;
  // Made by the service of a table that was deleted, and kept until then; absent: made by a user.
  std::optional<Instant> expires;
  Table table;  // As it was.

  std::string arn() const {
    return "arn:aws:dynamodb:" + region + ":" + account + ":table/" + table_name + "/backup/" + id;
  }
  std::string key() const;
};

Result<std::optional<Backup>> find_backup(const engine::ReadView& view, std::string_view arn);
std::string encode_backup(const Backup& backup);
Result<void> store_backup(engine::WriteTxn& txn, const Backup& backup);
Result<Backup> decode_backup(std::string_view key, std::string_view row);

// A copy of items from one number of dynamodb_items to another.
struct Copy {
  std::int64_t source = 0;
  std::int64_t target = 0;
  std::optional<Instant> at;  // The source as it was then; absent: it does not change.
  std::string target_key;     // Row in dynamodb_tables or dynamodb_backups that waits for the end.
  bool into_table = false;
  std::string done_to;  // Row of the source up to which it is done.
  std::int64_t items = 0, bytes = 0;
};
// Notes a copy, and queues work that wakes the copier once the transaction is through.
inline constexpr std::string_view kCopyWork = "dynamodb.copy";
Result<void> begin_copy(engine::WriteTxn& txn, const Copy& copy);

// Carries out what begin_copy has noted. One per service; safe to use from any thread.
class Copier {
 public:
  explicit Copier(engine::Store& store) : store_(store) {}
  ~Copier() { stopping_ = true; }
  void wake();    // Looks for copies that are noted.
  void resume();  // The same, if a restart has left any.

 private:
  Result<void> run_all();
  void try_again_later();
  Result<void> run(Copy copy);
  Result<bool> step(Copy& copy, const engine::ReadView& view, const engine::PastRows& past);

  engine::Store& store_;
  std::atomic<bool> stopping_ = false;
  Worker worker_;  // Last: its end waits for what runs.
};

}  // namespace cloche::dynamodb
