#include "cli/admin_branches.h"

#include "base/time_text.h"
#include "cli/admin_answer.h"
#include "cli/serving.h"

namespace cloche::cli {
namespace {

using protocol::AdminAnswer;
using protocol::HttpRequest;

constexpr std::string_view kBranches = "/_cloche/branches/";
constexpr std::int64_t kPortMax = 65'535;

Value describe(const OpenBranch& open, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "name", Value::string(arena, open.branch.name));
  if (!open.endpoint.empty()) {
    out.add(arena, "endpoint", Value::string(arena, open.endpoint));
    const std::string port = open.endpoint.substr(open.endpoint.rfind(':') + 1);
    out.add(arena, "port", Value::number(arena.copy(port)));
  }
  out.add(arena, "from", number_value(open.branch.from.value()));
  out.add(arena, "time", Value::string(arena, iso8601_milliseconds(open.branch.made)));
  return out;
}

AdminAnswer make(Serving& serving, std::string_view body) {
  Arena arena;
  const auto wish = read_body(body, arena);
  if (!wish) return refused_answer(wish.error());
  const Value& port = (*wish)["port"];
  if (port.present() &&
      (!port.as_integer() || *port.as_integer() < 0 || *port.as_integer() > kPortMax))
    return refused_answer(invalid_request("port: a number up to 65535, 0 for any that is free"));
  Env& env = serving.environment().store().env();
  const auto began = env.monotonic();
  const auto made = serving.make_branch((*wish)["name"].str(), (*wish)["from"].str(),
                                        static_cast<int>(port.as_integer().value_or(0)));
  if (!made) return refused_answer(made.error());
  const std::chrono::duration<double, std::milli> took = env.monotonic() - began;
  Value out = describe(*made, arena);
  out.add(arena, "milliseconds", Value::number(arena.copy(std::to_string(took.count()))));
  return json_answer(out, 201);
}

AdminAnswer list(Serving& serving) {
  const auto all = serving.branches();
  if (!all) return refused_answer(all.error());
  Arena arena;
  Value branches = Value::list();
  for (const OpenBranch& branch : *all) branches.push(arena, describe(branch, arena));
  Value out = Value::map();
  out.add(arena, "branches", branches);
  return json_answer(out);
}

}  // namespace

void serve_branches(protocol::Server& server, Serving& serving) {
  server.on_admin_work("/_cloche/branches",
                       [&serving](const HttpRequest& request, std::string_view body) {
                         if (request.method() == "POST") return make(serving, body);
                         if (request.method() == "GET") return list(serving);
                         return wrong_method("GET and POST");
                       });
  server.on_admin_work(
      std::string(kBranches), [&serving](const HttpRequest& request, std::string_view) {
        if (request.method() != "DELETE") return wrong_method("DELETE");
        const auto removed = serving.remove_branch(std::string(below(request, kBranches)));
        return removed ? json_answer(Value::map()) : refused_answer(removed.error());
      });
}

}  // namespace cloche::cli
