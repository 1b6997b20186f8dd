#include "cli/admin_timeline.h"

#include <algorithm>

#include "base/time_text.h"
#include "cli/admin_answer.h"
#include "engine/history.h"

namespace cloche::cli {
namespace {

using engine::Change;
using engine::History;
using protocol::AdminAnswer;
using protocol::HttpRequest;

constexpr std::size_t kEventsUsual = 100;
constexpr std::size_t kEventsMax = 10'000;
constexpr std::size_t kToldOfEventMax = 100;
constexpr std::size_t kChangesUsual = 1'000;
constexpr std::size_t kChangesMax = 1'000'000;

// What of the history somebody wants to see.
struct Filter {
  std::string service;  // "s3."
  std::string_view resource;
  bool all = false;

  bool takes(const engine::Event& event) const {
    if (service.empty() && resource.empty()) return all || !event.requests.empty();
    return std::ranges::any_of(event.requests, [this](const std::string& request) {
      const std::size_t blank = std::min(request.find(' '), request.size());
      return request.starts_with(service) && request.find(resource, blank) != std::string::npos;
    });
  }
};

// Tells changes one by one up to a limit, and counts all.
class Changes {
 public:
  Changes(std::size_t limit, Arena& arena) : limit_(limit), arena_(arena) {}

  void take(const Change& change) {
    const bool is_new = !change.bytes_before;
    const bool is_gone = !change.bytes_after;
    ++(is_new ? added_ : is_gone ? removed_ : changed_);
    if (told_.size() < limit_)
      told_.push(arena_, describe(change, is_new ? "added" : is_gone ? "removed" : "changed"));
  }

  void add_to(Value& out) const {
    out.add(arena_, "added", number_value(added_));
    out.add(arena_, "removed", number_value(removed_));
    out.add(arena_, "changed", number_value(changed_));
    out.add(arena_, "changes", told_);
  }

 private:
  void text(Value& out, std::string_view name, std::string_view value) const {
    if (!value.empty()) out.add(arena_, name, Value::string(arena_, value));
  }

  Value describe(const Change& change, std::string_view what) const {
    const engine::Resource& resource = change.resource;
    Value out = Value::map();
    out.add(arena_, "change", Value::string(what));
    text(out, "service", change.service);
    Value owner = Value::map();
    text(owner, "kind", resource.owner.kind);
    text(owner, "name", resource.owner.name);
    text(owner, "account", resource.owner.account);
    text(owner, "region", resource.owner.region);
    out.add(arena_, "owner", owner);
    text(out, "kind", resource.kind);
    text(out, "name", resource.name);
    text(out, "version", resource.version);
    if (change.bytes_before) out.add(arena_, "bytes_before", number_value(*change.bytes_before));
    if (change.bytes_after) out.add(arena_, "bytes_after", number_value(*change.bytes_after));
    if (!change.before.empty()) out.add(arena_, "before", Value::raw(arena_.copy(change.before)));
    if (!change.after.empty()) out.add(arena_, "after", Value::raw(arena_.copy(change.after)));
    return out;
  }

  const std::size_t limit_;
  Arena& arena_;
  Value told_ = Value::list();
  std::uint64_t added_ = 0, removed_ = 0, changed_ = 0;
};

Value describe(const engine::Event& event, const History::Tell& tell, Arena& arena) {
  Value requests = Value::list();
  for (const std::string& request : event.requests)
    requests.push(arena, Value::string(arena, request));
  Value out = Value::map();
  out.add(arena, "lsn", number_value(event.lsn.value()));
  out.add(arena, "time", Value::string(arena, iso8601_milliseconds(event.time)));
  out.add(arena, "requests", requests);
  out.add(arena, "rows", number_value(event.rows));
  out.add(arena, "bytes", number_value(event.bytes));
  Changes changes(kToldOfEventMax, arena);
  tell([&](const Change& change) {
    changes.take(change);
    return true;
  });
  changes.add_to(out);
  return out;
}

AdminAnswer read_log(const History& history, const HttpRequest& request) {
  const auto limit = read_limit(request, kEventsUsual, kEventsMax);
  if (!limit) return refused_answer(limit.error());
  Lsn from(0);
  if (const auto given = request.query("from")) {
    const auto found = history.find(*given);
    if (!found) return refused_answer(found.error());
    from = *found;
  }
  Filter filter;
  if (const auto service = request.query("service")) filter.service = std::string(*service) + ".";
  filter.resource = request.query("resource").value_or("");
  filter.all = request.query("all") == "true";
  Arena arena;
  Value events = Value::list();
  if (*limit > 0) {
    const auto done =
        history.read(from, [&](const engine::Event& event, const History::Tell& tell) {
          if (filter.takes(event)) events.push(arena, describe(event, tell, arena));
          return events.size() < *limit;
        });
    if (!done) return refused_answer(done.error());
  }
  Value out = Value::map();
  out.add(arena, "events", events);
  return json_answer(out);
}

Result<AdminAnswer> diff(Environment& environment, const History& history,
                         const HttpRequest& request) {
  CLOCHE_TRY(const limit, read_limit(request, kChangesUsual, kChangesMax));
  const auto a = request.query("a");
  if (!a) return invalid_request("a: a point of the history is needed; b is one too, or now");
  engine::DiffWish wish{.from = Lsn(0),
                        .to = environment.store().view()->lsn(),
                        .service = std::string(request.query("service").value_or("")),
                        .resource = std::string(request.query("resource").value_or(""))};
  CLOCHE_TRY(const from, history.find(*a));
  wish.from = from;
  if (const auto b = request.query("b"); b && !b->empty()) {
    CLOCHE_TRY(const to, history.find(*b));
    wish.to = to;
  }
  Arena arena;
  Changes changes(limit, arena);
  CLOCHE_TRY_VOID(history.diff(wish, [&](const Change& change) {
    changes.take(change);
    return true;
  }));
  Value out = Value::map();
  out.add(arena, "a", number_value(wish.from.value()));
  out.add(arena, "b", number_value(wish.to.value()));
  changes.add_to(out);
  return json_answer(out);
}

}  // namespace

void serve_timeline(protocol::Server& server, Environment& environment) {
  History& history = engine::history_of(environment.store());
  server.on_admin_work("/_cloche/log", [&history](const HttpRequest& request, std::string_view) {
    return read_log(history, request);
  });
  server.on_admin_work("/_cloche/diff",
                       [&environment, &history](const HttpRequest& request, std::string_view) {
                         auto answer = diff(environment, history, request);
                         return answer ? *std::move(answer) : refused_answer(answer.error());
                       });
}

}  // namespace cloche::cli
