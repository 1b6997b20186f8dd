#include "cli/admin.h"

#include "base/json.h"
#include "base/time_text.h"

namespace cloche::cli {
namespace {

std::string text_of(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

Value services_of(Arena& arena, const Environment& environment) {
  Value services = Value::map();
  for (const std::string& name : environment.services())
    services.add(arena, name, Value::string("running"));
  return services;
}

// LocalStack's health (services/internal.py there): tools wait for "running" or "available".
protocol::AdminAnswer localstack_health(const Environment& environment) {
  Arena arena;
  Value health = Value::map();
  health.add(arena, "services", services_of(arena, environment));
  health.add(arena, "edition", Value::string("community"));
  health.add(arena, "version", Value::string(CLOCHE_VERSION));
  return {.status = 200, .content_type = "application/json", .body = text_of(health)};
}

protocol::AdminAnswer cloche_health(Environment& environment, const Settings& settings) {
  Arena arena;
  const engine::StoreStats stats = environment.store().stats();
  Value health = Value::map();
  health.add(arena, "status", Value::string("running"));
  health.add(arena, "version", Value::string(CLOCHE_VERSION));
  health.add(arena, "services", services_of(arena, environment));
  health.add(arena, "data", Value::string(settings.data));
  health.add(arena, "durability", Value::string(name_of(settings.durability)));
  health.add(arena, "lsn", Value::integer(static_cast<std::int64_t>(stats.last.value())));
  health.add(arena, "flushed_lsn",
             Value::integer(static_cast<std::int64_t>(stats.flushed.value())));
  health.add(arena, "synced_lsn", Value::integer(static_cast<std::int64_t>(stats.synced.value())));
  health.add(arena, "time",
             Value::string(arena, iso8601_milliseconds(environment.store().clock().now())));
  return {.status = 200, .content_type = "application/json", .body = text_of(health)};
}

protocol::AdminAnswer localstack_info(Environment& environment, std::chrono::nanoseconds started) {
  Arena arena;
  Env& env = environment.store().env();
  Value info = Value::map();
  info.add(arena, "version", Value::string(CLOCHE_VERSION));
  info.add(arena, "edition", Value::string("community"));
  info.add(arena, "is_license_activated", Value::boolean(false));
  info.add(arena, "system", Value::string("linux"));
  info.add(arena, "is_docker", Value::boolean(false));
  info.add(arena, "server_time_utc", Value::string(arena, iso8601(env.now()).substr(0, 19)));
  info.add(
      arena, "uptime",
      Value::integer(
          std::chrono::duration_cast<std::chrono::seconds>(env.monotonic() - started).count()));
  return {.status = 200, .content_type = "application/json", .body = text_of(info)};
}

void add_metric(std::string& out, std::string_view name, std::string_view type,
                std::string_view help, std::uint64_t value) {
  out += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) +
         " " + std::string(type) + "\n" + std::string(name) + " " + std::to_string(value) + "\n";
}

void add_by_operation(std::string& out, const std::string& name, std::string_view help,
                      const protocol::ServerStats& stats,
                      std::uint64_t protocol::ServerStats::Operation::*figure) {
  out += "# HELP " + name + " " + std::string(help) + "\n# TYPE " + name + " counter\n";
  for (const auto& operation : stats.operations) {
    out +=
        name + "{operation=\"" + operation.name + "\"} " + std::to_string(operation.*figure) + "\n";
  }
}

}  // namespace

std::string metrics_text(const protocol::ServerStats& server, const engine::StoreStats& store) {
  std::string out;
  add_metric(out, "cloche_http_requests_total", "counter", "Requests answered.", server.requests);
  add_metric(out, "cloche_http_errors_total", "counter",
             "Requests answered with a status of 400 or more.", server.errors);
  add_metric(out, "cloche_http_connections", "gauge", "Open connections.", server.connections_open);
  add_metric(out, "cloche_http_connections_total", "counter", "Connections accepted.",
             server.connections_total);
  add_metric(out, "cloche_http_received_bytes_total", "counter", "Bytes read from clients.",
             server.bytes_in);
  add_metric(out, "cloche_http_sent_bytes_total", "counter", "Bytes sent to clients.",
             server.bytes_out);
  add_metric(out, "cloche_lsn", "gauge", "Number of the newest log record.", store.last.value());
  add_metric(out, "cloche_flushed_lsn", "gauge", "Newest record that state.db holds.",
             store.flushed.value());
  add_metric(out, "cloche_synced_lsn", "gauge", "Newest record known to be on the device.",
             store.synced.value());
  add_metric(out, "cloche_commit_groups_total", "counter", "Commit groups.", store.groups);
  add_metric(out, "cloche_commits_total", "counter", "Closures that committed.", store.commits);
  add_metric(out, "cloche_refused_total", "counter", "Closures that were refused.", store.refused);
  add_metric(out, "cloche_flushes_total", "counter", "Memtables written into state.db.",
             store.flushes);
  add_metric(out, "cloche_flushed_rows_total", "counter", "Rows written into state.db.",
             store.rows_flushed);
  add_metric(out, "cloche_log_bytes", "gauge", "Bytes of the log on disk.", store.log_bytes);
  add_metric(out, "cloche_memtable_bytes", "gauge", "Bytes of rows not yet in state.db.",
             store.memtable_bytes);
  add_metric(out, "cloche_waiting_requests", "gauge", "Requests that wait for a change.",
             store.waiting);
  using Operation = protocol::ServerStats::Operation;
  add_by_operation(out, "cloche_operations_total", "Requests by operation.", server,
                   &Operation::count);
  add_by_operation(out, "cloche_operation_errors_total", "Failed requests by operation.", server,
                   &Operation::errors);
  add_by_operation(out, "cloche_operation_microseconds_total", "Time spent by operation.", server,
                   &Operation::microseconds);
  return out;
}

void serve_admin(protocol::Server& server, Environment& environment, const Settings& settings) {
  using protocol::AdminAnswer;
  using protocol::HttpRequest;
  const auto started = environment.store().env().monotonic();
  server.on_admin("/_localstack/health", [&environment](const HttpRequest&, std::string_view) {
    return localstack_health(environment);
  });
  server.on_admin("/_cloche/health",
                  [&environment, settings](const HttpRequest&, std::string_view) {
                    return cloche_health(environment, settings);
                  });
  server.on_admin("/_localstack/info",
                  [&environment, started](const HttpRequest&, std::string_view) {
                    return localstack_info(environment, started);
                  });
  server.on_admin("/_localstack/init", [](const HttpRequest&, std::string_view) {
    return AdminAnswer{
        .status = 200,
        .content_type = "application/json",
        .body =
            R"({"completed":{"BOOT":true,"START":true,"READY":true,"SHUTDOWN":false},"scripts":[]})"};
  });
  const auto metrics = [&server, &environment](const HttpRequest&, std::string_view) {
    return AdminAnswer{.status = 200,
                       .content_type = "text/plain; version=0.0.4",
                       .body = metrics_text(server.stats(), environment.store().stats())};
  };
  server.on_admin("/metrics", metrics);
  server.on_admin("/_cloche/metrics", metrics);
}

}  // namespace cloche::cli
