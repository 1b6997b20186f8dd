// What an import does in the background.
#include <chrono>

#include "base/compression.h"
#include "dynamodb/errors.h"
#include "dynamodb/limits.h"
#include "dynamodb/table/catalog.h"
#include "dynamodb/table/items.h"
#include "dynamodb/transfer/import.h"
#include "dynamodb/transfer/import_records.h"

namespace cloche::dynamodb {
namespace {

// Ours: long enough that what keeps failing costs nothing.
constexpr std::chrono::minutes kTryAgain{1};
constexpr std::size_t kListedAtOnce = 1'000;

// Ends the reading of an object early; told from errors by the reader's own flag.
Error enough() { return unavailable("enough"); }

Result<Table> table_of(const engine::ReadView& view, const Import& import) {
  Table named;
  named.account = import.account;
  named.region = import.region;
  named.name = import.table_name;
  CLOCHE_TRY(const row, view.get(kTables, Catalog::row_key(named)));
  if (row) {
    CLOCHE_TRY(table, decode_table(*row));
    if (table.id == import.table_id) return table;
  }
  Error error = table_not_found(import.table_name);
  error.code = "TableNotFound";
  return error;
}

// As InputCompressionType names them.
std::unique_ptr<Decompressor> decompressor_of(const Import& import) {
  if (import.compression == "GZIP") return make_gunzip();
  if (import.compression == "ZSTD") return make_unzstd();
  return make_plain();
}

}  // namespace

// One import on its way. What it has read and not yet written is bounded by kStepRowsMax and
// kStepBytesMax.
class Importer::Run {
 public:
  Run(engine::Store& store, const std::atomic<bool>& stopping, Import& import, Table table)
      : store_(store),
        stopping_(stopping),
        import_(import),
        table_(std::move(table)),
        view_(store.view()) {}

  Result<void> read_all() {
    for (bool more = true; more && !stopping_;) {
      CLOCHE_TRY(const objects, s3::list_objects(*view_, import_.bucket, import_.prefix,
                                                 import_.done_key, kListedAtOnce));
      for (const s3::ListedObject& object : objects) {
        CLOCHE_TRY_VOID(read_object(object.key));
        if (stopping_) return {};
      }
      more = objects.size() == kListedAtOnce;
    }
    return write();
  }

 private:
  Result<void> read_object(const std::string& key) {
    if (import_.key_in_progress != key) {
      import_.key_in_progress = key;
      import_.records_done = 0;
    }
    const std::int64_t done_before = import_.records_done;
    std::int64_t seen = 0, bytes = 0;
    const auto reader = make_record_reader(import_, table_);
    const auto decompressor = decompressor_of(import_);
    bool ended = false;
    const RecordReader::Sink take = [&](const RecordReader::MakeItem& make) -> Result<void> {
      if (stopping_) {
        ended = true;
        return enough();
      }
      return ++seen <= done_before ? Result<void>() : take_record(make);
    };
    const ByteSink lines = [&](std::string_view text) {
      bytes += static_cast<std::int64_t>(text.size());
      return reader->append(text, take);
    };
    auto read = s3::read_object(store_, *view_, import_.bucket, key, [&](std::string_view piece) {
      return decompressor->append(piece, lines);
    });
    if (read) read = decompressor->finish();
    if (read) read = reader->finish(take);
    if (ended) return {};
    if (!read && !is_malformed(read.error())) return read;
    // What can't be read any further is one error.
    if (!read) count_error();
    import_.bytes += bytes;
    import_.done_key = key;
    import_.key_in_progress.clear();
    import_.records_done = 0;
    return {};
  }

  void count_error() {
    ++import_.processed;
    ++import_.errors;
  }

  Result<void> take_record(const RecordReader::MakeItem& make) {
    Arena arena;
    auto item = make(arena);
    if (!item && item.error().kind != Error::Kind::Refused) return std::move(item).error();
    if (!item && is_malformed(item.error())) return std::move(item).error();
    const bool is_good = item && item->bytes <= kItemBytesMax && key_of_item(table_, item->value);
    ++import_.records_done;
    if (!is_good) {
      count_error();
      return {};
    }
    ++import_.processed;
    ++import_.imported;
    rows_.push_back(encode_item(item->value, item->bytes));
    bytes_ += rows_.back().size();
    return rows_.size() < kStepRowsMax && bytes_ < kStepBytesMax ? Result<void>() : write();
  }

  Result<void> write() {
    const auto written = store_.write(
        "dynamodb.import " + import_.table_name, [&](engine::WriteTxn& txn) -> Result<void> {
          CLOCHE_TRY_VOID(table_of(txn, import_));  // It may have been deleted meanwhile.
          for (const std::string& row : rows_) {
            Arena arena;
            NewItem item;
            item.row = row;
            item.bytes = StoredItem(row).bytes();
            CLOCHE_TRY(const tree, StoredItem(item.row).tree(arena));
            item.tree = tree;
            CLOCHE_TRY(const key, key_of_item(table_, tree));
            CLOCHE_TRY(before, FoundItem::find(txn, key));
            std::vector<std::int64_t> index_units;
            CLOCHE_TRY_VOID(
                write_item(txn, table_, key, before, &item, Changer::Client, index_units, arena));
          }
          return store_import(txn, import_);
        });
    rows_.clear();
    bytes_ = 0;
    return written;
  }

  engine::Store& store_;
  const std::atomic<bool>& stopping_;
  Import& import_;
  const Table table_;
  const std::unique_ptr<engine::ReadView> view_;
  std::vector<std::string> rows_;  // As encode_item writes them.
  std::size_t bytes_ = 0;
};

void Importer::wake() {
  worker_.post([this] {
    if (run_all()) return;
    // What failed is still noted. A full disk may have room again.
    static_cast<void>(
        store_.write("dynamodb.import later", [](engine::WriteTxn& txn) -> Result<void> {
          auto queued = txn.later(
              {.kind = std::string(kImportWork), .payload = "", .due = txn.now() + kTryAgain});
          return queued ? Result<void>() : std::move(queued).error();
        }));
  });
}

void Importer::resume() {
  const auto view = store_.view();
  for (const auto cursor = view->scan(kImports, {}); cursor->valid(); cursor->next()) {
    const auto import = decode_import(cursor->key(), cursor->value());
    if (import && import->status == TransferStatus::InProgress) return wake();
  }
}

Result<void> Importer::run_all() {
  std::vector<Import> imports;
  {
    const auto view = store_.view();
    const auto cursor = view->scan(kImports, {});
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY(import, decode_import(cursor->key(), cursor->value()));
      if (import.status == TransferStatus::InProgress) imports.push_back(std::move(import));
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  // One that fails holds up none of the others.
  Result<void> all;
  for (Import& import : imports) {
    if (auto done = run(std::move(import)); !done) all = std::move(done).error();
  }
  return all;
}

Result<void> Importer::run(Import import) {
  if (import.failure.code.empty()) {
    Result<void> done;
    auto table = table_of(*store_.view(), import);
    if (table) {
      done = Run(store_, stopping_, import, *std::move(table)).read_all();
    } else {
      done = std::move(table).error();
    }
    if (!done && done.error().kind != Error::Kind::Refused) return done;
    if (stopping_) return {};
    if (!done && done.error().code == "TableNotFound") {
      import.failure = {"TableNotFound", done.error().message};
    } else if (!done) {
      import.failure = failure_of(done.error(), store_.ids());
    } else if (import.errors > 0) {
      import.failure = {"ItemValidationError",
                        "Some of the items failed validation checks and were not imported. Please "
                        "check CloudWatch error logs for more details."};
    }
  }
  return store_.write(
      "dynamodb.import " + import.table_name, [&](engine::WriteTxn& txn) -> Result<void> {
        auto table = table_of(txn, import);
        if (table) {
          table->restoring = false;
          CLOCHE_TRY_VOID(Catalog::store(txn, *table));
        } else if (table.error().kind != Error::Kind::Refused) {
          return std::move(table).error();
        }
        import.status =
            import.failure.code.empty() ? TransferStatus::Completed : TransferStatus::Failed;
        import.ended = txn.now();
        return store_import(txn, import);
      });
}

}  // namespace cloche::dynamodb
