#include "engine/history/branches.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "engine/history/errors.h"
#include "engine/history/point.h"
#include "engine/history/rewind.h"
#include "engine/schema/schema.h"

namespace cloche::engine {
namespace {

std::string branch_key(std::string_view name) { return KeyWriter().text(name).take(); }

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
  CLOCHE_TRY_VOID(parts_.store.flush());
  Lsn copied(0);
  const auto fill = [&](const std::string& into) {
    return parts_.at_rest([&](const File& state, Lsn lsn, bool without_log) -> Result<void> {
      copied = lsn;
      CLOCHE_TRY_VOID(parts_.env.copy(state, into + "/state.db"));
      if (without_log) return {};
      const std::string log = parts_.directory + "/state.db-wal";
      CLOCHE_TRY(const has_log, parts_.env.exists(log));
      if (!has_log) return {};
      CLOCHE_TRY(const file, parts_.env.open(log, OpenMode::Read));
      return parts_.env.copy(*file, into + "/state.db-wal");
    });
  };
  CLOCHE_TRY(branch, parts_.open(directory, fill));
  if (!from) from = copied;
  if (const auto begun = begin(*branch, name, copied, *from); !begun) {
    branch->abandon();
    return begun.error();
  }
  return branch;
}

// What of the parent is not the branch's goes, and what came after its point.
Result<void> StoreBranches::begin(Store& branch, std::string_view name, Lsn copied, Lsn from) {
  Undo undo;
  if (from < copied) {
    CLOCHE_TRY(read, read_undo(*parts_.log, copied, from));
    undo = std::move(read);
  }
  return parts_.write_alone(
      branch, "cloche.Branch " + std::string(name), [&](WriteTxn& txn) -> Result<void> {
        CLOCHE_TRY_VOID(apply_undo(txn, undo));
        // Always a record: with its sync the copy becomes durable.
        CLOCHE_TRY_VOID(
            txn.put(kStateTable, KeyWriter().text("origin").take(), std::to_string(from.value())));
        CLOCHE_TRY_VOID(erase_all(txn, kCheckpointTable));
        return erase_all(txn, kBranchTable);
      });
}

Result<std::unique_ptr<Store>> StoreBranches::open(std::string_view name) {
  CLOCHE_TRY(const branch, find(name));
  if (!branch) return no_such_branch(name);
  return parts_.open(directory_of(name), {});
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
