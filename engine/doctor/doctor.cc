#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/blob/blob_row.h"
#include "engine/blob/blob_store.h"
#include "engine/engine.h"
#include "engine/history/branches.h"
#include "engine/outbox/work_row.h"
#include "engine/schema/schema.h"
#include "engine/seal/unsealing.h"
#include "engine/store/record.h"
#include "engine/store/recovery.h"
#include "engine/store/row.h"
#include "engine/store/view.h"

namespace cloche::engine {
namespace {

std::uint64_t hash_of(std::string_view bytes) { return std::hash<std::string_view>()(bytes); }
std::uint64_t hash_of(std::optional<std::string_view> value) { return value ? hash_of(*value) : 0; }

// One examination of a directory. Each step adds what it finds, and the next one goes on.
class Examination {
 public:
  Examination(Env& env, std::string directory, const Tables& tables,
              Result<std::unique_ptr<wal::Log>> log,
              const std::function<void(std::string_view)>& progress)
      : env_(env),
        directory_(std::move(directory)),
        tables_(tables),
        progress_(progress),
        opened_log_(std::move(log)),
        blobs_(env, directory_ + "/blobs", wal::Durability::Commit, 0,
               ancestor_blobs(env, directory_)) {}

  DoctorReport run() {
    if (!open_state()) return std::move(report_);
    check_integrity();
    read_log();
    if (auto state = layers_->capture()) {
      view_ = make_view(*layers_, *std::move(state));
      check_tables();
      check_blobs();
      check_files();
      check_records();
      view_.reset();
    } else {
      damage(state.error());
    }
    return std::move(report_);
  }

 private:
  void damage(std::string what) { report_.damages.push_back(std::move(what)); }
  void damage(const Error& error) { damage(error.message); }
  void tell(const std::string& line) {
    if (progress_) progress_(line);
  }

  bool open_state() {
    tell("state.db");
    path_ = directory_ + "/state.db";
    auto state = engine::open_state(path_, tables_, wal::Durability::Commit);
    if (!state) {
      damage(state.error());
      return false;
    }
    connection_ = std::move(state->connection);
    flushed_ = state->flushed;
    layers_ = std::make_unique<Layers>(path_, tables_, flushed_);
    return true;
  }

  void check_integrity() {
    auto statement = connection_->prepare("PRAGMA integrity_check");
    if (!statement) return damage(statement.error());
    for (;;) {
      const auto more = statement->step();
      if (!more) return damage(more.error());
      if (!*more) return;
      const std::string_view text = statement->bytes(0);
      if (text != "ok") damage(path_ + ": " + std::string(text));
    }
  }

  // The log against its checksums, and its rows after those of state.db into the memtable, as
  // recovery does it.
  void read_log() {
    tell("wal");
    if (!opened_log_) return damage(opened_log_.error());
    log_ = *std::move(opened_log_);
    const auto scrubbed = log_->scrub([this](const std::string& text) { damage(text); });
    if (!scrubbed) damage(scrubbed.error());
    const auto replayed =
        log_->replay(flushed_, [this](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
          CLOCHE_TRY(const record, read_record(bytes));
          for (const RowChange& change : record.changes) {
            if (tables_.find(table_of(change.row)))
              layers_->active().insert(change.row, lsn.value(), change.after);
          }
          layers_->publish(lsn);
          return {};
        });
    if (!replayed) damage(replayed.error());
  }

  void check_tables() {
    for (const TableSpec& table : tables_.all()) {
      tell("table " + table.name);
      const auto cursor = view_->scan(table.id, {});
      for (; cursor->valid(); cursor->next()) {
        ++report_.rows;
        if (table.blobs) count_references(table, cursor->value());
      }
      if (const auto status = cursor->status(); !status) damage(status.error());
      counts_references_ = counts_references_ || table.blobs;
    }
    check_work();
  }

  void count_references(const TableSpec& table, std::string_view value) {
    std::vector<BlobRef> references;
    table.blobs(value, references);
    for (const BlobRef& blob : references) {
      if (blob.size > 0) ++references_[blob.digest];
    }
  }

  // Each work has its row of either table.
  void check_work() {
    const auto all = due_work(*view_, Instant::max(), std::numeric_limits<std::size_t>::max());
    if (!all) return damage(all.error());
    for (const DueWork& work : *all) {
      const auto due = view_->get(kWorkDueTable,
                                  KeyWriter().integer(static_cast<std::int64_t>(work.id)).bytes());
      if (!due) damage(due.error());
      if (due && !*due)
        damage("state.db: engine_work_due has no row for work " + std::to_string(work.id));
    }
  }

  void check_blobs() {
    tell("blobs");
    const auto cursor = view_->scan(kBlobTable, {});
    for (; cursor->valid(); cursor->next()) {
      ++report_.blobs;
      const std::string bytes = KeyReader(cursor->key()).blob();
      BlobRef blob;
      if (bytes.size() != blob.digest.size()) {
        damage("state.db: engine_blobs has a key that is no digest");
        continue;
      }
      std::copy_n(as_bytes(bytes).begin(), bytes.size(), blob.digest.begin());
      const auto row = BlobRow::decode(cursor->value());
      if (!row) {
        damage("state.db: engine_blobs, " + to_hex(blob.digest) + ": " + row.error().message);
        continue;
      }
      blob.size = row->size;
      check_blob(blob, *row);
    }
    if (!counts_references_) return;
    for (const auto& [digest, count] : references_) {
      damage("state.db: " + std::to_string(count) + " references name blob " + to_hex(digest) +
             ", which is not stored");
    }
  }

  void check_blob(const BlobRef& blob, const BlobRow& row) {
    const std::string name = "blob " + to_hex(blob.digest);
    if (row.in_file) {
      check_file(blob, row.references == 0);
    } else if (sha256(as_bytes(row.bytes)) != blob.digest) {
      damage("state.db: engine_blobs, " + name + ": its bytes have another digest");
    }
    const auto garbage = view_->get(kGarbageTable, garbage_key(row.garbage_since, blob.digest));
    if (garbage && (row.references == 0) != garbage->has_value()) {
      damage("state.db: engine_garbage and the references of " + name + " don't agree");
    }
    if (!counts_references_) return;
    const auto counted = references_.extract(blob.digest);
    const std::uint64_t expected = counted.empty() ? 0 : counted.mapped();
    if (expected != row.references) {
      damage("state.db: engine_blobs, " + name + ": " + std::to_string(row.references) +
             " references are counted, " + std::to_string(expected) + " are there");
    }
  }

  void check_file(const BlobRef& blob, bool garbage) {
    const std::string path = blobs_.file_path(blob.digest);
    const auto file = blobs_.open_file(blob.digest);
    if (!file) {
      // Its collection may have been cut short.
      if (!garbage) damage(path + ": " + file.error().message);
      return;
    }
    Hasher<Sha256> hasher;
    std::vector<std::byte> piece(std::size_t{256} << 10);
    std::uint64_t size = 0;
    for (;;) {
      const auto got = (*file)->read_at(size, piece);
      if (!got) return damage(got.error());
      if (*got == 0) break;
      hasher.update(std::span(piece).first(*got));
      size += *got;
    }
    if (size != blob.size) {
      damage(path + ": it has " + std::to_string(size) + " bytes instead of " +
             std::to_string(blob.size));
    } else if (hasher.finish() != blob.digest) {
      damage(path + ": its bytes have another digest than its name");
    }
  }

  // Files that no row names take room, and do no harm: a process that died between two steps can
  // leave one.
  void check_files() {
    std::uint64_t unnamed = 0;
    const auto folders = env_.list(directory_ + "/blobs");
    if (!folders) return;
    for (const std::string& folder : *folders) {
      if (folder.size() != 2) continue;
      const auto names = env_.list(directory_ + "/blobs/" + folder);
      if (!names) continue;
      for (const std::string& name : *names) {
        Sha256 digest;
        if (!from_hex(name, digest)) continue;
        const auto row = view_->get(kBlobTable, blob_key(digest));
        if (row && !*row) ++unnamed;
      }
    }
    if (unnamed > 0) tell(std::to_string(unnamed) + " blob files that no row names");
  }

  struct Last {
    std::uint64_t value = 0;  // Hash of the value that the newest change left.
    Lsn lsn;
  };

  // Each change begins with what the one before it left, and the last one left what the row is now.
  // Rows are remembered by their hash: some 50 bytes for each that the retained log changes.
  void check_records() {
    if (!log_) return;
    tell("records");
    std::unordered_map<std::uint64_t, Last> lasts;
    const auto walked =
        log_->replay(Lsn(0), [&](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
          ++report_.log_records;
          CLOCHE_TRY(const record, read_record(bytes));
          for (const RowChange& change : record.changes) {
            const auto [last, is_new] = lasts.try_emplace(hash_of(change.row));
            if (!is_new && last->second.value != hash_of(change.before)) {
              damage(place_of(lsn, change) + ": it does not begin with what record " +
                     std::to_string(last->second.lsn.value()) + " left");
            }
            last->second = {hash_of(change.after), lsn};
          }
          return {};
        });
    if (!walked) return;  // read_log has told it.
    const auto compared =
        log_->replay(Lsn(0), [&](Lsn lsn, std::span<const std::byte> bytes) -> Result<void> {
          CLOCHE_TRY(const record, read_record(bytes));
          for (const RowChange& change : record.changes) {
            if (lasts[hash_of(change.row)].lsn != lsn || !tables_.find(table_of(change.row)))
              continue;
            CLOCHE_TRY(const value, view_->get(table_of(change.row), key_of(change.row)));
            if (value != change.after)
              damage(place_of(lsn, change) + ": the row is another one than the record left");
          }
          return {};
        });
    if (!compared) damage(compared.error());
  }

  std::string place_of(Lsn lsn, const RowChange& change) const {
    const TableSpec* table = tables_.find(table_of(change.row));
    return "log record " + std::to_string(lsn.value()) + ", table " +
           (table ? table->name : std::to_string(table_of(change.row))) + ", key " +
           to_hex(as_bytes(key_of(change.row)));
  }

  Env& env_;
  const std::string directory_;
  const Tables& tables_;
  const std::function<void(std::string_view)>& progress_;
  Result<std::unique_ptr<wal::Log>> opened_log_;
  BlobStore blobs_;
  DoctorReport report_;
  std::string path_;
  std::unique_ptr<sqlite::Connection> connection_;
  Lsn flushed_;
  std::unique_ptr<Layers> layers_;
  std::unique_ptr<wal::Log> log_;
  std::unique_ptr<ReadView> view_;
  std::map<Sha256, std::uint64_t> references_;
  bool counts_references_ = false;
};

}  // namespace

Result<DoctorReport> doctor(Env& env, const std::string& directory, const Schema& schema,
                            const std::function<void(std::string_view)>& progress) {
  CLOCHE_TRY(const tables, Tables::of(schema));
  CLOCHE_TRY(const there, env.exists(directory + "/state.db"));
  CLOCHE_TRY(const begun, Unsealing::is_begun(env, directory));
  if (!there && !begun) return unavailable(directory + " is no data directory: it has no state.db");
  CLOCHE_TRY(const lock, env.lock(directory + "/lock"));
  if (begun) {
    if (progress) progress("the sealed file that the directory began with");
    CLOCHE_TRY(const unsealing, Unsealing::resume(env, directory, tables));
    if (unsealing) CLOCHE_TRY_VOID(unsealing->finish());
  }
  const auto is_refused = [](const auto& result) {
    return !result && result.error().kind == Error::Kind::Unavailable;
  };
  // What is damaged is told by the examination; what is newer, or can't be read, is left alone.
  const auto examined = examine_state(env, directory + "/state.db", tables);
  if (is_refused(examined)) return examined.error();
  auto log = wal::Log::open(
      env, directory + "/wal", wal::Durability::Commit,
      Lsn((examined ? examined->flushed.value() : 0) + 1),
      [&](std::span<const std::byte> newest) { return examine_record(newest, tables); });
  if (is_refused(log)) return std::move(log).error();
  return Examination(env, directory, tables, std::move(log), progress).run();
}

}  // namespace cloche::engine
