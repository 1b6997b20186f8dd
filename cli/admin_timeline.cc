#include "cli/admin_timeline.h"

#include <cstdio>
#include <utility>

#include "base/time_text.h"
#include "cli/admin_answer.h"
#include "cli/log_filter.h"
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

Value describe(const FailedRequest& request, Arena& arena) {
  Value out = Value::map();
  const auto text = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out.add(arena, name, Value::string(arena, value));
  };
  text("time", iso8601_milliseconds(request.time));
  out.add(arena, "lsn", number_value(request.lsn.value()));
  text("operation", request.operation);
  text("resource", request.resource);
  text("account", request.account);
  text("region", request.region);
  out.add(arena, "status", number_value(static_cast<std::uint64_t>(request.status)));
  text("code", request.code);
  text("request_id", request.request_id);
  char milliseconds[32];
  std::snprintf(milliseconds, sizeof milliseconds, "%.3f",
                static_cast<double>(request.took.count()) / 1000);
  out.add(arena, "milliseconds", Value::number(arena.copy(milliseconds)));
  return out;
}

Result<Value> read_events(const History& history, const LogFilter& filter, std::size_t limit,
                          Arena& arena) {
  Value events = Value::list();
  if (limit == 0 || filter.nothing()) return events;
  CLOCHE_TRY_VOID(
      history.read(filter.from(), [&](const engine::Event& event, const History::Tell& tell) {
        if (event.lsn <= filter.after()) return false;
        if (filter.takes(event)) events.push(arena, describe(event, tell, arena));
        return events.size() < limit;
      }));
  return events;
}

void add_failures(Value& out, const FailedRequests& failed, const LogFilter& filter,
                  std::size_t limit, Arena& arena) {
  Value failures = Value::list();
  const std::uint64_t dropped = failed.read([&](const FailedRequest& request) {
    if (failures.size() < limit && filter.takes(request))
      failures.push(arena, describe(request, arena));
    return failures.size() < limit;
  });
  out.add(arena, "failures", failures);
  out.add(arena, "dropped", number_value(dropped));
}

Result<AdminAnswer> read_log(const LogSource& source, const FailedRequests& failed,
                             const HttpRequest& request) {
  CLOCHE_TRY(const limit, read_limit(request, kEventsUsual, kEventsMax));
  CLOCHE_TRY(const filter, LogFilter::parse(request, source));
  Arena arena;
  Value out = Value::map();
  if (filter.wants_events()) {
    CLOCHE_TRY(const events, read_events(source.history, filter, limit, arena));
    out.add(arena, "events", events);
  }
  if (filter.wants_failures()) add_failures(out, failed, filter, limit, arena);
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

void serve_timeline(protocol::Server& server, Environment& environment,
                    std::shared_ptr<const FailedRequests> failed) {
  History& history = engine::history_of(environment.store());
  const LogSource source{
      .history = history,
      .now = [&environment] { return environment.store().clock().now(); },
  };
  server.on_admin_work("/_cloche/log", [source, failed = std::move(failed)](
                                           const HttpRequest& request, std::string_view) {
    auto answer = read_log(source, *failed, request);
    return answer ? *std::move(answer) : refused_answer(answer.error());
  });
  server.on_admin_work("/_cloche/diff",
                       [&environment, &history](const HttpRequest& request, std::string_view) {
                         auto answer = diff(environment, history, request);
                         return answer ? *std::move(answer) : refused_answer(answer.error());
                       });
}

}  // namespace cloche::cli
