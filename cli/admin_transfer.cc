#include "cli/admin_transfer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "cli/admin_answer.h"
#include "cli/pull_wish.h"
#include "cli/transfer_answer.h"
#include "transfer/fixture/fixture.h"
#include "transfer/pull.h"

namespace cloche::cli {
namespace {

using protocol::AdminAnswer;
using protocol::HttpRequest;
using transfer::Progress;

constexpr std::size_t kPathBytesMax = 4'096;  // PATH_MAX of Linux.
constexpr std::size_t kAccountsMax = 1'000;
constexpr std::int64_t kThreadsMax = 64;
constexpr std::string_view kUsualAccount = transfer::kUsualAccount;

// A transfer that runs.
struct Job {
  Progress progress{Env::posix(), Progress::Show::Nothing};
  std::atomic<bool> stop{false}, give_up{false};
};

Error busy() {
  return refused(409, "AlreadyRunning",
                 "one of these runs already: wait for it (GET tells how far it is), or end it "
                 "with DELETE");
}

// The reading of a body: what is unknown is refused, so that a misspelt "replace" is not lost.
class Wish {
 public:
  static Result<Wish> parse(std::string_view body, std::initializer_list<std::string_view> known) {
    Wish wish;
    CLOCHE_TRY(const value, read_body(body, *wish.arena_));
    wish.value_ = value;
    for (const Member& member : value.members()) {
      if (std::ranges::find(known, member.name) == known.end())
        return invalid_request("'" + std::string(member.name) + "' is not known here");
    }
    return wish;
  }

  bool has(std::string_view name) const { return value_[name].present(); }

  Result<std::string> text(std::string_view name, std::string_view usual = {}) const {
    const Value& value = value_[name];
    if (!value.present()) return std::string(usual);
    if (!value.is(Value::Kind::String))
      return invalid_request("'" + std::string(name) + "' has to be a string");
    if (value.text().find('\0') != std::string_view::npos)
      return invalid_request("'" + std::string(name) + "' has a NUL in it");
    return value.str();
  }

  Result<bool> flag(std::string_view name) const {
    const Value& value = value_[name];
    if (value.present() && !value.is(Value::Kind::Bool))
      return invalid_request("'" + std::string(name) + "' has to be true or false");
    return value.as_bool();
  }

  Result<std::vector<std::string>> texts(std::string_view name) const {
    const Value& value = value_[name];
    std::vector<std::string> out;
    if (!value.present()) return out;
    const Error wrong = invalid_request("'" + std::string(name) + "' has to be a list of strings");
    if (!value.is(Value::Kind::List)) return wrong;
    for (const Value& one : value.items()) {
      if (!one.is(Value::Kind::String)) return wrong;
      out.push_back(one.str());
    }
    return out;
  }

  Result<std::int64_t> number(std::string_view name, std::int64_t usual, std::int64_t max) const {
    const Value& value = value_[name];
    if (!value.present()) return usual;
    const auto given = value.as_integer();
    if (!given || *given < 1 || *given > max)
      return invalid_request("'" + std::string(name) + "' has to be a number from 1 to " +
                             std::to_string(max));
    return *given;
  }

  // Where the server runs is nothing that its client knows: paths are whole.
  Result<std::string> path(std::string_view name) const {
    CLOCHE_TRY(given, text(name));
    if (!given.starts_with('/') || given.size() > kPathBytesMax)
      return invalid_request("'" + std::string(name) +
                             "' has to be a whole path on the server's machine: /...");
    return given;
  }

 private:
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
  Value value_;
};

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Error no_account() { return invalid_request("an account is a number of 12 digits"); }

transfer::FixtureWish fixture_wish(const OwnEndpoint& own, Job& job, std::string directory) {
  transfer::FixtureWish wish{.url = own.url, .directory = std::move(directory), .accounts = {}};
  wish.only_files = true;
  wish.stop = &job.stop;
  wish.give_up = &job.give_up;
  wish.credentials = [&own](const std::string& account) { return own.access.of(account); };
  wish.clock = own.clock;
  return wish;
}

AdminAnswer done_answer(const Progress& progress) {
  Arena arena;
  return json_answer(transfer_value(progress, arena));
}

Result<AdminAnswer> load(const OwnEndpoint& own, Job& job, std::string_view body) {
  CLOCHE_TRY(const asked, Wish::parse(body, {"directory", "replace"}));
  CLOCHE_TRY(directory, asked.path("directory"));
  auto wish = fixture_wish(own, job, std::move(directory));
  CLOCHE_TRY(const replace, asked.flag("replace"));
  wish.replace = replace;
  std::vector<std::string> faults;
  const auto done = transfer::load_fixture(Env::posix(), wish, job.progress, faults);
  if (done) return done_answer(job.progress);
  if (faults.empty()) return done.error();
  Arena arena;
  Value told = Value::map();
  told.add(arena, "error", Value::string(done.error().message));
  told.add(arena, "code", Value::string(done.error().code));
  Value& list = told.add(arena, "faults", Value::list());
  for (const std::string& fault : faults) list.push(arena, Value::string(fault));
  return json_answer(told, done.error().http_status);
}

Result<AdminAnswer> save(const OwnEndpoint& own, Job& job, std::string_view body) {
  CLOCHE_TRY(const asked, Wish::parse(body, {"directory", "accounts"}));
  CLOCHE_TRY(directory, asked.path("directory"));
  auto wish = fixture_wish(own, job, std::move(directory));
  CLOCHE_TRY(accounts, asked.texts("accounts"));
  if (!std::ranges::all_of(accounts, is_account) || accounts.size() > kAccountsMax)
    return no_account();
  wish.accounts = std::move(accounts);
  CLOCHE_TRY_VOID(transfer::save_fixture(Env::posix(), wish, job.progress));
  return done_answer(job.progress);
}

std::string with_commas(const std::vector<std::string>& all) {
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "" : ",") + one;
  return out;
}

// Never with credentials that the server's own environment has: they are not the asker's.
Result<PullOptions> read_pull_options(const Wish& asked) {
  PullOptions options;
  CLOCHE_TRY(from, asked.text("from"));
  if (from.empty()) return invalid_request("'from' has to be a URL, or aws");
  options.endpoint = std::move(from);
  CLOCHE_TRY(const services, asked.texts("services"));
  if (!services.empty()) options.services = with_commas(services);
  CLOCHE_TRY(const only, asked.texts("only"));
  options.only = with_commas(only);
  CLOCHE_TRY(access_key, asked.text("access_key"));
  options.access_key = std::move(access_key);
  CLOCHE_TRY(secret_key, asked.text("secret_key"));
  options.secret_key = std::move(secret_key);
  CLOCHE_TRY(session_token, asked.text("session_token"));
  options.session_token = std::move(session_token);
  CLOCHE_TRY(region, asked.text("region", options.region));
  options.region = std::move(region);
  if (asked.has("state")) {
    CLOCHE_TRY(state, asked.path("state"));
    options.state = std::move(state);
  }
  CLOCHE_TRY(const insecure, asked.flag("insecure"));
  options.insecure = insecure;
  CLOCHE_TRY(const threads, asked.number("threads", options.threads, kThreadsMax));
  options.threads = static_cast<int>(threads);
  return options;
}

Result<AdminAnswer> pull(const OwnEndpoint& own, Job& job, std::string_view body) {
  CLOCHE_TRY(const asked, Wish::parse(body, {"from", "services", "only", "access_key", "secret_key",
                                             "session_token", "region", "account", "state",
                                             "insecure", "threads"}));
  CLOCHE_TRY(options, read_pull_options(asked));
  CLOCHE_TRY(const account, asked.text("account", kUsualAccount));
  if (!is_account(account)) return no_account();
  options.to = own.url;
  CLOCHE_TRY(wish, read_pull_wish(options));
  wish.to.credentials = own.access.of(account);
  wish.to.clock = own.clock;
  wish.from.stop = wish.to.stop = &job.stop;
  CLOCHE_TRY_VOID(transfer::pull(Env::posix(), wish, job.progress));
  return done_answer(job.progress);
}

}  // namespace

// The transfers of one environment: a slot for each kind.
class Transfers {
 public:
  using Do = Result<AdminAnswer> (*)(const OwnEndpoint&, Job&, std::string_view body);
  enum Kind : std::size_t { Load, Save, Pull, Kinds };

  explicit Transfers(OwnEndpoint own) : own_(std::move(own)) {}

  AdminAnswer answer(Kind kind, Do what, const HttpRequest& request, std::string_view body) {
    if (request.method() == "GET") return progress(kind);
    if (request.method() == "DELETE") return cancel(kind);
    if (request.method() != "POST") return wrong_method("POST, GET and DELETE");
    auto made = run(kind, what, body);
    return made ? *std::move(made) : refused_answer(made.error());
  }

  void end(std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    MutexLock lock(mutex_);
    ending_ = true;
    set_all(&Job::stop);
    while (any() && std::chrono::steady_clock::now() < until)
      ended_.wait_for(mutex_, std::chrono::milliseconds(10), [] { return false; });
    set_all(&Job::give_up);
    while (any()) ended_.wait(mutex_);
  }

 private:
  Result<AdminAnswer> run(Kind kind, Do what, std::string_view body) {
    const auto job = std::make_shared<Job>();
    {
      MutexLock lock(mutex_);
      if (ending_) return unavailable("the environment is being closed");
      if (jobs_[kind]) return busy();
      jobs_[kind] = job;
    }
    struct AtEnd {
      Transfers& all;
      Kind kind;
      ~AtEnd() {
        MutexLock lock(all.mutex_);
        all.jobs_[kind].reset();
        all.ended_.notify_all();
      }
    };
    const AtEnd at_end{*this, kind};
    return what(own_, *job, body);
  }

  AdminAnswer progress(Kind kind) {
    const auto job = running(kind);
    Arena arena;
    Value out = job ? transfer_value(job->progress, arena) : Value::map();
    out.add(arena, "running", Value::boolean(job != nullptr));
    if (job) {
      out.add(arena, "units", number_value(job->progress.units));
      out.add(arena, "units_done", number_value(job->progress.units_done));
    }
    return json_answer(out);
  }

  AdminAnswer cancel(Kind kind) {
    const auto job = running(kind);
    if (job) job->stop = true;
    Arena arena;
    Value out = Value::map();
    out.add(arena, "cancelled", Value::boolean(job != nullptr));
    return json_answer(out);
  }

  std::shared_ptr<Job> running(Kind kind) {
    MutexLock lock(mutex_);
    return jobs_[kind];
  }

  bool any() const CLOCHE_REQUIRES(mutex_) {
    return std::ranges::any_of(jobs_, [](const auto& job) { return job != nullptr; });
  }

  void set_all(std::atomic<bool> Job::*flag) CLOCHE_REQUIRES(mutex_) {
    for (const auto& job : jobs_)
      if (job) (*job).*flag = true;
  }

  const OwnEndpoint own_;
  Mutex mutex_;
  CondVar ended_;
  bool ending_ CLOCHE_GUARDED_BY(mutex_) = false;
  std::array<std::shared_ptr<Job>, Kinds> jobs_ CLOCHE_GUARDED_BY(mutex_);
};

TransferPaths::TransferPaths(protocol::Server& server, OwnEndpoint own)
    : transfers_(std::make_shared<Transfers>(std::move(own))) {
  const auto serve = [&](std::string path, Transfers::Kind kind, Transfers::Do what) {
    server.on_admin_work(std::move(path), [transfers = transfers_, kind, what](
                                              const HttpRequest& request, std::string_view body) {
      return transfers->answer(kind, what, request, body);
    });
  };
  serve("/_cloche/fixtures/load", Transfers::Load, load);
  serve("/_cloche/fixtures/save", Transfers::Save, save);
  serve("/_cloche/pull", Transfers::Pull, pull);
}

TransferPaths::~TransferPaths() { end(std::chrono::milliseconds(0)); }

void TransferPaths::end(std::chrono::milliseconds patience) { transfers_->end(patience); }

}  // namespace cloche::cli
