// What an export does in the background.
#include <chrono>

#include "base/compression.h"
#include "base/json.h"
#include "base/time_text.h"
#include "dynamodb/backup/past_cursor.h"
#include "dynamodb/item/stored_item.h"
#include "dynamodb/limits.h"
#include "dynamodb/table/items.h"
#include "dynamodb/transfer/export.h"
#include "dynamodb/transfer/ion.h"

namespace cloche::dynamodb {
namespace {

// Ours: long enough that what keeps failing costs nothing.
constexpr std::chrono::minutes kTryAgain{1};
constexpr std::size_t kPiece = std::size_t{256} << 10;

// All items of a moment, a line for each.
class ItemSource {
 public:
  ItemSource(std::unique_ptr<engine::ReadView> view, engine::PastRows past, const Export& exported)
      : view_(std::move(view)), past_(std::move(past)), exported_(exported) {}

  void open(const engine::KeyRange& range) { cursor_.emplace(*view_, range, past_); }
  bool valid() const { return cursor_->valid(); }
  const std::string& key() const { return cursor_->key(); }
  void next() { cursor_->next(); }
  Result<void> status() const { return cursor_->status(); }

  Result<void> append_line(std::string& out, std::int64_t& bytes) const {
    const StoredItem item(cursor_->value());
    bytes += static_cast<std::int64_t>(item.bytes());
    if (!exported_.ion) {
      out.append("{\"Item\":").append(item.json()).append("}\n");
      return {};
    }
    Arena arena;
    CLOCHE_TRY(const tree, item.tree(arena));
    out += "$ion_1_0 {Item:";
    append_ion(out, tree);
    out += "}\n";
    return {};
  }

 private:
  const std::unique_ptr<engine::ReadView> view_;
  const engine::PastRows past_;
  const Export& exported_;
  std::optional<PastCursor> cursor_;
};

// The items that were written in a stretch of time, a line for each that is or was there.
class ChangeSource {
 public:
  ChangeSource(engine::ChangedRows rows, const Export& exported)
      : rows_(std::move(rows)), exported_(exported) {}

  void open(const engine::KeyRange& range) {
    at_ = rows_.lower_bound(range.from);
    skip();
  }
  bool valid() const { return at_ != rows_.end(); }
  const std::string& key() const { return at_->first; }
  void next() {
    ++at_;
    skip();
  }
  Result<void> status() const { return {}; }

  Result<void> append_line(std::string& out, std::int64_t& bytes) const {
    const engine::ChangedRow& row = at_->second;
    const std::string when = std::to_string(row.last.time_since_epoch().count());
    Arena arena;
    Value keys = Value::map();
    CLOCHE_TRY(const image, StoredItem(row.after ? *row.after : *row.before).tree(arena));
    exported_.table.keys.each(
        [&](const KeyAttribute& key) { keys.add(arena, key.name, image.find(key.name)); });
    out += exported_.ion
               ? "$ion_1_0 {Metadata:{WriteTimestampMicros:" + when + ".},Keys:"
               : "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"" + when + "\"}},\"Keys\":";
    CLOCHE_TRY_VOID(append_tree(out, keys));
    if (row.after) {
      bytes += static_cast<std::int64_t>(StoredItem(*row.after).bytes());
      CLOCHE_TRY_VOID(append_image(out, "NewImage", *row.after));
    }
    if (row.before && !exported_.new_images_only) {
      bytes += static_cast<std::int64_t>(StoredItem(*row.before).bytes());
      CLOCHE_TRY_VOID(append_image(out, "OldImage", *row.before));
    }
    out += "}\n";
    return {};
  }

 private:
  // What came and went in between leaves nothing.
  void skip() {
    while (at_ != rows_.end() && !at_->second.before && !at_->second.after) ++at_;
  }
  Result<void> append_tree(std::string& out, const Value& tree) const {
    if (exported_.ion) {
      append_ion(out, tree);
    } else {
      append_json(out, tree);
    }
    return {};
  }
  Result<void> append_image(std::string& out, std::string_view name, std::string_view row) const {
    Arena arena;
    CLOCHE_TRY(const tree, StoredItem(row).tree(arena));
    if (exported_.ion) {
      out.append(",").append(name).append(":");
    } else {
      out.append(",\"").append(name).append("\":");
    }
    return append_tree(out, tree);
  }

  const engine::ChangedRows rows_;
  const Export& exported_;
  engine::ChangedRows::const_iterator at_;
};

engine::KeyRange items_of(const Export& exported) {
  engine::KeyRange range = engine::KeyRange::of(engine::KeyWriter().integer(exported.table.id));
  if (!exported.done_to.empty()) range.from = after_row(exported.done_to);
  return range;
}

Result<s3::UploadedBody> uploaded(engine::Store& store, std::string_view text) {
  s3::Upload upload(store);
  CLOCHE_TRY_VOID(upload.append(text));
  return upload.finish();
}

s3::NewObject object_of(const Export& exported, std::string key, std::string type) {
  return {.key = std::move(key),
          .content_type = std::move(type),
          .kms = exported.kms,
          .kms_key = exported.kms_key};
}

// manifest-files.json
std::string files_manifest(const Export& exported) {
  std::string out;
  for (const ExportedFile& file : exported.files) {
    Arena arena;
    Value line = Value::map();
    line.add(arena, "itemCount", Value::integer(file.items));
    line.add(arena, "md5Checksum", Value::string(file.md5));
    line.add(arena, "etag", Value::string(file.etag));
    line.add(arena, "dataFileS3Key", Value::string(file.key));
    append_json(out, line);
    out += '\n';
  }
  return out;
}

// manifest-summary.json
std::string summary_manifest(const Export& exported) {
  Arena arena;
  Value out = Value::map();
  const auto text = [&](std::string_view name, const std::string& value) {
    out.add(arena, name, value.empty() ? Value::null() : Value::string(arena, value));
  };
  const auto time = [&](std::string_view name, Instant at) {
    text(name, iso8601_milliseconds(at));
  };
  text("version", exported.incremental ? "2023-08-01" : "2020-06-30");
  text("exportArn", exported.arn());
  time("startTime", exported.started);
  time("endTime", *exported.ended);
  text("tableArn", exported.table.arn());
  text("tableId", exported.table.uuid);
  if (exported.incremental) {
    time("exportFromTime", exported.from);
    time("exportToTime", exported.to);
  } else {
    time("exportTime", exported.time);
  }
  text("s3Bucket", exported.bucket.bucket);
  text("s3Prefix", exported.prefix);
  text("s3SseAlgorithm", exported.kms ? "KMS" : "AES256");
  text("s3SseKmsKeyId", exported.kms_key);
  text("manifestFilesS3Key", exported.folder() + "manifest-files.json");
  out.add(arena, "billedSizeBytes", Value::integer(exported.bytes));
  out.add(arena, "itemCount", Value::integer(exported.items));
  text("outputFormat", exported.ion ? "ION" : "DYNAMODB_JSON");
  if (exported.incremental) {
    text("outputView", exported.new_images_only ? "NEW_IMAGE" : "NEW_AND_OLD_IMAGES");
    text("exportType", "INCREMENTAL_EXPORT");
  }
  std::string json;
  append_json(json, out);
  return json;
}

std::string new_file_key(engine::Store& store, const Export& exported) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  return (exported.incremental ? exported.root() : exported.folder()) + "data/" +
         store.ids().from_alphabet(kLetters, 26) + (exported.ion ? ".ion.gz" : ".json.gz");
}

}  // namespace

void Exporter::wake() {
  worker_.post([this] {
    if (run_all()) return;
    // What failed is still noted. A full disk may have room again.
    static_cast<void>(
        store_.write("dynamodb.export later", [](engine::WriteTxn& txn) -> Result<void> {
          auto queued = txn.later(
              {.kind = std::string(kExportWork), .payload = "", .due = txn.now() + kTryAgain});
          return queued ? Result<void>() : std::move(queued).error();
        }));
  });
}

void Exporter::resume() {
  const auto view = store_.view();
  for (const auto cursor = view->scan(kExports, {}); cursor->valid(); cursor->next()) {
    const auto exported = decode_export(cursor->key(), cursor->value());
    if (exported && exported->status == TransferStatus::InProgress) return wake();
  }
}

Result<void> Exporter::run_all() {
  std::vector<Export> exports;
  {
    const auto view = store_.view();
    const auto cursor = view->scan(kExports, {});
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(exported, decode_export(cursor->key(), cursor->value()));
      if (exported.status == TransferStatus::InProgress) exports.push_back(std::move(exported));
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  // One that fails holds up none of the others.
  Result<void> all;
  for (Export& exported : exports) {
    if (auto done = run(std::move(exported)); !done) all = std::move(done).error();
  }
  return all;
}

Result<void> Exporter::run(Export exported) {
  if (!exported.failure.code.empty()) return fail(exported, exported.failure);
  auto view = store_.view();
  const auto range = engine::KeyRange::of(engine::KeyWriter().integer(exported.table.id));
  Result<void> done = exported.begun ? Result<void>() : begin(exported);
  if (done && exported.incremental) {
    constexpr std::chrono::microseconds kTick{1};  // The earlier bound is inside, the later is not.
    CLOCHE_TRY(changed, engine::history_of(store_).changed_between(
                            kItems, range, exported.from - kTick, exported.to - kTick));
    ChangeSource source(changed ? *std::move(changed) : engine::ChangedRows(), exported);
    done = write_files(exported, source);
  } else if (done) {
    CLOCHE_TRY(changed, store_.changed_since(kItems, range, exported.time, view->lsn()));
    ItemSource source(std::move(view), changed ? *std::move(changed) : engine::PastRows(),
                      exported);
    done = write_files(exported, source);
  }
  if (done && !stopping_) done = finish(exported);
  if (done || done.error().kind != Error::Kind::Refused) return done;
  return fail(exported, failure_of(done.error(), store_.ids()));
}

template <typename Source>
Result<void> Exporter::write_files(Export& exported, Source& source) {
  bool more = true;
  while (more && !stopping_) {
    CLOCHE_TRY(const stepped, step(exported, source));
    more = stepped;
  }
  return {};
}

Result<void> Exporter::begin(Export& exported) {
  CLOCHE_TRY(const empty, uploaded(store_, ""));
  return store_.write(
      "dynamodb.export " + exported.table_name, [&](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(s3::put_object(
            txn, exported.bucket, object_of(exported, exported.folder() + "_started", "text/plain"),
            empty));
        exported.begun = true;
        return store_export(txn, exported);
      });
}

// One data file. An export without items has one that is empty, as AWS's partitions have.
template <typename Source>
Result<bool> Exporter::step(Export& exported, Source& source) {
  source.open(items_of(exported));
  if (!source.valid() && !exported.files.empty()) return false;
  s3::Upload upload(store_);
  GzipWriter gzip;
  const auto sink = [&](std::string_view bytes) { return upload.append(bytes); };
  Export after = exported;
  ExportedFile file{.key = new_file_key(store_, exported), .md5 = {}, .etag = {}};
  std::string lines;
  std::size_t written = 0;
  for (; source.valid() && written + lines.size() < kExportFileBytes && !stopping_; source.next()) {
    CLOCHE_TRY_VOID(source.append_line(lines, after.bytes));
    after.done_to = source.key();
    ++file.items;
    if (lines.size() < kPiece) continue;
    CLOCHE_TRY_VOID(gzip.append(lines, sink));
    written += lines.size();
    lines.clear();
  }
  CLOCHE_TRY_VOID(source.status());
  if (stopping_) return true;
  CLOCHE_TRY_VOID(gzip.append(lines, sink));
  CLOCHE_TRY_VOID(gzip.finish(sink));
  CLOCHE_TRY(const body, upload.finish());
  const bool more = source.valid();
  after.items += file.items;
  file.md5 = body.md5_base64();
  const auto put = store_.write(
      "dynamodb.export " + exported.table_name, [&](engine::WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY(etag, s3::put_object(txn, exported.bucket,
                                        object_of(exported, file.key, "application/gzip"), body));
        ExportedFile noted = file;
        noted.etag = std::move(etag);
        Export stored = after;
        stored.files.push_back(std::move(noted));
        CLOCHE_TRY_VOID(store_export(txn, stored));
        exported = std::move(stored);
        return {};
      });
  if (!put) return put.error();
  return more;
}

// The manifests, and the export's end with them.
Result<void> Exporter::finish(Export& exported) {
  exported.ended = store_.clock().now();
  exported.status = TransferStatus::Completed;
  struct File {
    std::string name, type;
    s3::UploadedBody body;
  };
  std::vector<File> files;
  for (const auto& [name, text] : {std::pair("manifest-files", files_manifest(exported)),
                                   std::pair("manifest-summary", summary_manifest(exported))}) {
    CLOCHE_TRY(body, uploaded(store_, text));
    CLOCHE_TRY(md5, uploaded(store_, body.md5_base64()));
    files.push_back({std::string(name) + ".json", "application/json", std::move(body)});
    files.push_back({std::string(name) + ".md5", "text/plain", std::move(md5)});
  }
  return store_.write(
      "dynamodb.export " + exported.table_name, [&](engine::WriteTxn& txn) -> Result<void> {
        for (const File& file : files) {
          CLOCHE_TRY_VOID(s3::put_object(
              txn, exported.bucket, object_of(exported, exported.folder() + file.name, file.type),
              file.body));
        }
        return store_export(txn, exported);
      });
}

Result<void> Exporter::fail(Export& exported, const TransferFailure& failure) {
  return store_.write("dynamodb.export " + exported.table_name,
                      [&](engine::WriteTxn& txn) -> Result<void> {
                        exported.status = TransferStatus::Failed;
                        exported.failure = failure;
                        exported.ended = txn.now();
                        return store_export(txn, exported);
                      });
}

}  // namespace cloche::dynamodb
