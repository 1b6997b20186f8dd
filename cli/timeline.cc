#include "cli/timeline.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/ask.h"
#include "cli/change_text.h"
#include "cli/client.h"
#include "cli/human.h"

namespace cloche::cli {
namespace {

struct LogWish {
  Asked asked{.endpoint = "http://127.0.0.1:4566"};
  int limit = 20;
  std::string service;       // "s3"; empty: all.
  std::string resource;      // A part of what is named behind the operation; empty: all.
  std::string operation;     // "PutObject", "s3.PutObject"; empty: all.
  std::string since, until;  // Points; empty: as far back as the log goes, and now.
  std::string status;        // "404", "4xx", "NoSuchKey": failed requests only.
  bool all = false;          // The engine's own records too.
  bool failed = false, with_failed = false;
};

struct DiffWish {
  Asked asked{.endpoint = "http://127.0.0.1:4566"};
  int limit = 1'000;
  std::string a, b, service, resource;
};

// Of one record on a terminal; all that the answer has is in the JSON.
constexpr std::size_t kChangesShown = 10;

std::uint64_t count(const Value& value) {
  return static_cast<std::uint64_t>(value.as_integer().value_or(0));
}

// "2026-01-01 12:00:00.000"
std::string time_text(const Value& time) {
  std::string text = time.str();
  if (const auto t = text.find('T'); t != std::string::npos) text[t] = ' ';
  if (text.ends_with('Z')) text.pop_back();
  return text;
}

void print_event(const Value& event) {
  std::string requests;
  for (const Value& request : event["requests"].items())
    requests += (requests.empty() ? "" : ", ") + harmless(request.text());
  std::printf("%-9lld %s %10s  %s\n", static_cast<long long>(count(event["lsn"])),
              painted(Colour::Grey, time_text(event["time"])).c_str(),
              human_size(count(event["bytes"])).c_str(),
              requests.empty() ? "(engine)" : painted(Colour::Bold, requests).c_str());
  const auto changes = event["changes"].items();
  for (const Value& change : changes.first(std::min(changes.size(), kChangesShown))) {
    std::printf("%47s%s in %s\n", "", change_text(change).c_str(), owner_text(change).c_str());
  }
  const std::uint64_t all =
      count(event["added"]) + count(event["removed"]) + count(event["changed"]);
  if (all > kChangesShown) {
    std::printf("%47s... %s changes in all: %s added, %s removed, %s changed\n", "",
                human_count(all).c_str(), human_count(count(event["added"])).c_str(),
                human_count(count(event["removed"])).c_str(),
                human_count(count(event["changed"])).c_str());
  }
}

void print_failure(const Value& failure) {
  std::string what = harmless(failure["operation"].text());
  if (const Value& resource = failure["resource"]) what += " " + harmless(resource.text());
  std::printf("%-9s %s %10s  %s %s\n", "",
              painted(Colour::Grey, time_text(failure["time"])).c_str(),
              std::to_string(count(failure["status"])).c_str(), what.c_str(),
              painted(Colour::Red, harmless(failure["code"].text())).c_str());
}

// One timeline of both, newest first: a request failed after the record that was the newest then.
void print_log(const Value& answer, std::size_t limit) {
  const auto events = answer["events"].items(), failures = answer["failures"].items();
  std::size_t event = 0, failure = 0;
  while (event + failure < limit && (event < events.size() || failure < failures.size())) {
    const bool is_failure =
        failure < failures.size() &&
        (event == events.size() || count(failures[failure]["lsn"]) >= count(events[event]["lsn"]));
    is_failure ? print_failure(failures[failure++]) : print_event(events[event++]);
  }
}

std::string query_of(const LogWish& wish) {
  std::string query = "?limit=" + std::to_string(wish.limit);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query += "&" + std::string(name) + "=" + percent_encoded(value);
  };
  add("service", wish.service);
  add("operation", wish.operation);
  add("resource", wish.resource);
  add("since", wish.since);
  add("until", wish.until);
  add("status", wish.status);
  if (wish.failed || wish.with_failed) add("failed", wish.failed ? "only" : "also");
  if (wish.all) query += "&all=true";
  return query;
}

int log(const LogWish& wish) {
  return ask_and_print(
      wish.asked, "log", "GET", "/_cloche/log" + query_of(wish), "",
      [&](const Value& answer) { print_log(answer, static_cast<std::size_t>(wish.limit)); });
}

void print_diff(const Value& answer) {
  std::string owner;
  for (const Value& change : answer["changes"].items()) {
    if (std::string next = owner_text(change); next != owner) {
      owner = std::move(next);
      std::printf("%s\n", painted(Colour::Bold, owner).c_str());
    }
    std::printf("  %s\n%s", change_text(change).c_str(), difference_text(change, "      ").c_str());
  }
  const std::uint64_t added = count(answer["added"]), removed = count(answer["removed"]),
                      changed = count(answer["changed"]);
  const std::uint64_t shown = answer["changes"].size();
  if (shown < added + removed + changed) {
    std::printf("... and %s more (-n shows more of them)\n",
                human_count(added + removed + changed - shown).c_str());
  }
  if (added + removed + changed == 0) {
    std::printf("no difference");
  } else {
    std::printf("%s added, %s removed, %s changed", human_count(added).c_str(),
                human_count(removed).c_str(), human_count(changed).c_str());
  }
  std::printf(" between lsn %lld and %lld\n", static_cast<long long>(count(answer["a"])),
              static_cast<long long>(count(answer["b"])));
}

int diff(const DiffWish& wish) {
  std::string path =
      "/_cloche/diff?limit=" + std::to_string(wish.limit) + "&a=" + percent_encoded(wish.a);
  if (!wish.b.empty()) path += "&b=" + percent_encoded(wish.b);
  if (!wish.service.empty()) path += "&service=" + percent_encoded(wish.service);
  if (!wish.resource.empty()) path += "&resource=" + percent_encoded(wish.resource);
  return ask_and_print(wish.asked, "diff", "GET", path, "", print_diff);
}

void add_log(CLI::App& app, std::optional<int>& status) {
  const auto wish = std::make_shared<LogWish>();
  CLI::App* log_command = app.add_subcommand(
      "log", "Show what a running Cloche was asked to change, or could not do, newest first");
  add_asked(*log_command, wish->asked);
  log_command->add_option("-n,--limit", wish->limit, "how many records")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  log_command->add_option("--service", wish->service, "of this service: s3, dynamodb, ...");
  log_command->add_option("--operation", wish->operation, "of this one: PutObject, s3.PutObject");
  log_command->add_option("--resource", wish->resource, "with this in the resource's name");
  log_command->add_option(
      "--since", wish->since,
      "after this point: a checkpoint's name, an lsn, a time or how long ago, as "
      "`rewind` takes it");
  log_command->add_option("--until,--from", wish->until, "up to this point");
  log_command->add_flag("--all", wish->all, "show the engine's own records too");
  log_command->add_flag(
      "--failed", wish->failed,
      "show requests that failed: the last 1,000 (1 MiB) of this process, kept in "
      "memory, so that they end with it");
  log_command->add_flag("--with-failed", wish->with_failed, "show both, in their order");
  log_command->add_option("--status", wish->status,
                          "failed requests of this status or code: 404, 4xx, NoSuchKey");
  log_command->callback([wish, &status] { status = log(*wish); });
}

void add_diff(CLI::App& app, std::optional<int>& status) {
  const auto wish = std::make_shared<DiffWish>();
  CLI::App* diff_command = app.add_subcommand(
      "diff",
      "Show how a running Cloche is different between two points: buckets and objects, "
      "tables and items");
  add_asked(*diff_command, wish->asked);
  diff_command
      ->add_option("a", wish->a,
                   "a point: a checkpoint's name, an lsn, a time or how long ago, as `rewind` "
                   "takes it")
      ->required();
  diff_command->add_option("b", wish->b, "another one; now if it is not given");
  diff_command->add_option("--service", wish->service, "of this service: s3, dynamodb, ...");
  diff_command->add_option("--resource", wish->resource,
                           "with this in the name: a part of BUCKET/KEY or TABLE/KEY");
  diff_command->add_option("-n,--limit", wish->limit, "how many to show; all are counted")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  diff_command->callback([wish, &status] { status = diff(*wish); });
}

}  // namespace

void add_timeline_commands(CLI::App& app, std::optional<int>& status) {
  add_log(app, status);
  add_diff(app, status);
}

}  // namespace cloche::cli
