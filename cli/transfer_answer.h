// What a load, a save or a pull has done, as JSON: the same on the command line and over the admin API.
#pragma once

#include "base/document.h"
#include "transfer/progress.h"

namespace cloche::cli {

// {"buckets", "objects", "tables", "items", "bytes", "present", "failed", "notes", "failures", "seconds"}
Value transfer_value(const transfer::Progress& progress, Arena& arena);

}  // namespace cloche::cli
