// Asks a running Cloche over HTTP: what the commands that need one are made of.
#pragma once

#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"

namespace cloche::cli {

// A request to an admin path, on a connection of its own. `endpoint` is "http://host:port",
// "host:port" or "host"; `body` is JSON or empty. Answers with the JSON, parsed into `arena`, and
// with `text` as it came. An answer of 400 or more is the error that it tells. Refuses with what to
// do where nothing answers.
struct Reply {
  std::string text;
  Value json;
};
Result<Reply> ask(const std::string& endpoint, std::string_view method, std::string_view path,
                  std::string_view body, Arena& arena);

// For a query: "a b" -> "a%20b".
std::string percent_encoded(std::string_view text);

}  // namespace cloche::cli
