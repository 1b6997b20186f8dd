// Admin path of sealed files (engine/seal.h).
//
//   POST /_cloche/seal    {"file": "/whole/path", "only": ["s3:photos", "dynamodb"], "force": true}
//                         -> 201 {"file", "hash", "bytes", "rows", "blobs", "milliseconds"}; of the
//                         body "file" alone is needed. The server writes the file.
//   GET  /_cloche/seal    {"running": true, "done": BYTES, "of": BYTES}: of the seal that goes on
#pragma once

#include "cli/environment.h"

namespace cloche::cli {

void serve_seal(protocol::Server& server, Environment& environment);

}  // namespace cloche::cli
