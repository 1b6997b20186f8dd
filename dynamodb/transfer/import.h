// Imports: a new table out of files in a bucket of our S3.
//
//   dynamodb_imports  (account, region, table, id)  one per import, under way or through
//
// The table is made with the request, and is CREATING until the import ends. A thread in the
// background reads the objects one after the other, piece by piece, and writes their items in
// transactions of bounded size, each of which also notes how far it is. After a restart an object
// that was not read to its end is read again, and its records up to there are passed over.
//
// An item that the table can't have is counted as an error and left out. A record that is no item at
// all ends its object (as measured on AWS in 2026); an import with errors FAILED, and its table
// stays.
// Source: "DynamoDB data import from Amazon S3: how it works", "Import format quotas and
// validation", Developer Guide.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/worker.h"
#include "dynamodb/table/table.h"
#include "dynamodb/transfer/export.h"
#include "engine/engine.h"
#include "s3/objects.h"

namespace cloche::dynamodb {

inline constexpr engine::TableId kImports = 215;

enum class ImportFormat : std::uint8_t { Json = 0, Csv = 1 };  // Stored.

struct Import {
  std::string account, region, table_name, id;  // The id as in the ARN: "01763732421123-5f0a9c1e".
  std::string table_uuid;
  std::int64_t table_id = 0;  // 0: no table was made.
  Instant started{};
  std::string token;
  s3::BucketUse bucket;
  bool owner_given = false;
  std::string prefix;
  ImportFormat format = ImportFormat::Json;
  std::string compression = "NONE";
  std::string options;     // InputFormatOptions as given: JSON; empty: none.
  std::string parameters;  // TableCreationParameters as given: JSON.

  TransferStatus status = TransferStatus::InProgress;
  TransferFailure failure;  // Known at the beginning if the bucket can't be read.
  std::optional<Instant> ended;
  std::string done_key;         // The last object that is done.
  std::string key_in_progress;  // Of the next one: how many of its records are done.
  std::int64_t records_done = 0;
  std::int64_t processed = 0, imported = 0, errors = 0;
  std::int64_t bytes = 0;  // Of the objects that are done, uncompressed.

  std::string table_arn() const {
    return "arn:aws:dynamodb:" + region + ":" + account + ":table/" + table_name;
  }
  std::string arn() const { return table_arn() + "/import/" + id; }
  std::string key() const;
};

Result<std::optional<Import>> find_import(const engine::ReadView& view, std::string_view arn);
Result<void> store_import(engine::WriteTxn& txn, const Import& import);
Result<Import> decode_import(std::string_view key, std::string_view row);

// Carries out the imports that are noted. One per service; safe to use from any thread.
class Importer {
 public:
  explicit Importer(engine::Store& store) : store_(store) {}
  ~Importer() { stopping_ = true; }
  void wake();    // Looks for imports under way.
  void resume();  // The same, if a restart has left any.

 private:
  class Run;

  Result<void> run_all();
  Result<void> run(Import import);

  engine::Store& store_;
  std::atomic<bool> stopping_ = false;
  Worker worker_;  // Last: its end waits for what runs.
};

inline constexpr std::string_view kImportWork = "dynamodb.import";

}  // namespace cloche::dynamodb
