#include "wal/faulty_env.h"

#include <cerrno>
#include <thread>

namespace cloche::wal {

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyEnv& env, std::string path, std::unique_ptr<File> real)
      : env_(env), path_(std::move(path)), real_(std::move(real)) {}

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const auto size = static_cast<std::int64_t>(bytes.size());
    const std::int64_t room = env_.room.fetch_sub(size);
    if (room >= size) return real_->write_at(offset, bytes);
    env_.room = 0;
    CLOCHE_TRY_VOID(real_->write_at(
        offset, bytes.first(static_cast<std::size_t>(std::max<std::int64_t>(room, 0)))));
    return system_error("write " + path_, ENOSPC);
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    return real_->read_at(offset, into);
  }
  Result<void> sync() override {
    while (env_.syncs_hang) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (env_.syncs_fail) return system_error("fdatasync " + path_, EIO);
    ++env_.syncs;
    CLOCHE_TRY(const bytes, real_->size());
    MutexLock lock(env_.mutex_);
    env_.synced_bytes_[path_] = bytes;
    return {};
  }
  Result<void> truncate(std::uint64_t size) override { return real_->truncate(size); }
  Result<std::uint64_t> size() const override { return real_->size(); }
  int descriptor() const override { return real_->descriptor(); }

 private:
  FaultyEnv& env_;
  const std::string path_;
  std::unique_ptr<File> real_;
};

Result<std::unique_ptr<File>> FaultyEnv::open(const std::string& path, OpenMode mode) {
  ++path_calls;
  CLOCHE_TRY(file, real_.open(path, mode));
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, path, std::move(file)));
}

std::uint64_t FaultyEnv::synced_bytes(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = synced_bytes_.find(path);
  return found == synced_bytes_.end() ? 0 : found->second;
}

void FaultyEnv::cut_power(const std::string& directory) {
  MutexLock lock(mutex_);
  const auto names = real_.list(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = directory + "/" + name;
    auto file = real_.open(path, OpenMode::ReadWrite);
    if (file) static_cast<void>((*file)->truncate(synced_bytes_[path]).has_value());
  }
}

}  // namespace cloche::wal
