// How far a pull has come with tables: a small JSON file, replaced whole at most once a second.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/mutex.h"
#include "base/result.h"

namespace cloche::transfer {

struct ScanState {
  // Of the table that is written: another table of that name knows nothing of these items.
  std::string table_id;
  std::vector<std::string> keys{};  // For each segment the last key, as JSON; empty: not begun.
  std::vector<bool> done{};
  std::uint64_t items = 0;
  bool finished() const;
};

// Safe to use from any thread.
class PullState {
 public:
  PullState(Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  // A file that is missing, or that can't be read, is an empty state.
  void load();
  ScanState table(const std::string& name) const;
  void set(const std::string& name, const ScanState& state);
  void advance(const std::string& name, std::size_t segment, std::string key, std::uint64_t items);
  Result<void> save();

 private:
  Result<void> save_locked() CLOCHE_REQUIRES(mutex_);

  Env& env_;
  const std::string path_;
  mutable Mutex mutex_;
  std::map<std::string, ScanState> tables_ CLOCHE_GUARDED_BY(mutex_);
  std::chrono::nanoseconds saved_ CLOCHE_GUARDED_BY(mutex_){0};
};

Result<std::string> read_text(Env& env, const std::string& path);
// Through a file beside it that is renamed: readers see the old or the new.
Result<void> write_text(Env& env, const std::string& path, std::string_view text);

}  // namespace cloche::transfer
