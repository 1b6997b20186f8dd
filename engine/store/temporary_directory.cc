#include "engine/store/temporary_directory.h"

#include <filesystem>

#include "base/digest.h"

namespace cloche::engine {
namespace {

constexpr std::string_view kPrefix = "cloche-memory-";
constexpr int kTriesMax = 10;

std::string temporary_root() {
  std::error_code error;
  const auto path = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : path.string();
}

void remove_all(const std::string& path) {
  std::error_code ignored;  // What stays behind is removed by the next process.
  std::filesystem::remove_all(path, ignored);
}

void remove_abandoned(Env& env, const std::string& root) {
  const auto names = env.list(root);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!name.starts_with(kPrefix)) continue;
    const std::string path = root + "/" + name;
    // Its lock is free only if the process is gone.
    if (const auto lock = env.lock(path + "/lock")) remove_all(path);
  }
}

}  // namespace

Result<std::unique_ptr<TemporaryDirectory>> TemporaryDirectory::make(Env& env) {
  const std::string root = temporary_root();
  remove_abandoned(env, root);
  // Another process that clears up may take a directory for abandoned before its lock is there.
  for (int tries = 0;; ++tries) {
    std::array<std::byte, 8> chance;
    env.random(chance);
    const std::string path = root + "/" + std::string(kPrefix) + to_hex(chance);
    CLOCHE_TRY_VOID(env.create_directories(path));
    auto lock = env.lock(path + "/lock");
    if (lock)
      return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(path, *std::move(lock)));
    if (tries == kTriesMax) return std::move(lock).error();
  }
}

TemporaryDirectory::~TemporaryDirectory() { remove_all(path_); }

}  // namespace cloche::engine
