// Admin paths that show the history (engine/history.h): what happened, and what is different.
//
//   GET /_cloche/log     {"events": [{"lsn", "time", "requests", "rows", "bytes", "added",
//                        "removed", "changed", "changes": [CHANGE]}]}, newest first;
//                        ?limit=N (100), since=POINT, until=POINT (or from=POINT), service=s3,
//                        operation=PutObject, resource=TEXT, all=true (the engine's own records
//                        too). The first hundred changes of each are there.
//                        failed=also adds, and failed=only shows alone, "failures": [{"time", "lsn",
//                        "operation", "resource", "account", "region", "status", "code",
//                        "request_id", "milliseconds"}] (failed_requests.h) and how many older ones
//                        were "dropped"; status=404, 4xx or a code is of these only.
//   GET /_cloche/diff    {"a": LSN, "b": LSN, "added": N, "removed": N, "changed": N, "changes":
//                        [CHANGE]}; ?a=POINT&b=POINT (now), limit=N (1000), service=s3,
//                        resource=TEXT (a part of "bucket/key"). Counted are all.
//
// A CHANGE is {"change": "added" | "removed" | "changed", "service", "owner": {"kind": "bucket",
// "name", "account", "region"}, "kind": "object", "name", "version", "bytes_before",
// "bytes_after"}, without what it has not; that of a diff has "before" and "after" too, the resource
// in AWS's terms. A POINT is one of admin_history.h.
#pragma once

#include <memory>

#include "cli/environment.h"
#include "cli/failed_requests.h"

namespace cloche::cli {

void serve_timeline(protocol::Server& server, Environment& environment,
                    std::shared_ptr<const FailedRequests> failed);

}  // namespace cloche::cli
