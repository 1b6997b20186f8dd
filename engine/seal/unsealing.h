// A directory that began with a sealed file, until all that is in the file is in place. It holds on to
// the file by a hard link (DIR/sealed), or by its path where there can be none (DIR/sealed.path), and
// lets go of it at the end: whenever the process dies, the next one goes on.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "engine/schema/schema.h"
#include "engine/seal/sealed_file.h"

namespace cloche::engine {

// Safe to use from any thread.
class Unsealing {
 public:
  // Makes an empty directory hold on to `file`. Refuses a directory with anything in it but its
  // lock, and a file that is no sealed one, was sealed by a newer release, or needs more room than there
  // is.
  static Result<void> begin(Env& env, const std::string& file, const std::string& directory,
                            const Tables& tables);
  // Whether the directory holds on to a sealed file.
  static Result<bool> is_begun(Env& env, const std::string& directory);
  // Null if the directory holds on to no sealed file. Writes its state.db if that is not there.
  static Result<std::unique_ptr<Unsealing>> resume(Env& env, const std::string& directory,
                                                   const Tables& tables);
  ~Unsealing() { stop(); }
  void stop();  // Brings in nothing any more by itself.

  const SealedFile& file() const { return *file_; }
  bool unpacked_state() const { return unpacked_state_; }  // In this process.

  // Puts a blob in its place, if it is in the file and not there yet. False: it is not in the file.
  Result<bool> bring(const Sha256& digest);

  // Brings in all blobs, on a thread of its own: those that `is_wanted` still. `told` hears how it
  // ends, and of what goes wrong on the way.
  void start(std::function<bool(const Sha256&)> is_wanted,
             std::function<void(std::string_view)> told);
  // Waits for that; at once with the first error.
  Result<void> wait();
  // The same without a thread: for a directory that nobody serves.
  Result<void> finish();

 private:
  Unsealing(Env& env, std::string directory, std::shared_ptr<const SealedFile> file)
      : env_(env), directory_(std::move(directory)), file_(std::move(file)) {}
  Result<void> unpack_state(const Tables& tables);
  Result<void> put_in_place(const SealedBlob& blob);
  Result<void> bring_all(const std::function<bool(const Sha256&)>& is_wanted);
  Result<void> let_go();
  std::string blob_path(const Sha256& digest) const;
  void run(const std::function<bool(const Sha256&)>& is_wanted,
           const std::function<void(std::string_view)>& told);

  Env& env_;
  const std::string directory_;
  const std::shared_ptr<const SealedFile> file_;
  bool unpacked_state_ = false;

  Mutex mutex_;
  CondVar changed_;
  std::set<Sha256> under_way_ CLOCHE_GUARDED_BY(mutex_);
  std::uint64_t staged_ CLOCHE_GUARDED_BY(mutex_) = 0;
  bool stop_ CLOCHE_GUARDED_BY(mutex_) = false;
  bool done_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::optional<Error> failed_ CLOCHE_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace cloche::engine
