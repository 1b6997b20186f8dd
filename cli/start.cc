#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

#include "cli/commands.h"
#include "cli/seeded_env.h"
#include "cli/serving.h"

namespace cloche::cli {
namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "cloche: %s\n", error.message.c_str());
  return 1;
}

// Taken out of the hands of all threads, so that main() alone hears of them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(
      SIGPIPE,
      SIG_IGN);  // A client that has gone is an error of its connection, not of the process.
  return signals;
}

// A branch holds some twelve descriptors, and the usual limit of 1,024 is one that a process may raise by itself.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // What it can't have, connections and branches will be told.
}

engine::StoreOptions store_options(const Settings& settings, LogWriter& log) {
  engine::StoreOptions options;
  options.directory = settings.data;
  options.durability = settings.durability;
  options.seed = settings.seed;
  options.clock_at = settings.clock_at;
  options.sealed = settings.sealed;
  options.log_retain_bytes = settings.log_retain_bytes;
  options.log_retain_age = settings.log_retain_age;
  options.log_line = [&log](std::string_view line) { log.line(line); };
  return options;
}

// The users file is small: accounts, keys and policies that somebody wrote by hand.
constexpr std::uint64_t kUsersFileBytesMax = std::uint64_t{16} << 20;

Result<std::string> read_file(Env& env, const std::string& path) {
  CLOCHE_TRY(const file, env.open(path, OpenMode::Read));
  CLOCHE_TRY(const size, file->size());
  if (size > kUsersFileBytesMax) {
    return refused(400, "InvalidSetting", path + " is larger than 16 MiB, which no users file is");
  }
  std::string text(size, '\0');
  CLOCHE_TRY(const got, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(got);
  return text;
}

Result<iam::Guard> make_guard(Env& env, const Settings& settings, LogWriter& log) {
  iam::Guard guard;
  guard.mode = settings.iam;
  guard.log = [&log](std::string_view line) { log.line(line); };
  if (settings.users_file.empty()) return guard;
  CLOCHE_TRY(const text, read_file(env, settings.users_file));
  CLOCHE_TRY(users, iam::Users::parse(text, settings.users_file));
  guard.users = std::make_shared<const iam::Users>(std::move(users));
  return guard;
}

void print_banner(const Settings& settings, Serving& serving, const std::string& recovery) {
  const Environment& environment = serving.environment();
  std::string services;
  for (const std::string& name : environment.services())
    services += (services.empty() ? "" : ", ") + name;
  std::printf("Cloche %s\n", CLOCHE_VERSION);
  for (const std::string& address : serving.server().addresses())
    std::printf("  endpoint    http://%s (https too)\n", address.c_str());
  std::printf("  services    %s\n", services.c_str());
  if (settings.durability == wal::Durability::Memory) {
    std::printf("  data        none: memory only, everything is gone at the end\n");
  } else {
    std::printf("  data        %s\n", settings.data.c_str());
  }
  std::printf("  durability  %s\n", std::string(name_of(settings.durability)).c_str());
  std::printf("  recovered   %s\n", recovery.c_str());
  std::printf("  auth        %s\n",
              settings.auth == protocol::AuthMode::Verify ? "verify" : "open (any credentials)");
  std::printf("  iam         %s\n", std::string(name_of(settings.iam)).c_str());
  if (const auto branches = serving.branches()) {
    for (const OpenBranch& open : *branches) {
      std::printf("  branch      %s %s\n", open.branch.name.c_str(),
                  open.endpoint.empty() ? "could not be opened" : open.endpoint.c_str());
    }
  }
  for (const std::string& remark : settings.remarks)
    std::printf("  note        %s\n", remark.c_str());
  for (const std::string& name : settings.services) {
    if (std::ranges::find(environment.services(), name) == environment.services().end())
      std::printf("  note        SERVICES names %s, which this release does not have\n",
                  name.c_str());
  }
}

// Stops this process as SIGTERM would once nobody holds the other end of standard input.
void stop_at_eof() {
  std::thread([] {
    char ignored[256];
    ssize_t got = 0;
    do got = ::read(STDIN_FILENO, ignored, sizeof ignored);
    while (got > 0 || (got < 0 && errno == EINTR));
    ::kill(::getpid(), SIGTERM);
  }).detach();
}

}  // namespace

int start(const Settings& settings) {
  const sigset_t signals = block_signals();
  raise_descriptor_limit();
  Env& env = Env::posix();
  LogWriter log(2);

  auto guard = make_guard(env, settings, log);
  if (!guard) return fail(guard.error());
  auto store = engine::Store::open(env, store_options(settings, log), whole_schema());
  if (!store) return fail(store.error());
  const std::string recovery = (*store)->recovery_text();
  SeededEnv seeded(env, settings.seed.value_or(0));
  const ServingContext context{.env = settings.seed ? static_cast<Env&>(seeded) : env,
                               .settings = settings,
                               .log = log,
                               .guard = *std::move(guard)};
  auto serving = Serving::open(context, *std::move(store), settings.listen, nullptr);
  if (!serving) return fail(serving.error());

  print_banner(settings, **serving, recovery);
  // Test harnesses wait for this very line (LocalStack's constants.py, READY_MARKER_OUTPUT).
  std::puts("Ready.");
  std::fflush(stdout);

  if (settings.until_eof) stop_at_eof();
  int signal = 0;
  sigwait(&signals, &signal);
  std::puts("Stopping.");
  std::fflush(stdout);
  return 0;
}

}  // namespace cloche::cli
