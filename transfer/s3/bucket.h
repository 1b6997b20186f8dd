// Buckets: which there are, and what has to be known before anything is put into one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transfer/aws/client.h"

namespace cloche::transfer {

struct Bucket {
  std::string name, region;
  std::string versioning;  // "", "Enabled", "Suspended"
  bool locks = false;      // Object Lock, which only a new bucket can get.
  bool is_new = false;
};

// In the order of their names.
Result<std::vector<std::string>> list_buckets(Client& client);
Result<Bucket> describe_bucket(Client& client, const std::string& name);
// Makes it unless it is there; `is_new` tells.
Result<void> make_bucket(Client& client, Bucket& bucket);
Result<void> set_versioning(Client& client, const Bucket& bucket, std::string_view status);
// With all that is in it.
Result<void> remove_bucket(Client& client, const std::string& name);

}  // namespace cloche::transfer
