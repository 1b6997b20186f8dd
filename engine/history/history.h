// The history of a store as engine/history.h promises it.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "engine/engine.h"
#include "engine/history.h"
#include "engine/schema/schema.h"
#include "wal/log.h"

namespace cloche::engine {

class StoreHistory final : public History {
 public:
  struct Parts {
    Store& store;
    const Tables& tables;
    wal::Log* log;  // Null at Durability::Memory.
    // Runs a closure in a group of its own, and waits: it sees the state at txn.lsn(), all of which
    // is in the log.
    std::function<Result<void>(std::string_view summary, Closure)> write_alone;
    std::function<void()> rewound;         // Whoever waits for rows has to look again.
    std::function<Result<void>()> settle;  // Writes all rows into state.db.
    // Makes that as small as it goes, and gives up the log before this lsn.
    std::function<Result<void>(std::optional<Lsn>)> shrink;
  };

  explicit StoreHistory(Parts parts) : parts_(std::move(parts)) {}
  // Reads what the checkpoints hold on to. Once, before the log may be shortened.
  Result<void> open();

  // The log must keep all records after this lsn.
  Lsn pinned() const { return Lsn(pinned_.load(std::memory_order_acquire)); }

  Result<Checkpoint> checkpoint(std::string_view name) override;
  Result<std::vector<Checkpoint>> checkpoints() const override;
  Result<void> remove_checkpoint(std::string_view name) override;
  Result<Lsn> find(std::string_view point) const override;
  Result<Rewound> rewind(Lsn to) override;
  Result<Emptied> reset(std::string_view service) override;
  Result<Compacted> compact(std::optional<Lsn> before) override;
  Result<void> read(Lsn from,
                    const std::function<bool(const Event&, const Tell&)>& visit) const override;
  Result<void> diff(const DiffWish& wish, const ShowChange& show) const override;
  Result<std::optional<ChangedRows>> changed_between(TableId table, const KeyRange& range,
                                                     Instant after, Instant until) const override;

 private:
  Result<void> need_log() const;
  Result<void> pin();
  Result<Lsn> last_at(Instant time) const;
  std::uint64_t garbage_files() const;

  const Parts parts_;
  std::atomic<std::uint64_t> pinned_{UINT64_MAX};
};

}  // namespace cloche::engine
