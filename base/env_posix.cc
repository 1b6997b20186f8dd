// The only place that asks the system for time, chance and files.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>

#include "base/digest.h"
#include "base/env.h"

namespace cloche {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }

  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t wrote =
          ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (wrote < 0) {
        if (errno == EINTR) continue;
        return failed("write");
      }
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
      offset += static_cast<std::uint64_t>(wrote);
    }
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    std::size_t total = 0;
    while (total < into.size()) {
      const ssize_t got = ::pread(descriptor_, into.data() + total, into.size() - total,
                                  static_cast<off_t>(offset + total));
      if (got < 0) {
        if (errno == EINTR) continue;
        return failed("read");
      }
      if (got == 0) break;
      total += static_cast<std::size_t>(got);
    }
    return total;
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_) != 0) return failed("fdatasync");
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return failed("truncate");
    return {};
  }

  Result<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return failed("stat");
    return static_cast<std::uint64_t>(status.st_size);
  }

  int descriptor() const override { return descriptor_; }

 private:
  Error failed(const char* call) const {
    return system_error(std::string(call) + " " + path_, errno);
  }

  int descriptor_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixLock() override { ::close(descriptor_); }

 private:
  int descriptor_;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::Read:
      return O_RDONLY;
    case OpenMode::ReadWrite:
      return O_RDWR;
    case OpenMode::CreateOrOpen:
      return O_RDWR | O_CREAT;
    case OpenMode::CreateExclusive:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

// Between file systems that can't do it for us.
Result<void> copy_by_hand(const File& source, File& target) {
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (std::uint64_t at = 0;;) {
    CLOCHE_TRY(const got, source.read_at(at, piece));
    if (got == 0) return {};
    CLOCHE_TRY_VOID(target.write_at(at, std::span(piece).first(got)));
    at += got;
  }
}

// To share a block costs as much as to copy some 100 KB (XFS, 5,040 extents of a database of 53 MB into which was written
// here and there since it was shared before: 110 to 240 ms, and 25 ms to copy it). True where it can't be known.
bool worth_sharing(const File& file) {
  constexpr std::uint64_t kExtentBytesMin = 128 << 10;
  // Not a fiemap of its own, since that ends with an array of no length. Without room for extents they are only counted.
  alignas(fiemap) std::byte room[sizeof(fiemap)]{};
  auto* const map = new (room) fiemap();
  map->fm_length = FIEMAP_MAX_OFFSET;
  const auto size = file.size();
  if (!size || ::ioctl(file.descriptor(), FS_IOC_FIEMAP, map) != 0) return true;
  return map->fm_mapped_extents <= 1 + *size / kExtentBytesMin;
}

class PosixEnv final : public Env {
 public:
  Instant now() override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  std::chrono::nanoseconds monotonic() override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }

  void random(std::span<std::byte> into) override {
    while (!into.empty()) {
      const ssize_t got = ::getrandom(into.data(), into.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      CLOCHE_CHECK(got > 0);
      into = into.subspan(static_cast<std::size_t>(got));
    }
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int descriptor = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0644);
    if (descriptor < 0) return system_error("open " + path, errno);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return system_error("rename " + from + " to " + to, errno);
    return {};
  }

  Result<void> link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0)
      return system_error("link " + from + " to " + to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return system_error("remove " + path, errno);
    return {};
  }

  Result<void> copy(const File& from, const std::string& to) override {
    CLOCHE_TRY(const target, open(to, OpenMode::CreateExclusive));
    // copy_file_range would share them as well.
    if (!worth_sharing(from)) return copy_by_hand(from, *target);
    if (::ioctl(target->descriptor(), FICLONE, from.descriptor()) == 0) return {};
    off_t read_at = 0;
    off_t write_at = 0;
    for (;;) {
      const ssize_t copied = ::copy_file_range(from.descriptor(), &read_at, target->descriptor(),
                                               &write_at, std::size_t{1} << 30, 0);
      if (copied == 0) return {};
      if (copied > 0 || errno == EINTR) continue;
      if (errno == EXDEV || errno == EINVAL || errno == EBADF || errno == EOPNOTSUPP ||
          errno == ENOSYS)
        return copy_by_hand(from, *target);
      return system_error("copy to " + to, errno);
    }
  }

  Result<void> remove_all(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return system_error("remove " + path, error.value());
    return {};
  }

  Result<bool> exists(const std::string& path) override {
    if (::access(path.c_str(), F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error("access " + path, errno);
  }

  Result<void> create_directories(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return system_error("create directory " + path, error.value());
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) return system_error("list " + directory, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return system_error("open directory " + path, errno);
    const int synced = ::fsync(descriptor);
    const int error_number = errno;
    ::close(descriptor);
    if (synced != 0) return system_error("sync directory " + path, error_number);
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return system_error("open " + path, errno);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      char holder[32] = {};
      const ssize_t size = ::pread(descriptor, holder, sizeof holder - 1, 0);
      ::close(descriptor);
      return unavailable(path + " is held by another process" +
                         (size > 0 ? " (pid " + std::string(holder) + ")" : ""));
    }
    // The process id is for people and for the text above; the lock itself ends with the process,
    // whatever the file says.
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0) {
      const int error_number = errno;
      ::close(descriptor);
      return system_error("write " + path, error_number);
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(descriptor));
  }
};

}  // namespace

Env& Env::posix() {
  static PosixEnv env;
  return env;
}

std::uint64_t Env::random_u64() {
  std::uint64_t value;
  random(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace cloche
