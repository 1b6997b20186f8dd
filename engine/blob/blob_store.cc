#include "engine/blob/blob_store.h"

#include <algorithm>

#include "engine/blob/blob_row.h"
#include "engine/blob/ingest.h"
#include "engine/schema/schema.h"

namespace cloche::engine {
namespace {

// Of one transaction: few enough that no request waits noticeably behind it.
constexpr int kCollectedMax = 64;

Error missing(const BlobRef& blob) {
  return damaged("blob " + to_hex(blob.digest) + " of " + std::to_string(blob.size) +
                 " bytes is not stored");
}

// Nothing if there is no such row.
Result<std::optional<BlobRow>> find_blob(const ReadView& view, const Sha256& digest) {
  CLOCHE_TRY(const value, view.get(kBlobTable, blob_key(digest)));
  if (!value) return std::optional<BlobRow>();
  CLOCHE_TRY(row, BlobRow::decode(*value));
  return std::optional(row);
}

// One reference more to a stored blob.
Result<void> add_reference(WriteTxn& txn, const Sha256& digest, BlobRow row) {
  if (row.references == 0)
    CLOCHE_TRY_VOID(txn.erase(kGarbageTable, garbage_key(row.garbage_since, digest)));
  ++row.references;
  row.garbage_since = Lsn(0);
  return txn.put(kBlobTable, blob_key(digest), row.encode());
}

}  // namespace

StagedFile::~StagedFile() {
  if (placed) return;
  file.reset();
  // What can't be removed now is removed when the environment is opened next.
  static_cast<void>(env.remove(path).has_value());
}

BlobStore::BlobStore(Env& env, std::string directory, wal::Durability durability,
                     std::size_t inline_bytes, std::vector<std::string> ancestors)
    : env_(env),
      directory_(std::move(directory)),
      ancestors_(std::move(ancestors)),
      durability_(durability),
      inline_bytes_(inline_bytes) {}

Result<void> BlobStore::open() {
  const std::string tmp = directory_ + "/tmp";
  CLOCHE_TRY_VOID(env_.create_directories(tmp));
  CLOCHE_TRY(const names, env_.list(tmp));
  for (const std::string& name : names) CLOCHE_TRY_VOID(env_.remove(tmp + "/" + name));
  return {};
}

std::string BlobStore::file_path(const Sha256& digest) const {
  const std::string hex = to_hex(digest);
  return directory_ + "/" + hex.substr(0, 2) + "/" + hex;
}

Result<std::unique_ptr<File>> BlobStore::open_file(const Sha256& digest) const {
  auto own = env_.open(file_path(digest), OpenMode::Read);
  if (own) return own;
  if (source_) {
    CLOCHE_TRY(const brought, source_(digest));
    if (brought) return env_.open(file_path(digest), OpenMode::Read);
  }
  const std::string hex = to_hex(digest);
  for (const std::string& folder : ancestors_) {
    auto file = env_.open(folder + "/" + hex.substr(0, 2) + "/" + hex, OpenMode::Read);
    if (file) return file;
  }
  return own;
}

Result<std::shared_ptr<StagedFile>> BlobStore::stage() {
  const std::string path = directory_ + "/tmp/" + std::to_string(staged_count_.fetch_add(1));
  CLOCHE_TRY(file, env_.open(path, OpenMode::CreateExclusive));
  return std::make_shared<StagedFile>(env_, path, std::shared_ptr<File>(std::move(file)));
}

Result<BlobBytes> BlobStore::read(const ReadView& view, const BlobRef& blob, std::uint64_t offset,
                                  std::uint64_t size) {
  if (offset > blob.size || size > blob.size - offset)
    return bug("a range beyond the end of a blob");
  BlobBytes result;
  result.size = size;
  if (blob.size == 0) return result;
  CLOCHE_TRY(const row, find_blob(view, blob.digest));
  if (!row || row->size != blob.size) return missing(blob);
  if (!row->in_file) {
    result.bytes = row->bytes.substr(offset, size);
    return result;
  }
  auto file = open_file(blob.digest);
  if (!file) return damaged("blob " + to_hex(blob.digest) + ": " + file.error().message);
  result.file = std::shared_ptr<const File>(*std::move(file));
  CLOCHE_TRY(const stored, result.file->size());
  if (stored != blob.size) {
    return damaged(file_path(blob.digest) + " has " + std::to_string(stored) +
                   " bytes instead of " + std::to_string(blob.size));
  }
  result.file_offset = offset;
  return result;
}

Result<BlobRef> BlobStore::adopt(WriteTxn& txn, const PendingBlob& pending,
                                 std::vector<Placement>& placed) {
  const BlobRef ref = pending.ref();
  if (ref.size == 0) return ref;
  const auto& ingested = static_cast<const IngestedBlob&>(pending);
  CLOCHE_TRY(const row, find_blob(txn, ref.digest));
  // A file that nobody refers to may be gone already (a collection that was not committed), so that
  // one is put in place again.
  const bool file_is_sure = row && row->in_file && row->references > 0;
  if (ingested.staged && !file_is_sure && !(row && !row->in_file)) {
    CLOCHE_TRY_VOID(place(ref.digest, ref.size, ingested.staged, placed));
  }
  if (row) {
    CLOCHE_TRY_VOID(add_reference(txn, ref.digest, *row));
    return ref;
  }
  const BlobRow fresh{.references = 1,
                      .size = ref.size,
                      .in_file = ingested.staged != nullptr,
                      .garbage_since = Lsn(0),
                      .bytes = ingested.bytes};
  CLOCHE_TRY_VOID(txn.put(kBlobTable, blob_key(ref.digest), fresh.encode()));
  return ref;
}

Result<void> BlobStore::retain(WriteTxn& txn, const BlobRef& blob) {
  if (blob.size == 0) return {};
  CLOCHE_TRY(const row, find_blob(txn, blob.digest));
  if (!row) return missing(blob);
  return add_reference(txn, blob.digest, *row);
}

Result<void> BlobStore::release(WriteTxn& txn, const BlobRef& blob, Lsn lsn) {
  if (blob.size == 0) return {};
  CLOCHE_TRY(const found, find_blob(txn, blob.digest));
  if (!found || found->references == 0) return missing(blob);
  BlobRow row = *found;
  --row.references;
  if (row.references == 0 && !row.in_file) {
    // Its bytes are in the log record as the row's old value: history can bring them back.
    return txn.erase(kBlobTable, blob_key(blob.digest));
  }
  if (row.references == 0) {
    row.garbage_since = lsn;
    CLOCHE_TRY_VOID(txn.put(kGarbageTable, garbage_key(lsn, blob.digest), ""));
  }
  return txn.put(kBlobTable, blob_key(blob.digest), row.encode());
}

Result<void> BlobStore::make_folder(const std::string& path, unsigned char first) {
  if (folders_[first]) return {};
  CLOCHE_TRY_VOID(env_.create_directories(path));
  folders_[first] = true;
  MutexLock lock(mutex_);
  root_unsynced_ = true;
  return {};
}

Result<void> BlobStore::place(const Sha256& digest, std::uint64_t size,
                              const std::shared_ptr<StagedFile>& staged,
                              std::vector<Placement>& placed) {
  if (staged->placed) return {};
  const std::string path = file_path(digest);
  const std::string folder = path.substr(0, path.rfind('/'));
  CLOCHE_TRY_VOID(make_folder(folder, static_cast<unsigned char>(digest[0])));
  if (const auto present = env_.open(path, OpenMode::Read)) {
    // History may still name this file, so it stays, and would have to stay if this closure were
    // dropped.
    CLOCHE_TRY(const bytes, (*present)->size());
    if (bytes == size) return {};
  }
  CLOCHE_TRY_VOID(env_.rename(staged->path, path));
  staged->placed = true;
  placed.push_back({staged, path});
  MutexLock lock(mutex_);
  // At Fsync the writer's `finish` has synced the file already, on its own thread.
  unsynced_.push_back({durability_ == wal::Durability::Fsync ? nullptr : staged->file, folder});
  return {};
}

void BlobStore::take_back(const Placement& placement) {
  if (env_.rename(placement.path, placement.staged->path)) placement.staged->placed = false;
}

void BlobStore::sync_later(std::shared_ptr<File> file, const std::string& path) {
  MutexLock lock(mutex_);
  unsynced_.push_back({std::move(file), path.substr(0, path.rfind('/'))});
  root_unsynced_ = true;
}

Result<void> BlobStore::sync() {
  std::vector<Unsynced> unsynced;
  bool root = false;
  {
    MutexLock lock(mutex_);
    unsynced.swap(unsynced_);
    std::swap(root, root_unsynced_);
  }
  std::vector<std::string> folders;
  for (const Unsynced& one : unsynced) {
    if (one.file) CLOCHE_TRY_VOID(one.file->sync());
    folders.push_back(one.folder);
  }
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  for (const std::string& folder : folders) CLOCHE_TRY_VOID(env_.sync_directory(folder));
  if (root) CLOCHE_TRY_VOID(env_.sync_directory(directory_));
  return {};
}

void BlobStore::set_collector(Run run, std::function<Lsn()> horizon) {
  run_ = std::move(run);
  horizon_ = std::move(horizon);
}

Result<bool> BlobStore::collect_step(WriteTxn& txn, Lsn horizon) {
  const KeyRange range{
      "", KeyWriter().integer(static_cast<std::int64_t>(horizon.value())).after().take()};
  std::vector<std::string> keys;
  const auto cursor = txn.scan(kGarbageTable, range);
  for (; cursor->valid() && keys.size() < kCollectedMax; cursor->next())
    keys.emplace_back(cursor->key());
  CLOCHE_TRY_VOID(cursor->status());
  for (const std::string& key : keys) {
    KeyReader reader(key);
    reader.integer();
    const std::string bytes = reader.blob();
    Sha256 digest;
    CLOCHE_CHECK(bytes.size() == digest.size());
    std::copy_n(as_bytes(bytes).begin(), digest.size(), digest.begin());
    CLOCHE_TRY_VOID(txn.erase(kGarbageTable, key));
    CLOCHE_TRY_VOID(txn.erase(kBlobTable, blob_key(digest)));
    // Should this transaction not be committed, a row without references names a missing file:
    // adopt() expects that.
    CLOCHE_TRY_VOID(env_.remove(file_path(digest)));
  }
  return keys.size() == kCollectedMax;
}

Result<bool> BlobStore::collect_garbage() {
  const Lsn horizon = horizon_();
  bool more = false;
  CLOCHE_TRY_VOID(run_([&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const may_be_more, collect_step(txn, horizon));
    more = may_be_more;
    return {};
  }));
  return more;
}

}  // namespace cloche::engine
