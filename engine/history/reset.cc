// Emptying, and giving back what is not needed: see engine/history.h.
#include <filesystem>

#include "engine/blob.h"
#include "engine/history/history.h"
#include "engine/outbox/work_row.h"

namespace cloche::engine {
namespace {

// Of one record: far below what the log takes, and what a reader notices.
constexpr std::size_t kStepBytes = std::size_t{64} << 20;

bool is_of(const TableSpec& table, std::string_view service) {
  if (table.name.starts_with("engine_")) return false;
  return service.empty() ||
         (table.name.starts_with(service) && table.name.substr(service.size()).starts_with('_'));
}

struct Step {
  std::size_t bytes = 0;
  std::uint64_t rows = 0;
  bool full() const { return bytes >= kStepBytes; }
};

// Erases rows of a table until there are none, or the step is full.
Result<void> empty(WriteTxn& txn, const TableSpec& table, Step& step) {
  std::vector<std::string> keys;
  std::vector<BlobRef> blobs;
  const auto cursor = txn.scan(table.id, {});
  for (; cursor->valid() && !step.full(); cursor->next()) {
    keys.emplace_back(cursor->key());
    if (table.blobs) table.blobs(cursor->value(), blobs);
    step.bytes += cursor->key().size() + cursor->value().size();
  }
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : keys) CLOCHE_TRY_VOID(txn.erase(table.id, key));
  for (const BlobRef& blob : blobs) CLOCHE_TRY_VOID(txn.release(blob));
  step.rows += keys.size();
  return {};
}

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

Result<Emptied> StoreHistory::reset(std::string_view service) {
  std::optional<Emptied> emptied;
  const std::string what = "cloche.Reset" + (service.empty() ? "" : " " + std::string(service));
  const std::string kinds = service.empty() ? "" : std::string(service) + ".";
  for (bool more = true; more;) {
    Step step;
    const auto empty_some = [&](WriteTxn& txn) -> Result<void> {
      step = {};
      if (!emptied) emptied = Emptied{.from = txn.lsn(), .lsn = txn.lsn()};
      CLOCHE_TRY(const work, erase_work_of(txn, kinds));
      step.rows += work;
      for (const TableSpec& table : parts_.tables.all()) {
        if (is_of(table, service) && !step.full()) CLOCHE_TRY_VOID(empty(txn, table, step));
      }
      if (step.rows > 0) emptied->lsn = Lsn(txn.lsn().value() + 1);
      return {};
    };
    CLOCHE_TRY_VOID(parts_.write_alone(what, empty_some));
    emptied->rows += step.rows;
    more = step.full();
  }
  parts_.rewound();
  return *emptied;
}

Result<Compacted> StoreHistory::compact(std::optional<Lsn> before) {
  Compacted done;
  const std::string state = parts_.store.directory() + "/state.db";
  done.log_before = parts_.log ? parts_.log->bytes_on_disk() : 0;
  CLOCHE_TRY_VOID(parts_.settle());
  done.state_before = size_of(state);
  CLOCHE_TRY_VOID(parts_.shrink(before));
  for (bool more = true; more;) {
    const auto files = garbage_files();
    CLOCHE_TRY(const left, parts_.store.blobs().collect_garbage());
    done.blobs += files - std::min(files, garbage_files());
    more = left;
  }
  done.log_after = parts_.log ? parts_.log->bytes_on_disk() : 0;
  done.state_after = size_of(state);
  return done;
}

std::uint64_t StoreHistory::garbage_files() const {
  std::uint64_t count = 0;
  const auto view = parts_.store.view();
  for (const auto cursor = view->scan(kGarbageTable, {}); cursor->valid(); cursor->next()) ++count;
  return count;
}

}  // namespace cloche::engine
