// The branches of a store as engine/branch.h promises them.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "engine/branch.h"
#include "engine/engine.h"
#include "engine/store/origin.h"
#include "wal/log.h"

namespace cloche::engine {

// Where the blobs are of the environments that the one in `directory` branched from, the nearest first. They follow
// from its place: DIR/branches/NAME came from DIR.
std::vector<std::string> ancestor_blobs(Env& env, const std::string& directory);

class StoreBranches final : public Branches {
 public:
  struct Parts {
    Env& env;
    Store& store;
    const wal::Log* log;  // Null at Durability::Memory.
    std::string directory;
    // Shows state.db while nobody writes it: how many bytes of SQLite's log belong to it, the rows that are published
    // and not in there, and the time of the newest.
    using AtRest = std::function<Result<void>(const File& state, std::uint64_t log_bytes,
                                              const Unflushed&, Instant)>;
    std::function<Result<void>(const AtRest&)> at_rest;
    // Flushes, and folds SQLite's log: some time soon, or at once and waits for it.
    std::function<void()> settle_soon;
    std::function<Result<void>()> settle;
    // Opens an environment with this one's options and ancestors; `prepare` is told its directory first, and fills
    // it. An empty directory: a temporary one.
    using Prepare = std::function<Result<Origin>(const std::string& directory)>;
    std::function<Result<std::unique_ptr<Store>>(const std::string& directory, const Prepare&)>
        open;
    // Runs a closure on such a store in a group of its own.
    std::function<Result<void>(Store&, std::string_view summary, Closure)> write_alone;
    std::function<void(std::string_view)> log_line;
  };

  explicit StoreBranches(Parts parts) : parts_(std::move(parts)) {}
  // Reads what the branches hold on to, and removes what is left of ones that are no more or were never finished. Once,
  // before anything is collected.
  Result<void> open();

  // No blob may go that the state at this lsn or a later one names.
  Lsn pinned() const;

  Result<std::unique_ptr<Store>> make(std::string_view name, std::optional<Lsn> from,
                                      std::string_view note) override;
  Result<std::unique_ptr<Store>> open(std::string_view name) override;
  Result<std::vector<Branch>> list() const override;
  Result<void> set_note(std::string_view name, std::string_view note) override;
  Result<void> remove(std::string_view name) override;

 private:
  class Reservation;
  bool kept() const { return parts_.log != nullptr; }
  std::string directory_of(std::string_view name) const;
  Result<std::optional<Branch>> find(std::string_view name) const;
  Result<std::unique_ptr<Store>> copy(std::string_view name, std::optional<Lsn>& from);
  Result<void> register_branch(std::string_view name, Lsn from, std::string_view note);
  void forget_all();  // Of a branch that is being made.
  Result<Origin> copy_state(const std::string& into, std::optional<Lsn> from);
  Result<void> copy_log(std::uint64_t bytes, const std::string& into);
  Result<void> begin(Store& branch, std::string_view name, Lsn flushed, Lsn from);

  const Parts parts_;
  std::atomic<int> heavy_{0};  // Branches that took much along since it was last flushed.
  mutable Mutex mutex_;
  // What the branches hold on to, by name; those that are being made or removed too.
  std::map<std::string, Lsn, std::less<>> pins_ CLOCHE_GUARDED_BY(mutex_);
};

}  // namespace cloche::engine
