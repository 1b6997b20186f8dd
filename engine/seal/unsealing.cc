#include "engine/seal/unsealing.h"

#include <cstring>
#include <filesystem>

#include "engine/history/errors.h"
#include "engine/seal/state_file.h"
#include "engine/sqlite/connection.h"
#include "engine/sqlite/tables.h"
#include "engine/store/recovery.h"

namespace cloche::engine {
namespace {

constexpr std::chrono::seconds kPauseAfterFailure{5};

std::string link_name(const std::string& directory) { return directory + "/sealed"; }
std::string path_name(const std::string& directory) { return directory + "/sealed.path"; }

Result<void> write_file(Env& env, const std::string& path, std::string_view text) {
  CLOCHE_TRY_VOID(env.remove(path + ".new"));
  {
    CLOCHE_TRY(const file, env.open(path + ".new", OpenMode::CreateExclusive));
    CLOCHE_TRY_VOID(file->write_at(0, as_bytes(text)));
    CLOCHE_TRY_VOID(file->sync());
  }
  return env.rename(path + ".new", path);
}

// The file that the directory holds on to; empty: none.
Result<std::string> find_file(Env& env, const std::string& directory) {
  CLOCHE_TRY(const linked, env.exists(link_name(directory)));
  if (linked) return link_name(directory);
  CLOCHE_TRY(const named, env.exists(path_name(directory)));
  if (!named) return std::string();
  CLOCHE_TRY(const file, env.open(path_name(directory), OpenMode::Read));
  std::string path(4096, '\0');
  CLOCHE_TRY(const got, file->read_at(0, std::as_writable_bytes(std::span(path))));
  path.resize(got);
  return path;
}

Result<void> need_room(const SealedFile& file, const std::string& directory) {
  std::error_code error;
  const auto space = std::filesystem::space(directory, error);
  const std::uint64_t needed = file.manifest().state_bytes + file.manifest().blob_bytes;
  if (error || space.available >= needed) return {};
  return unavailable(file.path() + " takes " + std::to_string(needed >> 20) +
                     " MiB when opened, and " + directory + " has room for " +
                     std::to_string(space.available >> 20));
}

}  // namespace

Result<void> Unsealing::begin(Env& env, const std::string& file, const std::string& directory,
                              const Tables& tables) {
  CLOCHE_TRY(const names, env.list(directory));
  for (const std::string& name : names) {
    if (name == "lock") continue;
    return refusal("DirectoryNotEmpty",
                   directory +
                       " is not empty: a sealed file opens into a new directory; `cloche "
                       "start --data " +
                       directory + "` serves what is there");
  }
  CLOCHE_TRY(const sealed, SealedFile::open(env, file));
  if (sealed->manifest().schema > tables.schema().version)
    return newer_schema(sealed->manifest().schema, tables.schema().version);
  CLOCHE_TRY_VOID(need_room(*sealed, directory));
  std::error_code error;
  const auto whole = std::filesystem::canonical(file, error);
  if (error) return unavailable(file + ": " + error.message());
  if (!env.link(whole.string(), link_name(directory)))
    CLOCHE_TRY_VOID(write_file(env, path_name(directory), whole.string()));
  return env.sync_directory(directory);
}

Result<bool> Unsealing::is_begun(Env& env, const std::string& directory) {
  CLOCHE_TRY(const path, find_file(env, directory));
  return !path.empty();
}

Result<std::unique_ptr<Unsealing>> Unsealing::resume(Env& env, const std::string& directory,
                                                     const Tables& tables) {
  CLOCHE_TRY(const path, find_file(env, directory));
  if (path.empty()) return std::unique_ptr<Unsealing>();
  auto sealed = SealedFile::open(env, path);
  if (!sealed) {
    sealed = unavailable(directory + " began with a sealed file of which it still needs parts: " +
                         sealed.error().message);
    return sealed.error();
  }
  std::unique_ptr<Unsealing> unsealing(new Unsealing(env, directory, *std::move(sealed)));
  CLOCHE_TRY(const has_state, env.exists(directory + "/state.db"));
  if (!has_state) CLOCHE_TRY_VOID(unsealing->unpack_state(tables));
  return unsealing;
}

// What a seeded source of ids gives out from here on must not be what it gave out before the state was
// sealed, and still be the same each time: so the seed is mixed with the file's hash.
Result<void> Unsealing::unpack_state(const Tables& tables) {
  const std::string made = directory_ + "/state.db.new";
  CLOCHE_TRY_VOID(env_.remove(made));
  {
    CLOCHE_TRY(const into, env_.open(made, OpenMode::CreateExclusive));
    CLOCHE_TRY_VOID(file_->unpack_state(*into));
    CLOCHE_TRY_VOID(into->sync());
  }
  if (auto checked = check_state_file(made, tables); !checked) {
    CLOCHE_TRY_VOID(env_.remove(made));
    return checked;
  }
  {
    CLOCHE_TRY(const connection, sqlite::Connection::open(made, sqlite::Use::Existing));
    CLOCHE_TRY_VOID(sqlite::create_tables(*connection, tables));
    std::uint64_t salt = 0;
    std::memcpy(&salt, file_->hash().data(), sizeof salt);
    sqlite::TableWriter writer(*connection, tables);
    CLOCHE_TRY_VOID(
        writer.put(kStateTable, KeyWriter().text("salt").bytes(), std::to_string(salt)));
  }
  CLOCHE_TRY_VOID(env_.rename(made, directory_ + "/state.db"));
  unpacked_state_ = true;
  return env_.sync_directory(directory_);
}

void Unsealing::stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

std::string Unsealing::blob_path(const Sha256& digest) const {
  const std::string hex = to_hex(digest);
  return directory_ + "/blobs/" + hex.substr(0, 2) + "/" + hex;
}

Result<void> Unsealing::put_in_place(const SealedBlob& blob) {
  const std::string path = blob_path(blob.blob.digest);
  CLOCHE_TRY_VOID(env_.create_directories(path.substr(0, path.rfind('/'))));
  CLOCHE_TRY_VOID(env_.create_directories(directory_ + "/blobs/tmp"));
  std::string made = directory_ + "/blobs/tmp/sealed-";
  {
    MutexLock lock(mutex_);
    made += std::to_string(++staged_);
  }
  auto done = [&]() -> Result<void> {
    CLOCHE_TRY(const into, env_.open(made, OpenMode::CreateExclusive));
    CLOCHE_TRY_VOID(file_->unpack_blob(blob, *into));
    return env_.rename(made, path);
  }();
  if (!done) static_cast<void>(env_.remove(made).has_value());
  return done;
}

Result<bool> Unsealing::bring(const Sha256& digest) {
  const SealedBlob* const blob = file_->find(digest);
  if (blob == nullptr) return false;
  {
    // Whoever comes second waits for the first.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !under_way_.contains(digest); });
    under_way_.insert(digest);
  }
  auto there = env_.exists(blob_path(digest));
  Result<void> done = there ? Result<void>() : std::move(there).error();
  if (done && !*there) done = put_in_place(*blob);
  MutexLock lock(mutex_);
  under_way_.erase(digest);
  changed_.notify_all();
  if (!done) return done.error();
  return true;
}

Result<void> Unsealing::bring_all(const std::function<bool(const Sha256&)>& is_wanted) {
  for (const SealedBlob& blob : file_->blobs()) {
    {
      MutexLock lock(mutex_);
      if (stop_) return unavailable("stopped");
    }
    if (!is_wanted(blob.blob.digest)) continue;
    CLOCHE_TRY_VOID(bring(blob.blob.digest));
    // A request may have brought it, or an earlier process that a power cut ended.
    CLOCHE_TRY(const file, env_.open(blob_path(blob.blob.digest), OpenMode::ReadWrite));
    CLOCHE_TRY_VOID(file->sync());
  }
  return let_go();
}

Result<void> Unsealing::let_go() {
  const std::string blobs = directory_ + "/blobs";
  CLOCHE_TRY(const there, env_.exists(blobs));
  if (there) {
    CLOCHE_TRY(const folders, env_.list(blobs));
    for (const std::string& folder : folders)
      CLOCHE_TRY_VOID(env_.sync_directory(blobs + "/" + folder));
    CLOCHE_TRY_VOID(env_.sync_directory(blobs));
  }
  CLOCHE_TRY_VOID(env_.remove(link_name(directory_)));
  CLOCHE_TRY_VOID(env_.remove(path_name(directory_)));
  return env_.sync_directory(directory_);
}

void Unsealing::run(const std::function<bool(const Sha256&)>& is_wanted,
                    const std::function<void(std::string_view)>& told) {
  for (bool first = true;; first = false) {
    const auto done = bring_all(is_wanted);
    std::unique_lock lock(mutex_);
    if (done) {
      done_ = true;
      failed_.reset();
      changed_.notify_all();
      lock.unlock();
      if (told && !file_->blobs().empty())
        told("all of the sealed file is in place, it is not needed any more");
      return;
    }
    if (stop_) return;
    failed_ = done.error();
    changed_.notify_all();
    if (first && told) {
      lock.unlock();
      told("blobs of the sealed file are not in place, trying again: " + done.error().message);
      lock.lock();
    }
    if (changed_.wait_for(lock, kPauseAfterFailure, [this] { return stop_; })) return;
  }
}

void Unsealing::start(std::function<bool(const Sha256&)> is_wanted,
                      std::function<void(std::string_view)> told) {
  thread_ = std::thread(
      [this, is_wanted = std::move(is_wanted), told = std::move(told)] { run(is_wanted, told); });
}

Result<void> Unsealing::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_ || failed_ || stop_; });
  if (failed_) return *failed_;
  return {};
}

Result<void> Unsealing::finish() {
  return bring_all([](const Sha256&) { return true; });
}

}  // namespace cloche::engine
