#include "cli/admin_history.h"

#include "base/time_text.h"
#include "cli/admin_answer.h"
#include "engine/history.h"

namespace cloche::cli {
namespace {

using engine::History;
using protocol::AdminAnswer;
using protocol::HttpRequest;

constexpr std::string_view kCheckpoints = "/_cloche/checkpoints/";

Value describe(const engine::Checkpoint& checkpoint, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "name", Value::string(arena, checkpoint.name));
  out.add(arena, "lsn", number_value(checkpoint.lsn.value()));
  out.add(arena, "time", Value::string(arena, iso8601_milliseconds(checkpoint.made)));
  return out;
}

AdminAnswer make_checkpoint(History& history, std::string_view body) {
  Arena arena;
  const auto wish = parse_json(body, arena);
  if (!wish || !(*wish)["name"].is(Value::Kind::String))
    return refused_answer(invalid_request(R"(the body has to be {"name": "..."})"));
  const auto made = history.checkpoint((*wish)["name"].text());
  return made ? json_answer(describe(*made, arena), 201) : refused_answer(made.error());
}

AdminAnswer list_checkpoints(History& history) {
  Arena arena;
  const auto all = history.checkpoints();
  if (!all) return refused_answer(all.error());
  Value list = Value::list();
  for (const engine::Checkpoint& checkpoint : *all) list.push(arena, describe(checkpoint, arena));
  Value out = Value::map();
  out.add(arena, "checkpoints", list);
  return json_answer(out);
}

AdminAnswer remove_checkpoint(History& history, const HttpRequest& request) {
  const std::string_view name = request.target().substr(kCheckpoints.size());
  const auto removed = history.remove_checkpoint(name);
  return removed ? json_answer(Value::map()) : refused_answer(removed.error());
}

AdminAnswer rewind(Environment& environment, History& history, std::string_view body) {
  Arena arena;
  const auto wish = parse_json(body, arena);
  if (!wish || !(*wish)["to"].present())
    return refused_answer(invalid_request(R"(the body has to be {"to": POINT})"));
  const auto to = history.find((*wish)["to"].text());
  if (!to) return refused_answer(to.error());
  Env& env = environment.store().env();
  const auto began = env.monotonic();
  const auto done = history.rewind(*to);
  if (!done) return refused_answer(done.error());
  const std::chrono::duration<double, std::milli> took = env.monotonic() - began;
  Value out = Value::map();
  out.add(arena, "to", number_value(done->to.value()));
  out.add(arena, "from", number_value(done->from.value()));
  out.add(arena, "lsn", number_value(done->lsn.value()));
  out.add(arena, "records", number_value(done->records));
  out.add(arena, "rows", number_value(done->rows));
  out.add(arena, "milliseconds", Value::number(arena.copy(std::to_string(took.count()))));
  return json_answer(out);
}

}  // namespace

void serve_history(protocol::Server& server, Environment& environment) {
  History& history = engine::history_of(environment.store());
  server.on_admin_work("/_cloche/checkpoints",
                       [&history](const HttpRequest& request, std::string_view body) {
                         if (request.method() == "POST") return make_checkpoint(history, body);
                         if (request.method() == "GET") return list_checkpoints(history);
                         return wrong_method("GET and POST");
                       });
  server.on_admin_work(std::string(kCheckpoints),
                       [&history](const HttpRequest& request, std::string_view) {
                         if (request.method() == "DELETE")
                           return remove_checkpoint(history, request);
                         return wrong_method("DELETE");
                       });
  server.on_admin_work("/_cloche/rewind",
                       [&environment, &history](const HttpRequest& request, std::string_view body) {
                         if (request.method() == "POST") return rewind(environment, history, body);
                         return wrong_method("POST");
                       });
}

}  // namespace cloche::cli
