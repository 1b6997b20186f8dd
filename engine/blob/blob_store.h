// Blobs on disk. A large body is written to blobs/tmp/, and gets its name blobs/xx/<digest> when a
// transaction adopts it: so what no transaction adopted is found in one folder and removed when the
// environment is opened, and never by searching all blobs.
//
// Adoption and garbage collection both happen inside write transactions, one at a time, so a file
// can't be removed while another request is taking it up again.
#pragma once

#include <atomic>
#include <bitset>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "engine/blob.h"
#include "engine/engine.h"

namespace cloche::engine {

// A body's temporary file; removed with its last owner unless it was given its name.
struct StagedFile {
  Env& env;
  std::string path;
  std::shared_ptr<File> file;
  bool placed = false;

  StagedFile(Env& e, std::string p, std::shared_ptr<File> f)
      : env(e), path(std::move(p)), file(std::move(f)) {}
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();
};

// A file that a closure gave its name; goes back if the closure's changes are dropped.
struct Placement {
  std::shared_ptr<StagedFile>
      staged;  // Shared with the PendingBlob, which may die before the group ends.
  std::string path;
};

class BlobStore final : public Blobs {
 public:
  // `ancestors`: folders to read blobs from that are not in `directory`, and to leave as they are.
  BlobStore(Env& env, std::string directory, wal::Durability durability, std::size_t inline_bytes,
            std::vector<std::string> ancestors = {});

  // Removes what an earlier process left in blobs/tmp.
  Result<void> open();

  std::unique_ptr<BlobWriter> begin(WantedChecksums wanted) override;
  Result<BlobBytes> read(const ReadView& view, const BlobRef& blob, std::uint64_t offset,
                         std::uint64_t size) override;
  Result<bool> collect_garbage() override;

  // In a group's closure; `lsn` is the group's. Files that get their name are added to `placed`.
  Result<BlobRef> adopt(WriteTxn& txn, const PendingBlob& pending, std::vector<Placement>& placed);
  Result<void> retain(WriteTxn& txn, const BlobRef& blob);
  Result<void> release(WriteTxn& txn, const BlobRef& blob, Lsn lsn);
  void take_back(const Placement& placement);

  // A file that an earlier process put in place, and perhaps did not sync: the next `sync` does.
  void sync_later(std::shared_ptr<File> file, const std::string& path);
  // Makes all files that have got their names durable. Before each sync of the log.
  Result<void> sync();

  // Brings a file that is not in `directory` yet to where it belongs; false: it can't be had there.
  // Once, before the first read.
  using Source = std::function<Result<bool>(const Sha256&)>;
  void set_source(Source source) { source_ = std::move(source); }

  // What collect_garbage works with: runs a closure and waits; and the lsn up to which nobody can
  // need a garbage blob any more.
  using Run = std::function<Result<void>(Closure)>;
  void set_collector(Run run, std::function<Lsn()> horizon);
  // One bounded step of the collection, for a closure. True if there may be more.
  Result<bool> collect_step(WriteTxn& txn, Lsn horizon);

  std::string file_path(const Sha256& digest) const;  // Of our own.
  // Our own, or an ancestor's; fails as Env::open does.
  Result<std::unique_ptr<File>> open_file(const Sha256& digest) const;
  const std::string& directory() const { return directory_; }

 private:
  friend class FileBlobWriter;

  Result<void> place(const Sha256& digest, std::uint64_t size,
                     const std::shared_ptr<StagedFile>& staged, std::vector<Placement>& placed);
  Result<void> make_folder(const std::string& path, unsigned char first);
  Result<std::shared_ptr<StagedFile>> stage();

  Env& env_;
  const std::string directory_;  // DIR/blobs
  const std::vector<std::string> ancestors_;
  const wal::Durability durability_;
  const std::size_t inline_bytes_;
  std::atomic<std::uint64_t> staged_count_{0};
  Source source_;
  Run run_;
  std::function<Lsn()> horizon_;

  struct Unsynced {
    std::shared_ptr<File> file;  // Null where the file itself is synced already.
    std::string folder;
  };
  Mutex mutex_;
  std::vector<Unsynced> unsynced_ CLOCHE_GUARDED_BY(mutex_);
  bool root_unsynced_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::bitset<256> folders_;  // Known to be there. The writer's.
};

}  // namespace cloche::engine
