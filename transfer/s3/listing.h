// All versions of all keys of a bucket, key by key, in the memory of a page.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "transfer/aws/client.h"

namespace cloche::transfer {

struct Version {
  std::string id{};  // "null" where there was no versioning.
  bool marker = false;
  bool latest = false;
  std::string etag{};  // With its quotes.
  std::uint64_t size = 0;
  std::string storage_class{};
  std::string checksum_algorithm{};  // Empty: not told.
  std::optional<Instant> modified{};
};

struct KeyVersions {
  std::string key;
  std::vector<Version> versions;  // Oldest first.
};

// One thread at a time, like its client.
class VersionListing {
 public:
  VersionListing(Client& client, std::string bucket, std::string region, std::string prefix = {});
  // The next key in the order of the other side; nothing at the end.
  Result<std::optional<KeyVersions>> next();

 private:
  struct Entry {
    std::string key;
    Version version;
  };
  Result<void> read_page();
  KeyVersions take_group();

  Client& client_;
  std::string bucket_, region_, prefix_;
  std::string key_marker_, version_marker_;
  bool ended_ = false;
  std::deque<Entry> entries_;
};

}  // namespace cloche::transfer
