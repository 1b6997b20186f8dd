// Admin paths of the history (engine/history.h).
//
//   GET    /_cloche/checkpoints         {"checkpoints": [{"name", "lsn", "time"}]}, the oldest first
//   POST   /_cloche/checkpoints         {"name": "clean"} -> {"name", "lsn", "time"}
//   DELETE /_cloche/checkpoints/NAME    -> {}
//   POST   /_cloche/rewind              {"to": POINT} -> {"to", "from", "lsn", "records", "rows",
//                                       "milliseconds"}: `from` is the point that was left
//
// A POINT is a checkpoint's name, an lsn, a time or how long ago ("5m"). A refusal is
// {"error": "...", "code": "NoSuchCheckpoint"}.
#pragma once

#include "cli/environment.h"

namespace cloche::cli {

void serve_history(protocol::Server& server, Environment& environment);

}  // namespace cloche::cli
