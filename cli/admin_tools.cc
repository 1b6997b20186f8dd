#include "cli/admin_tools.h"

#include "base/json.h"

namespace cloche::cli {
namespace {

using protocol::AdminAnswer;
using protocol::HttpRequest;

AdminAnswer refused(int status, std::string_view why) {
  std::string body = "{\"error\":";
  append_json_string(body, why);
  return {.status = status, .content_type = "application/json", .body = body + "}"};
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
