#include "cli/client.h"

#include <chrono>

#include "base/json.h"
#include "protocol/http/uri.h"
#include "transfer/http/http.h"

namespace cloche::cli {
namespace {

Error no_answer(const std::string& endpoint, const std::string& why) {
  return unavailable("nothing answers at " + endpoint + " (" + why +
                     "); is it started? `cloche start` does that");
}

// A rewind of much may take minutes.
constexpr std::chrono::minutes kPatience{30};

}  // namespace

Result<Reply> ask(const std::string& endpoint, std::string_view method, std::string_view path,
                  std::string_view body, Arena& arena) {
  CLOCHE_TRY(const address, transfer::Address::parse(endpoint));
  transfer::HttpConnection connection(address, false, kPatience);
  const auto answer = connection.exchange(
      {.method = std::string(method),
       .target = std::string(path),
       .headers = {{"Content-Type", "application/json"}, {"Connection", "close"}}},
      body);
  if (!answer) {
    Error error = answer.error();
    error.message += " `cloche start` starts one.";
    return error;
  }
  const int status = answer->status;
  Reply reply{.text = answer->body, .json{}};
  const auto json = parse_json(arena.copy(reply.text), arena);
  if (!json) return no_answer(endpoint, "what answers is not Cloche, or an older one");
  reply.json = *json;
  if (status >= 400) {
    const Value& told = reply.json["error"];
    return refused(status, "", told ? told.str() : "status " + std::to_string(status));
  }
  return reply;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  protocol::append_encoded(out, text);
  return out;
}

}  // namespace cloche::cli
