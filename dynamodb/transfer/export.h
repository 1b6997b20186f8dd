// Exports: a table as it was at a moment, or what was written to it in a stretch of time, as files in
// a bucket of our S3.
//
//   dynamodb_exports  (account, region, table, id)  one per export, under way or through
//
//   PREFIX/AWSDynamoDB/ID/_started                       empty, when it begins
//   PREFIX/AWSDynamoDB/ID/data/NAME.json.gz              a line for each item; of an incremental
//                                                        export PREFIX/AWSDynamoDB/data/
//   PREFIX/AWSDynamoDB/ID/manifest-files.json, .md5      a line for each of them
//   PREFIX/AWSDynamoDB/ID/manifest-summary.json, .md5
//
// A thread in the background makes one data file after the other; the transaction that puts a file
// also notes how far the export is, so that a restart goes on after the last one. What has changed
// since the moment is read out of the log, as for copies (backup/backup.h).
// Source: "DynamoDB data export to Amazon S3: how it works", and "DynamoDB table export output
// format", Developer Guide; the names of the checksum files, and where keys begin, as measured on
// AWS in 2026.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/worker.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/table.h"
#include "engine/engine.h"
#include "engine/history.h"
#include "s3/objects.h"

namespace cloche::dynamodb {

inline constexpr engine::TableId kExports = 214;

enum class TransferStatus : std::uint8_t { InProgress = 0, Completed = 1, Failed = 2 };  // Stored.
std::string_view name_of(TransferStatus status);  // "IN_PROGRESS"

// Why an export or import failed.
struct TransferFailure {
  std::string code;  // "S3NoSuchBucket"
  std::string message;
};
// A refusal of S3's, in the words of exports and imports.
TransferFailure failure_of(const Error& error, engine::Ids& ids);

struct ExportedFile {
  std::string key, md5, etag;
  std::int64_t items = 0;
};

struct Export {
  std::string account, region, table_name, id;  // The id as in the ARN: "01763732421123-5f0a9c1e".
  Table table;                                  // As it was when it was asked for.
  Instant started{};
  std::string token;
  s3::BucketUse bucket;
  bool owner_given = false;
  std::string prefix;
  bool kms = false;
  std::string kms_key;
  bool ion = false;
  bool type_given = false;
  Instant time{};  // Of a full export.
  // Of an incremental one: from `from` to just before `to`.
  bool incremental = false;
  Instant from{}, to{};
  bool new_images_only = false;

  TransferStatus status = TransferStatus::InProgress;
  TransferFailure failure;  // Known at the beginning if the caller may not write to the bucket.
  std::optional<Instant> ended;
  bool begun = false;   // _started is there.
  std::string done_to;  // Row of the items up to which it is done.
  std::int64_t items = 0, bytes = 0;
  std::vector<ExportedFile> files;

  std::string arn() const { return table.arn() + "/export/" + id; }
  std::string key() const;
  std::string root() const;    // PREFIX/AWSDynamoDB/
  std::string folder() const;  // PREFIX/AWSDynamoDB/ID/
  std::string manifest() const { return folder() + "manifest-summary.json"; }
};

Result<std::optional<Export>> find_export(const engine::ReadView& view, std::string_view arn);
std::string encode_export(const Export& exported);
Result<void> store_export(engine::WriteTxn& txn, const Export& exported);
Result<Export> decode_export(std::string_view key, std::string_view row);

// The id of an export, import or backup that begins: its time and something random.
std::string new_transfer_id(engine::WriteTxn& txn);

// Carries out the exports that are noted. One per service; safe to use from any thread.
class Exporter {
 public:
  explicit Exporter(engine::Store& store) : store_(store) {}
  ~Exporter() { stopping_ = true; }
  void wake();    // Looks for exports under way.
  void resume();  // The same, if a restart has left any.

 private:
  Result<void> run_all();
  Result<void> run(Export exported);
  Result<void> begin(Export& exported);
  template <typename Source>
  Result<bool> step(Export& exported, Source& source);
  template <typename Source>
  Result<void> write_files(Export& exported, Source& source);
  Result<void> finish(Export& exported);
  Result<void> fail(Export& exported, const TransferFailure& failure);

  engine::Store& store_;
  std::atomic<bool> stopping_ = false;
  Worker worker_;  // Last: its end waits for what runs.
};

inline constexpr std::string_view kExportWork = "dynamodb.export";

}  // namespace cloche::dynamodb
