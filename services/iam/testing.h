// A context of given keys, for tests.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/iam/iam.h"

namespace cloche::iam {

class FixedContext final : public Context {
 public:
  FixedContext() = default;
  FixedContext(std::initializer_list<std::pair<const std::string, std::vector<std::string>>> keys)
      : keys_(keys) {}
  std::optional<std::vector<std::string>> find(std::string_view key) const override {
    const auto found = keys_.find(std::string(key));
    if (found == keys_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> keys_;
};

}  // namespace cloche::iam
