// The tables of all services as the store needs them: found by number, checked once.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/schema.h"

namespace cloche::engine {

// The engine's own tables (docs/formats/state.md).
inline constexpr TableId kStateTable =
    1;  // (name) -> what the engine itself remembers: clock, ids, schema version.
inline constexpr TableId kBlobTable =
    2;  // (digest) -> references, size and, of a small blob, its bytes.
inline constexpr TableId kGarbageTable = 3;     // (lsn, digest): file blobs without references.
inline constexpr TableId kWorkTable = 4;        // (due, id) -> work to be done later.
inline constexpr TableId kWorkDueTable = 5;     // (id) -> due: where cancel finds the work.
inline constexpr TableId kCheckpointTable = 6;  // (name) -> lsn and time: names of points.
inline constexpr TableId kBranchTable = 7;      // (name) -> lsn, time and note: branch.h.

// Unchanging once made; safe to use from any thread.
class Tables {
 public:
  // Adds the engine's tables. Refuses (Error::Kind::Bug) numbers or names that occur twice, and
  // tables without a key.
  static Result<Tables> of(Schema schema);

  const TableSpec* find(TableId id) const { return id < by_id_.size() ? by_id_[id] : nullptr; }
  const TableSpec& at(TableId id) const;
  const std::vector<TableSpec>& all() const { return schema_->tables; }
  const Schema& schema() const { return *schema_; }

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<const TableSpec*> by_id_;
};

}  // namespace cloche::engine
