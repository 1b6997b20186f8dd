#include "engine/history/branches.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "engine/history/errors.h"
#include "engine/history/point.h"
#include "engine/history/rewind.h"
#include "engine/schema/schema.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// What is taken along unflushed: 100,000 rows of 400 bytes cost 0.1 s. More is flushed first.
constexpr std::size_t kCarriedBytesMax = std::size_t{64} << 20;
constexpr int kSettlingsMax = 2;
// More than this some branches take along, so that they are there at once; the next waits until it is flushed and folded
// into the database, since each has to do that for itself as well.
constexpr std::size_t kMuchBytes = std::size_t{1} << 20;
constexpr int kHeavyMax = 8;

std::string branch_key(std::string_view name) { return KeyWriter().text(name).take(); }

// The point that a branch began with, written with its first record.
std::string origin_key() { return KeyWriter().text("origin").take(); }

// "LSN MICROS NOTE"
std::string encode(const Branch& branch) {
  return std::to_string(branch.from.value()) + " " +
         std::to_string(branch.made.time_since_epoch().count()) + " " + branch.note;
}

Result<Branch> decode(std::string_view key, std::string_view value) {
  Branch branch{.name = KeyReader(key).text(), .from = Lsn(0), .made{}, .note{}};
  std::uint64_t from = 0;
  std::int64_t made = 0;
  const char* const end = value.data() + value.size();
  const auto first = std::from_chars(value.data(), end, from);
  if (first.ec != std::errc() || first.ptr == end)
    return damaged("engine_branches: the row of " + branch.name);
  const auto second = std::from_chars(first.ptr + 1, end, made);
  if (second.ec != std::errc() || second.ptr == end)
    return damaged("engine_branches: the row of " + branch.name);
  branch.from = Lsn(from);
  branch.made = Instant(std::chrono::microseconds(made));
  branch.note.assign(second.ptr + 1, end);
  return branch;
}

Error no_such_branch(std::string_view name) {
  return refusal("NoSuchBranch",
                 "there is no branch called " + std::string(name) +
                     "; `cloche branch list` shows those that are there",
                 404);
}

// As `to` sees them; but what the engine remembers is of now, as a rewind leaves it.
std::vector<RowChange> rows_of(const Unflushed& unflushed, Lsn to) {
  std::vector<RowChange> rows;
  const auto take_of = [&](bool state) {
    return [&rows, state](std::string_view row, std::optional<std::string_view> value) {
      if ((table_of(row) == kStateTable) == state) rows.push_back({row, std::nullopt, value});
    };
  };
  unflushed.visit(unflushed.published, take_of(true));  // The table with the lowest number.
  if (to > unflushed.flushed) unflushed.visit(to, take_of(false));
  return rows;
}

Result<void> erase_all(WriteTxn& txn, TableId table) {
  std::vector<std::string> keys;
  const auto cursor = txn.scan(table, {});
  for (; cursor->valid(); cursor->next()) keys.emplace_back(cursor->key());
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : keys) CLOCHE_TRY_VOID(txn.erase(table, key));
  return {};
}

}  // namespace

std::vector<std::string> ancestor_blobs(Env& env, const std::string& directory) {
  std::vector<std::string> blobs;
  std::error_code error;
  auto at = std::filesystem::weakly_canonical(directory, error);
  while (!error && at.has_parent_path() && at.parent_path().filename() == "branches") {
    at = at.parent_path().parent_path();
    const auto there = env.exists((at / "state.db").string());
    if (!there || !*there) break;
    blobs.push_back((at / "blobs").string());
  }
  return blobs;
}

// A name, and the blobs of the state that its branch begins with, while the branch is made.
class StoreBranches::Reservation {
 public:
  Reservation(StoreBranches& branches, std::string_view name, Lsn lsn)
      : branches_(branches), name_(name) {
    MutexLock lock(branches_.mutex_);
    taken_ = branches_.pins_.emplace(name_, lsn).second;
  }
  ~Reservation() {
    if (!taken_ || kept_) return;
    MutexLock lock(branches_.mutex_);
    branches_.pins_.erase(name_);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  bool taken() const { return taken_; }  // Else somebody has it already.
  void keep() { kept_ = true; }

 private:
  StoreBranches& branches_;
  const std::string name_;
  bool taken_ = false;
  bool kept_ = false;
};

Lsn StoreBranches::pinned() const {
  MutexLock lock(mutex_);
  Lsn lowest(UINT64_MAX);
  for (const auto& [name, lsn] : pins_) lowest = std::min(lowest, lsn);
  return lowest;
}

std::string StoreBranches::directory_of(std::string_view name) const {
  return kept() ? parts_.directory + "/branches/" + std::string(name) : "";
}

Result<void> StoreBranches::open() {
  CLOCHE_TRY(const all, list());
  {
    MutexLock lock(mutex_);
    for (const Branch& branch : all) pins_.emplace(branch.name, branch.from);
  }
  const std::string folder = parts_.directory + "/branches";
  CLOCHE_TRY(const there, parts_.env.exists(folder));
  if (!there) return {};
  CLOCHE_TRY(const names, parts_.env.list(folder));
  for (const std::string& name : names) {
    if (std::ranges::find(all, name, &Branch::name) != all.end()) continue;
    if (parts_.log_line)
      parts_.log_line("branches/" + name + " is removed: it was not finished, or removed already");
    CLOCHE_TRY_VOID(parts_.env.remove_all(folder + "/" + name));
  }
  return {};
}

Result<std::vector<Branch>> StoreBranches::list() const {
  std::vector<Branch> all;
  const auto view = parts_.store.view();
  const auto cursor = view->scan(kBranchTable, {});
  for (; cursor->valid(); cursor->next()) {
    CLOCHE_TRY(branch, decode(cursor->key(), cursor->value()));
    all.push_back(std::move(branch));
  }
  CLOCHE_TRY_VOID(cursor->status());
  return all;
}

Result<std::optional<Branch>> StoreBranches::find(std::string_view name) const {
  const auto view = parts_.store.view();
  const std::string key = branch_key(name);
  CLOCHE_TRY(const row, view->get(kBranchTable, key));
  if (!row) return std::optional<Branch>();
  CLOCHE_TRY(branch, decode(key, *row));
  return std::optional(std::move(branch));
}

Result<std::unique_ptr<Store>> StoreBranches::make(std::string_view name, std::optional<Lsn> from,
                                                   std::string_view note) {
  if (!is_checkpoint_name(name)) {
    return refusal("InvalidBranchName",
                   "a branch's name is a letter, then up to 99 letters, digits, '.', '_' or '-'");
  }
  if (from && !kept())
    return unavailable(
        "there is no history at --durability memory: a branch begins with what is "
        "there now");
  const Lsn lowest = std::min(from.value_or(Lsn(UINT64_MAX)), parts_.store.view()->lsn());
  Reservation reservation(*this, name, lowest);
  if (!reservation.taken()) {
    return refusal("BranchExists",
                   "there is a branch called " + std::string(name) +
                       " already; `cloche branch remove` makes room",
                   409);
  }
  auto store = copy(name, from);
  if (store) {
    // It was opened with its parent's branches in its rows, which have gone since.
    static_cast<StoreBranches&>(branches_of(**store)).forget_all();
    const auto registered = register_branch(name, *from, note);
    if (registered) {
      reservation.keep();
      return store;
    }
    (*store)->abandon();
    store = registered.error();
  }
  // What is left now is removed when the environment is opened next.
  if (kept()) static_cast<void>(parts_.env.remove_all(directory_of(name)).has_value());
  return store;
}

void StoreBranches::forget_all() {
  MutexLock lock(mutex_);
  pins_.clear();
}

Result<void> StoreBranches::register_branch(std::string_view name, Lsn from,
                                            std::string_view note) {
  return parts_.store.write("cloche.Branch " + std::string(name), [&](WriteTxn& txn) {
    const Branch made{
        .name = std::string(name), .from = from, .made = txn.now(), .note = std::string(note)};
    return txn.put(kBranchTable, branch_key(name), encode(made));
  });
}

// The state of now, or of `from`; told there.
Result<std::unique_ptr<Store>> StoreBranches::copy(std::string_view name,
                                                   std::optional<Lsn>& from) {
  const std::string directory = directory_of(name);
  if (kept()) CLOCHE_TRY_VOID(parts_.env.remove_all(directory));
  Lsn flushed(0);
  const auto fill = [&](const std::string& into) -> Result<Origin> {
    CLOCHE_TRY(origin, copy_state(into, from));
    flushed = origin.flushed;
    if (!from) from = origin.lsn;
    return origin;
  };
  CLOCHE_TRY(branch, parts_.open(directory, fill));
  if (const auto begun = begin(*branch, name, flushed, *from); !begun) {
    branch->abandon();
    return begun.error();
  }
  return branch;
}

// What SQLite holds, and the rows up to `from` or now that it does not hold. A point before has to be undone.
Result<Origin> StoreBranches::copy_state(const std::string& into, std::optional<Lsn> from) {
  std::optional<Origin> origin;
  bool wait = false;
  bool may_wait = true;
  const auto take = [&](const File& state, std::uint64_t log_bytes, const Unflushed& unflushed,
                        Instant time) -> Result<void> {
    const bool much = log_bytes > kMuchBytes || unflushed.bytes() > kMuchBytes;
    wait = may_wait && ((much && ++heavy_ > kHeavyMax) || unflushed.bytes() > kCarriedBytesMax);
    if (wait) return {};
    if (much) {
      parts_.settle_soon();
    } else {
      heavy_ = 0;
    }
    if (unflushed.bytes() > wal::kRecordBytesMax)
      return unavailable("writes come in faster than they are flushed: try again");
    if (from && kept()) CLOCHE_TRY_VOID(check_point(*parts_.log, unflushed.published, *from));
    const Lsn to = from.value_or(unflushed.published);
    auto rows = rows_of(unflushed, to);
    const Lsn lsn = rows.empty() ? unflushed.flushed : unflushed.published;
    origin = Origin{unflushed.flushed, lsn, time, std::move(rows), unflushed};
    CLOCHE_TRY_VOID(parts_.env.copy(state, into + "/state.db"));
    return copy_log(log_bytes, into + "/state.db-wal");
  };
  for (int tries = 0; tries < kSettlingsMax; ++tries) {
    CLOCHE_TRY_VOID(parts_.at_rest(take));
    if (!wait) return *std::move(origin);
    CLOCHE_TRY_VOID(parts_.settle());
    heavy_ = 0;
  }
  // Under steady writes there is always something left.
  may_wait = false;
  CLOCHE_TRY_VOID(parts_.at_rest(take));
  return *std::move(origin);
}

// The beginning of SQLite's log that belongs to the database.
Result<void> StoreBranches::copy_log(std::uint64_t bytes, const std::string& into) {
  if (bytes == 0) return {};
  CLOCHE_TRY(const log, parts_.env.open(parts_.directory + "/state.db-wal", OpenMode::Read));
  // By hand: to share blocks the file system would have to write them first.
  CLOCHE_TRY(const copied, parts_.env.open(into, OpenMode::CreateExclusive));
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (std::uint64_t at = 0; at < bytes;) {
    const std::uint64_t wanted = std::min<std::uint64_t>(piece.size(), bytes - at);
    CLOCHE_TRY(const got, log->read_at(at, std::span(piece).first(wanted)));
    if (got == 0) return damaged("SQLite's log is shorter than what was written into it");
    CLOCHE_TRY_VOID(copied->write_at(at, std::span(piece).first(got)));
    at += got;
  }
  return {};
}

// What of the parent is not the branch's goes, and what came after its point.
Result<void> StoreBranches::begin(Store& branch, std::string_view name, Lsn flushed, Lsn from) {
  Undo undo;
  if (from < flushed) {
    CLOCHE_TRY(read, read_undo(*parts_.log, flushed, from));
    undo = std::move(read);
  }
  return parts_.write_alone(
      branch, "cloche.Branch " + std::string(name), [&](WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(apply_undo(txn, undo));
        // Always a record: with its sync the copy becomes durable.
        CLOCHE_TRY_VOID(txn.put(kStateTable, origin_key(), std::to_string(from.value())));
        CLOCHE_TRY_VOID(erase_all(txn, kCheckpointTable));
        return erase_all(txn, kBranchTable);
      });
}

Result<std::unique_ptr<Store>> StoreBranches::open(std::string_view name) {
  CLOCHE_TRY(const branch, find(name));
  if (!branch) return no_such_branch(name);
  CLOCHE_TRY(store, parts_.open(directory_of(name), {}));
  if (store->log()->recovered().last > Lsn(0)) return store;
  return damaged("the first record of " + std::string(name) +
                 " is not there: a power cut took it, as it may at --durability commit; remove it");
}

Result<void> StoreBranches::set_note(std::string_view name, std::string_view note) {
  return parts_.store.write("", [&](WriteTxn& txn) -> Result<void> {
    const std::string key = branch_key(name);
    CLOCHE_TRY(const row, txn.get(kBranchTable, key));
    if (!row) return no_such_branch(name);
    CLOCHE_TRY(branch, decode(key, *row));
    branch.note = std::string(note);
    return txn.put(kBranchTable, key, encode(branch));
  });
}

Result<void> StoreBranches::remove(std::string_view name) {
  CLOCHE_TRY(const branch, find(name));
  if (!branch) return no_such_branch(name);
  if (kept()) {
    const std::string below = directory_of(name) + "/branches";
    CLOCHE_TRY(const there, parts_.env.exists(below));
    if (there) {
      CLOCHE_TRY(const names, parts_.env.list(below));
      if (!names.empty()) {
        return refusal("BranchHasBranches",
                       std::string(name) + " has branches of its own (" + names.front() +
                           "): remove them first",
                       409);
      }
    }
  }
  CLOCHE_TRY_VOID(
      parts_.store.write("cloche.RemoveBranch " + std::string(name),
                         [&](WriteTxn& txn) { return txn.erase(kBranchTable, branch_key(name)); }));
  // Its name is free once nothing of it is left.
  const auto removed = kept() ? parts_.env.remove_all(directory_of(name)) : Result<void>();
  MutexLock lock(mutex_);
  pins_.erase(std::string(name));
  return removed;
}

}  // namespace cloche::engine
