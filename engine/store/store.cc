#include <algorithm>
#include <atomic>
#include <charconv>
#include <future>
#include <iterator>

#include "base/mutex.h"
#include "engine/blob/blob_store.h"
#include "engine/engine.h"
#include "engine/history/branches.h"
#include "engine/history/history.h"
#include "engine/history/past.h"
#include "engine/outbox/scheduler.h"
#include "engine/schema/schema.h"
#include "engine/seal/sealer.h"
#include "engine/seal/unsealing.h"
#include "engine/store/flush.h"
#include "engine/store/group_commit.h"
#include "engine/store/origin.h"
#include "engine/store/recovery.h"
#include "engine/store/temporary_directory.h"
#include "engine/store/view.h"
#include "engine/wait/waiters.h"

namespace cloche::engine {
namespace {

std::string state_key(std::string_view name) { return KeyWriter().text(name).take(); }

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

class StoreImpl final : public Store {
 public:
  StoreImpl(Env& env, StoreOptions options, Tables tables)
      : env_(env),
        options_(std::move(options)),
        tables_(std::move(tables)),
        clock_(env),
        ids_(env, options_.seed) {}

  ~StoreImpl() override { close(); }

  // `prepare` fills the directory first, as a branch's.
  Result<void> open(const StoreBranches::Parts::Prepare& prepare = {}) {
    CLOCHE_TRY_VOID(find_directory());
    std::optional<Origin> origin;
    if (prepare) {
      CLOCHE_TRY(prepared, prepare(options_.directory));
      origin = std::move(prepared);
    }
    CLOCHE_TRY_VOID(open_sealed());
    const std::string path = options_.directory + "/state.db";
    // What may refuse the directory comes first, and changes nothing in it.
    Examined examined{origin ? origin->lsn : Lsn(0)};
    if (!origin) {
      CLOCHE_TRY(found, examine_state(env_, path, tables_));
      examined = found;
    }
    const auto began = env_.monotonic();
    CLOCHE_TRY_VOID(open_log(Lsn(examined.flushed.value() + 1)));
    CLOCHE_TRY_VOID(open_blobs());
    CLOCHE_TRY(state, open_state(path, tables_, options_.durability));
    CLOCHE_TRY(file, env_.open(path, OpenMode::Read));
    state_file_ = std::move(file);
    layers_ = std::make_unique<Layers>(path, tables_, state.flushed);
    CLOCHE_TRY(const origin_time, take_origin(origin));
    CLOCHE_TRY(const replayed, replay(state, began));
    const Instant last_time =
        replayed.records > 0 ? replayed.time : origin_time.value_or(state.time);
    CLOCHE_TRY_VOID(restore_rows(state, last_time));
    CLOCHE_TRY_VOID(start_history());
    CLOCHE_TRY_VOID(start_branches());
    if (origin && kept()) CLOCHE_TRY_VOID(sync_copy_later());
    start_threads(std::move(state), path, last_time);
    CLOCHE_TRY_VOID(migrate());
    if (unsealing_) {
      unsealing_->start([this](const Sha256& digest) { return has_blob(digest); },
                        options_.log_line);
    }
    return {};
  }

  std::unique_ptr<ReadView> view() const override {
    auto state = layers_->capture();
    if (!state) return make_failed_view(std::move(state).error());
    return make_view(*layers_, *std::move(state));
  }

  void submit(std::string_view summary, Closure closure, Done done) override {
    commit_->submit({std::string(summary), std::move(closure), std::move(done)});
  }

  Blobs& blobs() override { return *blobs_; }
  Clock& clock() override { return clock_; }
  Ids& ids() override { return ids_; }
  Env& env() override { return env_; }

  void on_work(std::string kind,
               std::function<Result<void>(WriteTxn&, const std::string&)> handler) override {
    scheduler_->on_work(std::move(kind), std::move(handler));
  }
  void start_scheduler() override { scheduler_->start(); }
  void drain_work() override { scheduler_->drain(); }

  Result<std::optional<PastRows>> changed_since(TableId table, const KeyRange& range, Instant at,
                                                Lsn head) const override {
    if (!log_) return std::optional<PastRows>();
    return engine::changed_since(*log_, table, range, at, head);
  }
  Result<std::optional<Instant>> history_begins() const override {
    if (!log_) return std::optional<Instant>();
    const Lsn oldest = log_->oldest();
    {
      MutexLock lock(begins_mutex_);
      if (begins_ && begins_of_ == oldest) return begins_;
    }
    // Reads a segment, once for each that has become the oldest.
    CLOCHE_TRY(const begins, engine::history_begins(*log_));
    MutexLock lock(begins_mutex_);
    begins_ = begins;
    begins_of_ = oldest;
    return begins;
  }

  Result<void> flush() override { return flusher_->flush(layers_->published()); }

  void abandon() override { abandoned_ = true; }
  const std::string& directory() const override { return options_.directory; }

  StoreStats stats() const override {
    StoreStats stats;
    stats.last = layers_->published();
    stats.flushed = layers_->flushed();
    stats.synced = log_ ? log_->synced() : Lsn(0);
    stats.groups = commit_->stats().groups;
    stats.commits = commit_->stats().commits;
    stats.refused = commit_->stats().refused;
    stats.flushes = flusher_->stats().flushes;
    stats.rows_flushed = flusher_->stats().rows;
    stats.log_bytes = log_ ? log_->bytes_on_disk() : 0;
    stats.memtable_bytes = layers_->active_bytes();
    stats.waiting = waiters_->count();
    return stats;
  }

  const wal::Log* log() const override { return log_.get(); }
  History& history() { return *history_; }
  Branches& branches() { return *branches_; }
  Result<Sealed> seal(const SealWish& wish, const SealProgress& progress) {
    return engine::seal({.env = env_, .store = *this, .tables = tables_}, wish, progress);
  }
  const std::string& recovery_text() const override { return recovery_text_; }

 private:
  bool kept() const { return options_.durability != wal::Durability::Memory; }

  Result<void> find_directory() {
    if (!kept()) {
      // Never the directory that was named: what is in there was meant to be kept.
      CLOCHE_TRY(directory, TemporaryDirectory::make(env_));
      temporary_ = std::move(directory);
      options_.directory = temporary_->path();
      return {};
    }
    CLOCHE_TRY_VOID(env_.create_directories(options_.directory));
    CLOCHE_TRY(lock, env_.lock(options_.directory + "/lock"));
    lock_ = std::move(lock);
    return {};
  }

  // What the directory began with, if not all of it is in place yet.
  Result<void> open_sealed() {
    if (!options_.sealed.empty()) {
      CLOCHE_TRY_VOID(Unsealing::begin(env_, options_.sealed, options_.directory, tables_));
    }
    CLOCHE_TRY(unsealing, Unsealing::resume(env_, options_.directory, tables_));
    unsealing_ = std::move(unsealing);
    return {};
  }

  // True where it can't be known.
  bool has_blob(const Sha256& digest) const {
    const auto row = view()->get(kBlobTable, KeyWriter().blob(as_text(digest)).take());
    return !row || row->has_value();
  }

  Result<void> open_blobs() {
    if (kept()) {
      std::ranges::move(ancestor_blobs(env_, options_.directory),
                        std::back_inserter(options_.ancestor_blobs));
    }
    blobs_ = std::make_unique<BlobStore>(env_, options_.directory + "/blobs", options_.durability,
                                         options_.inline_blob_bytes, options_.ancestor_blobs);
    CLOCHE_TRY_VOID(blobs_->open());
    if (unsealing_)
      blobs_->set_source([this](const Sha256& digest) { return unsealing_->bring(digest); });
    blobs_->set_collector([this](Closure closure) { return write("", std::move(closure)); },
                          [this] { return horizon(); });
    return {};
  }

  // Up to this lsn neither the log nor a view nor a branch can show a state any more that names a blob given up
  // by then.
  Lsn horizon() const {
    const Lsn in_use = std::min(layers_->oldest_in_use(), branches_->pinned());
    if (!log_) return in_use;
    return std::min(in_use, Lsn(log_->oldest().value() - 1));
  }

  Result<void> open_log(Lsn begin_at) {
    if (!kept()) return {};
    const auto accept = [this](std::span<const std::byte> newest) {
      return examine_record(newest, tables_);
    };
    CLOCHE_TRY(log, wal::Log::open(env_, options_.directory + "/wal", options_.durability, begin_at,
                                   accept));
    log_ = std::move(log);
    return {};
  }

  // Rows of the parent that state.db does not hold yet, of a branch that is made now or was made before; with the time
  // of its parent then.
  Result<std::optional<Instant>> take_origin(const std::optional<Origin>& made) {
    if (!made && !kept()) return std::optional<Instant>();
    if (!made) return read_origin(env_, options_.directory, *layers_);
    if (made->flushed != layers_->flushed())
      return unavailable("state.db was written while it was copied");
    CLOCHE_TRY_VOID(write_origin(env_, options_.directory, options_.durability,
                                 tables_.schema().version, *made, *layers_));
    return std::optional(made->time);
  }

  // Once state.db holds it for good, nothing asks for it any more.
  void forget_origin(Lsn settled) {
    if (origin_gone_ || settled < first_lsn_) return;
    origin_gone_ = env_.remove_all(origin_directory(options_.directory)).has_value();
  }

  Result<Replayed> replay(const StateFile& state, std::chrono::nanoseconds began) {
    recovery_text_ = state.created ? "new" : "nothing to replay";
    if (is_unsealed())
      recovery_text_ = "opened a sealed file, sha256:" + to_hex(unsealing_->file().hash());
    if (!kept()) return Replayed{};
    CLOCHE_TRY(const replayed, replay_log(*log_, *layers_, tables_, *blobs_, env_));
    // From now on what was read may be called synced, with the blobs that it names.
    log_->before_sync([this] { return blobs_->sync(); });
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(env_.monotonic() - began);
    if (replayed.records > 0) {
      recovery_text_ = with_commas(replayed.records) + " records replayed in " +
                       std::to_string(took.count()) + " ms";
    }
    if (log_->recovered().torn_bytes > 0) {
      recovery_text_ +=
          ", " + with_commas(log_->recovered().torn_bytes) + " bytes of unfinished records cut off";
    }
    if (options_.log_line) options_.log_line("recovery: " + recovery_text_);
    return replayed;
  }

  // Clock, ids and schema version, as the rows say.
  Result<void> restore_rows(const StateFile& state, Instant last_time) {
    const auto rows = view();
    CLOCHE_TRY(const clock, rows->get(kStateTable, state_key("clock")));
    CLOCHE_TRY(const ids, rows->get(kStateTable, state_key("ids")));
    CLOCHE_TRY(const schema, rows->get(kStateTable, state_key("schema")));
    restore_clock(clock, state.created || is_unsealed(), last_time);
    CLOCHE_TRY(const salt, rows->get(kStateTable, state_key("salt")));
    if (salt) ids_.mix(*salt);
    if (ids) ids_.restore(*ids);
    schema_version_ = state.schema_version;
    if (schema) std::from_chars(schema->data(), schema->data() + schema->size(), schema_version_);
    if (schema_version_ > tables_.schema().version)
      return newer_schema(schema_version_, tables_.schema().version);
    return {};
  }

  void restore_clock(std::optional<std::string_view> stored, bool created, Instant last_time) {
    const Instant now = env_.now();
    ClockSetting setting{.frozen = false, .at = now, .wall = now, .speed = 1.0};
    const bool given = created && (options_.seed || options_.clock_at);
    if (given) {
      setting = {
          .frozen = true, .at = options_.clock_at.value_or(kSeededStart), .wall = {}, .speed = 1.0};
    }
    if (stored && !(given && options_.clock_at))
      setting = ClockSetting::decode(*stored).value_or(setting);
    if (options_.resume_clock && !created && !setting.frozen && last_time > Instant())
      setting = {.frozen = false, .at = last_time, .wall = now, .speed = setting.speed};
    clock_.restore(setting);
    restored_clock_ = setting.frozen && (!stored || given);
  }

  Result<void> start_history() {
    history_ = std::make_unique<StoreHistory>(StoreHistory::Parts{
        .store = *this,
        .tables = tables_,
        .log = log_.get(),
        .write_alone = [this](
                           std::string_view summary,
                           Closure closure) { return wait_for(summary, std::move(closure), true); },
        .rewound =
            [this] {
              waiters_->wake_all();
              scheduler_->wake();
            },
        .settle = [this]() -> Result<void> {
          CLOCHE_TRY_VOID(flush());
          return copy_into_database();
        },
        .shrink = [this](std::optional<Lsn> before) { return shrink(before); }});
    return history_->open();
  }

  Result<void> start_branches() {
    branches_ = std::make_unique<StoreBranches>(StoreBranches::Parts{
        .env = env_,
        .store = *this,
        .log = log_.get(),
        .directory = options_.directory,
        .at_rest =
            [this](const auto& what) {
              return flusher_->at_rest([&](std::uint64_t log_bytes, const Unflushed& unflushed) {
                return what(*state_file_, log_bytes, unflushed, commit_->last_time());
              });
            },
        .settle_soon = [this] { flusher_->settle_soon(); },
        .open = [this](const std::string& directory,
                       const auto& prepare) { return open_beside(directory, prepare); },
        .write_alone =
            [](Store& store, std::string_view summary, Closure closure) {
              return static_cast<StoreImpl&>(store).wait_for(summary, std::move(closure), true);
            },
        .log_line = options_.log_line});
    return branches_->open();
  }

  // What a branch begins with is in no log of its history: it is synced before the first record is.
  Result<void> sync_copy_later() {
    const std::string& directory = options_.directory;
    blobs_->sync_later(state_file_, directory + "/state.db");
    std::vector<std::string> paths{directory + "/state.db-wal"};
    CLOCHE_TRY(const has_origin, env_.exists(origin_directory(directory)));
    if (has_origin) {
      CLOCHE_TRY(const names, env_.list(origin_directory(directory)));
      for (const std::string& name : names)
        paths.push_back(origin_directory(directory) + "/" + name);
    }
    for (const std::string& path : paths) {
      CLOCHE_TRY(const there, env_.exists(path));
      if (!there) continue;
      CLOCHE_TRY(file, env_.open(path, OpenMode::Read));
      blobs_->sync_later(std::move(file), path);
    }
    blobs_->sync_later(nullptr, directory);  // Its name in branches/, and that in the folder above.
    blobs_->sync_later(nullptr, directory.substr(0, directory.rfind('/')));
    return {};
  }

  // An environment that shares our options and reads our blobs.
  Result<std::unique_ptr<Store>> open_beside(const std::string& directory,
                                             const StoreBranches::Parts::Prepare& prepare) {
    // It reads our blobs in our folder, so they have to be there.
    if (unsealing_) CLOCHE_TRY_VOID(unsealing_->wait());
    StoreOptions options = options_;
    options.directory = directory;
    options.sealed.clear();
    if (kept()) {
      options.ancestor_blobs.clear();  // Its place tells.
    } else {
      options.ancestor_blobs.insert(options.ancestor_blobs.begin(), blobs_->directory());
    }
    auto store = std::make_unique<StoreImpl>(env_, std::move(options), tables_);
    CLOCHE_TRY_VOID(store->open(prepare));
    return std::unique_ptr<Store>(std::move(store));
  }

  // All that SQLite's own log holds, as far as no view of before is held.
  Result<void> copy_into_database() {
    layers_->renew_snapshots();
    // The writer holds one, until it writes next.
    CLOCHE_TRY_VOID(write("", [](WriteTxn&) { return Result<void>(); }));
    return flusher_->checkpoint();
  }

  Result<void> shrink(std::optional<Lsn> before) {
    CLOCHE_TRY_VOID(flusher_->vacuum());
    CLOCHE_TRY_VOID(copy_into_database());
    if (!before || !log_) return {};
    return flusher_->forget_before(*before);
  }

  // See Store::write; `alone`: in a group of its own.
  Result<void> wait_for(std::string_view summary, Closure closure, bool alone) {
    std::promise<Result<void>> promise;
    auto outcome = promise.get_future();
    commit_->submit(
        {.summary = std::string(summary),
         .closure = std::move(closure),
         .done = [&promise](Result<void> result) { promise.set_value(std::move(result)); },
         .alone = alone});
    return outcome.get();
  }

  void start_threads(StateFile state, const std::string& path, Instant last_time) {
    first_lsn_ = layers_->published();
    clock_.on_change([this] { store_clock(); });
    waiters_ = std::make_unique<Waiters>(clock_, [this](std::vector<Request> requests) {
      commit_->submit_elsewhere(std::move(requests));
    });
    scheduler_ = std::make_unique<Scheduler>(*this, clock_, options_.log_line);
    flusher_ = std::make_unique<Flusher>(
        Flusher::Parts{.env = env_,
                       .layers = *layers_,
                       .tables = tables_,
                       .connection = std::move(state.connection),
                       .log = log_.get(),
                       .idle = options_.flush_idle,
                       .log_retain_bytes = options_.log_retain_bytes,
                       .log_retain_age = options_.log_retain_age,
                       .pinned = [this] { return history_->pinned(); },
                       .settled = [this](Lsn lsn) { forget_origin(lsn); },
                       .state_path = path,
                       .freeze_soon = [this] { commit_->freeze_soon(); },
                       .last_time = [this] { return commit_->last_time(); },
                       .flushed = [this] { collect_some(); },
                       .log_line = options_.log_line});
    txn_ = std::make_unique<GroupTxn>(*layers_, tables_, *blobs_, ids_);
    commit_ = std::make_unique<GroupCommit>(
        GroupCommit::Parts{.layers = *layers_,
                           .txn = *txn_,
                           .clock = clock_,
                           .ids = ids_,
                           .waiters = *waiters_,
                           .log = log_.get(),
                           .durability = options_.durability,
                           .group_bytes_max = options_.group_bytes_max,
                           .memtable_bytes = options_.memtable_bytes,
                           .schema_version = tables_.schema().version,
                           .has_rows = [this] { flusher_->has_rows(); },
                           .has_frozen = [this] { flusher_->has_frozen(); },
                           .has_work = [this] { scheduler_->wake(); },
                           .wait_for_room = [this] { return flusher_->wait_for_room(); }},
        last_time);
    flusher_->start();
    if (layers_->has_unflushed()) flusher_->has_rows();
    if (restored_clock_) store_clock();
  }

  void store_clock() {
    // Read inside the closure: of two changes the later one is stored last.
    submit(
        "",
        [this](WriteTxn& txn) {
          return txn.put(kStateTable, state_key("clock"), clock_.setting().encode());
        },
        [](Result<void>) {});
  }

  // In small steps behind the flushes, on the flush thread, which must not wait for the writer.
  void collect_some() {
    const auto step = [this, up_to = horizon()](WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY(const more, blobs_->collect_step(txn, up_to));
      static_cast<void>(more);
      return {};
    };
    std::vector<Request> requests;
    requests.push_back({"", step, [](Result<void>) {}});
    commit_->submit_elsewhere(std::move(requests));
  }

  Result<void> migrate() {
    for (const Migration& migration : tables_.schema().migrations) {
      if (migration.to_version <= schema_version_) continue;
      const auto step = [&](WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(migration.run(txn));
        return txn.put(kStateTable, state_key("schema"), std::to_string(migration.to_version));
      };
      CLOCHE_TRY_VOID(write("engine.Migrate " + migration.what, step));
      schema_version_ = migration.to_version;
    }
    if (schema_version_ == tables_.schema().version) return {};
    return write("", [this](WriteTxn& txn) {
      return txn.put(kStateTable, state_key("schema"), std::to_string(tables_.schema().version));
    });
  }

  // In this process.
  bool is_unsealed() const { return unsealing_ && unsealing_->unpacked_state(); }

  void close() {
    if (unsealing_) unsealing_->stop();
    if (scheduler_) scheduler_->stop();
    if (waiters_) waiters_->stop();
    if (!commit_) return;
    if (kept() && !abandoned_) {
      if (auto flushed = flush(); !flushed && options_.log_line) {
        options_.log_line("closed without a flush, the log holds all: " + flushed.error().message);
      }
    }
    flusher_->stop();
    commit_->stop();
    if (!kept() || abandoned_) {
      // The last connection that closes would copy SQLite's log into the database and sync it, for
      // nobody: unless the database is gone by then (10 of the 13 ms that removing a branch of 3 MB took).
      static_cast<void>(env_.remove(options_.directory + "/state.db").has_value());
      return;
    }
    if (auto copied = flusher_->checkpoint(); !copied && options_.log_line) {
      options_.log_line("closed without a checkpoint: " + copied.error().message);
    }
  }

  Env& env_;
  StoreOptions options_;
  const Tables tables_;
  std::unique_ptr<TemporaryDirectory> temporary_;
  std::unique_ptr<FileLock> lock_;
  EngineClock clock_;
  EngineIds ids_;
  std::uint32_t schema_version_ = 0;
  bool restored_clock_ = false;
  std::atomic<bool> abandoned_{false};
  mutable Mutex begins_mutex_;
  mutable std::optional<Instant> begins_ CLOCHE_GUARDED_BY(begins_mutex_);
  mutable Lsn begins_of_ CLOCHE_GUARDED_BY(begins_mutex_){0};
  std::string recovery_text_;
  Lsn first_lsn_{0};          // That this process began with.
  bool origin_gone_ = false;  // The flush thread's.

  // Held as long as SQLite has it open: closing a file gives up all locks that this process has on it
  // (https://sqlite.org/howtocorrupt.html, 2.2).
  std::shared_ptr<File> state_file_;

  // From the bottom up; they go in the opposite order.
  std::unique_ptr<Unsealing> unsealing_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Layers> layers_;
  std::unique_ptr<wal::Log> log_;
  std::unique_ptr<StoreHistory> history_;
  std::unique_ptr<StoreBranches> branches_;
  std::unique_ptr<Waiters> waiters_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<GroupTxn> txn_;
  std::unique_ptr<GroupCommit> commit_;
};

}  // namespace

ChannelId channel_of(std::string_view service, std::string_view resource) {
  // FNV-1a: a collision only wakes somebody who then waits again.
  ChannelId hash = 0xCBF29CE484222325;
  for (const std::string_view part : {service, std::string_view("\0", 1), resource}) {
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  }
  return hash;
}

Result<void> Store::write(std::string_view summary, Closure closure) {
  std::promise<Result<void>> promise;
  auto outcome = promise.get_future();
  submit(summary, std::move(closure),
         [&promise](Result<void> result) { promise.set_value(std::move(result)); });
  return outcome.get();
}

History& history_of(Store& store) { return static_cast<StoreImpl&>(store).history(); }
Result<Sealed> seal(Store& store, const SealWish& wish, const SealProgress& progress) {
  return static_cast<StoreImpl&>(store).seal(wish, progress);
}
Branches& branches_of(Store& store) { return static_cast<StoreImpl&>(store).branches(); }

Result<std::unique_ptr<Store>> Store::open(Env& env, StoreOptions options, Schema schema) {
  CLOCHE_TRY(tables, Tables::of(std::move(schema)));
  auto store = std::make_unique<StoreImpl>(env, std::move(options), std::move(tables));
  CLOCHE_TRY_VOID(store->open());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace cloche::engine
