// Where an environment that is not kept has its files.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "base/result.h"

namespace cloche::engine {

// A directory of our own, removed with all its content when this goes. Ones that dead processes
// left are removed as well.
class TemporaryDirectory {
 public:
  static Result<std::unique_ptr<TemporaryDirectory>> make(Env& env);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory(std::string path, std::unique_ptr<FileLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace cloche::engine
