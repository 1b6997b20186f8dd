// Branches: environments of their own that begin as a state of this one, past or present, and then live on by
// themselves, each with its own state.db and log under DIR/branches/NAME. Blobs are shared: a branch reads those of
// the environments that it came from where it has none itself, and as long as it is there they remove no blob that
// its first state names.
//
// Making one costs a copy of state.db (its blocks are shared where the file system can and it pays); what is not flushed
// is taken along, up to 64 MiB, and flushed here soon after. Its history
// begins with it; checkpoints are not taken along, the clock, queued work and the source of ids are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "base/strong.h"

namespace cloche::engine {

class Store;

struct Branch {
  std::string name;  // As checkpoints are named (history.h).
  Lsn from;          // Of this environment's history.
  Instant made{};
  std::string note;  // The caller's own words, kept for it: where it listens, say.
};

// Safe to use from any thread. Blocks: not for io threads, and not from inside a closure.
class Branches {
 public:
  virtual ~Branches() = default;

  // Makes a branch and opens it, with the options of this store. `from`: a point (History::find), or nothing for what
  // is acknowledged now; at Durability::Memory only that, and the branch is gone with the process.
  // Refuses a name that is taken, and what History::rewind would.
  virtual Result<std::unique_ptr<Store>> make(std::string_view name, std::optional<Lsn> from,
                                              std::string_view note) = 0;
  // One that an earlier process made.
  virtual Result<std::unique_ptr<Store>> open(std::string_view name) = 0;
  virtual Result<std::vector<Branch>> list() const = 0;  // By name.
  virtual Result<void> set_note(std::string_view name, std::string_view note) = 0;
  // With all that is its own. Its store must be closed, best by Store::abandon. Refuses one that has branches itself.
  virtual Result<void> remove(std::string_view name) = 0;
};

// Of a store that Store::open or these made, which must outlive it.
Branches& branches_of(Store& store);

}  // namespace cloche::engine
