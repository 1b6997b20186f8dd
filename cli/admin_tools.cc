#include "cli/admin_tools.h"

#include "base/json.h"
#include "base/time_text.h"

namespace cloche::cli {
namespace {

using protocol::AdminAnswer;
using protocol::HttpRequest;

AdminAnswer refused(int status, std::string_view why) {
  std::string body = "{\"error\":";
  append_json_string(body, why);
  return {.status = status, .content_type = "application/json", .body = body + "}"};
}

AdminAnswer describe(const engine::Clock& clock) {
  return {.status = 200,
          .content_type = "application/json",
          .body = "{\"now\":\"" + iso8601_milliseconds(clock.now()) +
                  "\",\"frozen\":" + (clock.frozen() ? "true" : "false") + "}"};
}

// A thousand years, both ways: what is beyond does not fit the calendar.
constexpr double kMoveMax = 1000.0 * 366 * 86400;

AdminAnswer change(engine::Clock& clock, std::string_view body) {
  Arena arena;
  const auto wish = parse_json(body, arena);
  if (!wish) return refused(400, "the body is not JSON");
  if (const Value& freeze = (*wish)["freeze"]) {
    const auto at = parse_iso8601(freeze.text());
    if (!at && !freeze.as_bool())
      return refused(400, "freeze: true, or a time like 2026-01-01T00:00:00Z");
    clock.freeze(at ? *at : clock.now());
  } else if (const Value& move = (*wish)["move"]) {
    const auto seconds = move.as_double();
    if (!seconds || *seconds > kMoveMax || *seconds < -kMoveMax)
      return refused(400, "move: a number of seconds");
    clock.move(std::chrono::microseconds(static_cast<std::int64_t>(*seconds * 1e6)));
  } else if ((*wish)["run"].as_bool()) {
    clock.run(clock.now());
  } else {
    return refused(400, "one of freeze, move and run is needed");
  }
  return describe(clock);
}

AdminAnswer events_of(s3::S3& s3, const HttpRequest& request) {
  constexpr std::string_view kPath = "/_cloche/s3/events/";
  const std::string_view bucket = request.target().substr(kPath.size());
  auto events = s3.undelivered_events(bucket.substr(0, bucket.find('?')));
  if (!events) return refused(events.error().http_status, events.error().message);
  return {.status = 200, .content_type = "application/json", .body = *std::move(events)};
}

// LocalStack's path: what has expired goes at once.
AdminAnswer remove_expired(dynamodb::DynamoDb& dynamodb) {
  const auto removed = dynamodb.remove_expired();
  if (!removed) return refused(500, removed.error().message);
  return {.status = 200,
          .content_type = "application/json",
          .body = R"({"ExpiredItems":)" + std::to_string(*removed) + "}"};
}

}  // namespace

void serve_tools(protocol::Server& server, Environment& environment) {
  server.on_admin("/_cloche/clock",
                  [&environment](const HttpRequest& request, std::string_view body) {
                    engine::Clock& clock = environment.store().clock();
                    return request.method() == "POST" ? change(clock, body) : describe(clock);
                  });
  server.on_admin("/_aws/dynamodb/expired",
                  [&environment](const HttpRequest& request, std::string_view) {
                    if (request.method() != "DELETE") return refused(405, "DELETE is needed");
                    return remove_expired(environment.dynamodb());
                  });
  server.on_admin("/_cloche/s3/events/",
                  [&environment](const HttpRequest& request, std::string_view) {
                    return events_of(environment.s3(), request);
                  });
}

}  // namespace cloche::cli
