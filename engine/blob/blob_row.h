// The row of a blob: how often it is referred to, how large it is, and a small one's bytes
// (docs/formats/state.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"
#include "engine/blob.h"

namespace cloche::engine {

struct BlobRow {
  std::uint64_t references = 0;
  std::uint64_t size = 0;
  bool in_file = false;
  Lsn garbage_since;       // Of a file blob without references: the group that took the last one.
  std::string_view bytes;  // Of an inline blob.

  std::string encode() const;
  static Result<BlobRow> decode(std::string_view value);
};

std::string blob_key(const Sha256& digest);
std::string garbage_key(Lsn since, const Sha256& digest);

}  // namespace cloche::engine
