#include "cli/branch_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/json.h"
#include "cli/ask.h"
#include "cli/client.h"

namespace cloche::cli {
namespace {

// What a command was told; shared by its callbacks.
struct Wish {
  Asked asked{.endpoint = "http://127.0.0.1:4566"};
  std::string name, from;
  int port = 0;
};

std::string json_quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void print_branch(const Value& branch) {
  const std::string endpoint = branch["endpoint"].str();
  std::printf("%-24s %-28s from lsn %-8lld %s\n", branch["name"].str().c_str(),
              endpoint.empty() ? "(not open)" : endpoint.c_str(),
              static_cast<long long>(branch["from"].as_integer().value_or(0)),
              branch["time"].str().c_str());
}

int make_branch(const Wish& wish) {
  std::string body =
      "{\"name\":" + json_quoted(wish.name) + ",\"port\":" + std::to_string(wish.port);
  if (!wish.from.empty()) body += ",\"from\":" + json_quoted(wish.from);
  // The endpoint alone: `export AWS_ENDPOINT_URL=$(cloche branch try)`.
  return ask_and_print(
      wish.asked, "branch", "POST", "/_cloche/branches", body + "}",
      [](const Value& made) { std::printf("%s\n", made["endpoint"].str().c_str()); });
}

int list_branches(const Wish& wish) {
  return ask_and_print(wish.asked, "branch", "GET", "/_cloche/branches", "",
                       [](const Value& answer) {
                         for (const Value& one : answer["branches"].items()) print_branch(one);
                       });
}

int remove_branch(const Wish& wish) {
  return ask_and_print(wish.asked, "branch", "DELETE",
                       "/_cloche/branches/" + percent_encoded(wish.name), "",
                       [&](const Value&) { std::printf("%s is removed\n", wish.name.c_str()); });
}

}  // namespace

void add_branch_commands(CLI::App& app, std::optional<int>& done) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* branch = app.add_subcommand(
      "branch",
      "Make another environment that begins as a state of a running Cloche, and print its "
      "endpoint; `branch list`, `branch remove NAME`");
  add_asked(*branch, wish->asked);
  branch->add_option("name", wish->name, "a letter, then letters, digits, '.', '_' and '-'");
  branch->add_option("--from", wish->from, "the point it begins at, as `rewind` takes it (now)");
  branch->add_option("--port", wish->port, "where it listens; 0: any free port")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  const CLI::App* list = branch->add_subcommand("list", "Show all branches")->fallthrough();
  CLI::App* remove =
      branch->add_subcommand("remove", "Remove one, with all that is its own")->fallthrough();
  remove->add_option("name", wish->name, "which")->required();
  branch->callback([=, &done] {
    if (*list) {
      done = list_branches(*wish);
    } else if (*remove) {
      done = remove_branch(*wish);
    } else {
      done = make_branch(*wish);
    }
  });
}

namespace {

struct ClockWish {
  Asked asked{.endpoint = "http://127.0.0.1:4566"};
  std::string time, by, from = "left";
  double speed = 1;
};

int ask_clock(const ClockWish& wish, const std::string& body) {
  return ask_and_print(wish.asked, "clock", body.empty() ? "GET" : "POST", "/_cloche/clock", body,
                       [](const Value& clock) {
                         const double speed = clock["speed"].as_double().value_or(1);
                         std::printf("%s", clock["now"].str().c_str());
                         if (clock["frozen"].as_bool()) {
                           std::printf(" frozen\n");
                         } else if (speed != 1) {
                           std::printf(" running, %g times as fast\n", speed);
                         } else {
                           std::printf(" running\n");
                         }
                       });
}

}  // namespace

void add_clock_commands(CLI::App& app, std::optional<int>& done) {
  const auto wish = std::make_shared<ClockWish>();
  CLI::App* clock = app.add_subcommand(
      "clock",
      "Show or change the time of a running Cloche: expiry, time to live, schedules follow it");
  clock->require_subcommand(0, 1);
  add_asked(*clock, wish->asked);
  const auto add = [&](const char* name, const char* what) {
    return clock->add_subcommand(name, what)->fallthrough();
  };
  CLI::App* freeze = add("freeze", "Stop it, where it is or at a time");
  freeze->add_option("time", wish->time, "2026-01-01T00:00:00Z");
  CLI::App* set = add("set", "Make it another time; it goes on, or stands, as before");
  set->add_option("time", wish->time, "2026-01-01T00:00:00Z")->required();
  CLI::App* advance = add("advance", "Move it on");
  advance->add_option("by", wish->by, "90s, 5m, 2h, 1d")->required();
  CLI::App* resume = add("resume", "Let it run");
  resume->add_option("--from", wish->from, "left: where it stands; now: the machine's time")
      ->check(CLI::IsMember({"left", "now"}))
      ->capture_default_str();
  CLI::App* speed = add("speed", "Let it run faster or slower");
  speed->add_option("speed", wish->speed, "times the machine's own")->required();
  add("show", "Show it");
  clock->callback([=, &done] {
    std::string body;
    if (*freeze) {
      body = R"({"action":"freeze")" +
             (wish->time.empty() ? "" : ",\"at\":" + json_quoted(wish->time));
    } else if (*set) {
      body = R"({"action":"set","to":)" + json_quoted(wish->time);
    } else if (*advance) {
      body = R"({"action":"advance","by":)" + json_quoted(wish->by);
    } else if (*resume) {
      body = R"({"action":"resume","from":)" + json_quoted(wish->from);
    } else if (*speed) {
      char text[32];
      std::snprintf(text, sizeof text, "%.17g", wish->speed);
      body = R"({"action":"speed","speed":)" + std::string(text);
    }
    done = ask_clock(*wish, body.empty() ? body : body + "}");
  });
}

namespace {

struct RoomWish {
  Asked asked{.endpoint = "http://127.0.0.1:4566"};
  std::string service, before;
};

int reset(const RoomWish& wish) {
  const std::string body =
      wish.service.empty() ? "{}" : "{\"service\":" + json_quoted(wish.service) + "}";
  return ask_and_print(wish.asked, "reset", "POST", "/_cloche/reset", body, [](const Value& done) {
    std::printf("emptied: %lld rows\n`cloche rewind %lld` brings them back\n",
                static_cast<long long>(done["rows"].as_integer().value_or(0)),
                static_cast<long long>(done["from"].as_integer().value_or(0)));
  });
}

void print_room(const char* what, const Value& room) {
  const double before = room["before"].as_double().value_or(0);
  const double after = room["after"].as_double().value_or(0);
  std::printf("%-10s %10.1f MiB -> %10.1f MiB\n", what, before / 1048576, after / 1048576);
}

int compact(const RoomWish& wish) {
  const std::string body =
      wish.before.empty() ? "{}" : "{\"before\":" + json_quoted(wish.before) + "}";
  return ask_and_print(
      wish.asked, "compact", "POST", "/_cloche/compact", body, [](const Value& done) {
        print_room("history", done["history"]);
        print_room("state", done["state"]);
        std::printf("%-10s %10lld files removed\n", "blobs",
                    static_cast<long long>(done["blobs"].as_integer().value_or(0)));
      });
}

}  // namespace

void add_room_commands(CLI::App& app, std::optional<int>& done) {
  const auto wish = std::make_shared<RoomWish>();
  CLI::App* empty =
      app.add_subcommand("reset", "Empty all services of a running Cloche; can be rewound");
  add_asked(*empty, wish->asked);
  empty->add_option("--service", wish->service, "only this one: s3, dynamodb, ...");
  empty->callback([=, &done] { done = reset(*wish); });
  CLI::App* shrink = app.add_subcommand(
      "compact",
      "Give room back to the file system: free pages, blobs that nothing names, and "
      "with --before history");
  add_asked(*shrink, wish->asked);
  shrink->add_option("--before", wish->before,
                     "forget the history before this point, as `rewind` takes it; what "
                     "checkpoints need stays");
  shrink->callback([=, &done] { done = compact(*wish); });
}

}  // namespace cloche::cli
