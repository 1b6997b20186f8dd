#include "cli/admin_reset.h"

#include <algorithm>

#include "cli/admin_answer.h"
#include "engine/history.h"

namespace cloche::cli {
namespace {

using engine::History;
using protocol::AdminAnswer;
using protocol::HttpRequest;

constexpr std::string_view kLocalStackState = "/_localstack/state/";
// What /_localstack/state/save names, and load goes back to.
constexpr std::string_view kSaved = "localstack-state";

AdminAnswer reset(Environment& environment, std::string_view service) {
  const auto& known = environment.services();
  if (!service.empty() && std::ranges::find(known, service) == known.end())
    return refused_answer(invalid_request("there is no service called " + std::string(service)));
  const auto emptied = engine::history_of(environment.store()).reset(service);
  if (!emptied) return refused_answer(emptied.error());
  Arena arena;
  Value out = Value::map();
  out.add(arena, "from", number_value(emptied->from.value()));
  out.add(arena, "lsn", number_value(emptied->lsn.value()));
  out.add(arena, "rows", number_value(emptied->rows));
  return json_answer(out);
}

AdminAnswer compact(Environment& environment, std::string_view body) {
  Arena arena;
  const auto wish = read_body(body, arena);
  if (!wish) return refused_answer(wish.error());
  History& history = engine::history_of(environment.store());
  std::optional<Lsn> before;
  if (const Value& point = (*wish)["before"]) {
    const auto found = history.find(point.text());
    if (!found) return refused_answer(found.error());
    before = *found;
  }
  const auto done = history.compact(before);
  if (!done) return refused_answer(done.error());
  const auto room = [&](std::uint64_t from, std::uint64_t to) {
    Value out = Value::map();
    out.add(arena, "before", number_value(from));
    out.add(arena, "after", number_value(to));
    return out;
  };
  Value out = Value::map();
  out.add(arena, "history", room(done->log_before, done->log_after));
  out.add(arena, "state", room(done->state_before, done->state_after));
  out.add(arena, "blobs", number_value(done->blobs));
  return json_answer(out);
}

AdminAnswer save(History& history) {
  const auto made = history.checkpoint(kSaved);
  return made ? json_answer(Value::map()) : refused_answer(made.error());
}

AdminAnswer load(History& history) {
  const auto saved = history.find(kSaved);
  if (!saved) return refused_answer(saved.error());
  const auto done = history.rewind(*saved);
  return done ? json_answer(Value::map()) : refused_answer(done.error());
}

AdminAnswer localstack_state(Environment& environment, const HttpRequest& request) {
  const std::string_view what = below(request, kLocalStackState);
  History& history = engine::history_of(environment.store());
  if (what == "reset") return reset(environment, "");
  if (what == "save") return save(history);
  if (what == "load") return load(history);
  if (what.ends_with("/reset")) return reset(environment, what.substr(0, what.rfind('/')));
  Error none = invalid_request(
      "there are reset, SERVICE/reset, save and load: the state of all services is saved and "
      "loaded as one");
  none.http_status = 404;
  return refused_answer(none);
}

}  // namespace

void serve_reset(protocol::Server& server, Environment& environment) {
  server.on_admin_work("/_cloche/reset",
                       [&environment](const HttpRequest& request, std::string_view body) {
                         if (request.method() != "POST") return wrong_method("POST");
                         Arena arena;
                         const auto wish = read_body(body, arena);
                         if (!wish) return refused_answer(wish.error());
                         return reset(environment, (*wish)["service"].str());
                       });
  server.on_admin_work("/_cloche/compact",
                       [&environment](const HttpRequest& request, std::string_view body) {
                         if (request.method() != "POST") return wrong_method("POST");
                         return compact(environment, body);
                       });
  server.on_admin_work(std::string(kLocalStackState),
                       [&environment](const HttpRequest& request, std::string_view) {
                         if (request.method() != "POST") return wrong_method("POST");
                         return localstack_state(environment, request);
                       });
}

}  // namespace cloche::cli
