#include <algorithm>
#include <csignal>
#include <cstdio>

#include "cli/admin.h"
#include "cli/admin_history.h"
#include "cli/admin_seal.h"
#include "cli/admin_timeline.h"
#include "cli/admin_tools.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/log_writer.h"
#include "cli/seeded_env.h"
#include "s3/sessions.h"

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

engine::StoreOptions store_options(const Settings& settings, LogWriter& log) {
  engine::StoreOptions options;
  options.directory = settings.data;
  options.durability = settings.durability;
  options.seed = settings.seed;
  options.clock_at = settings.clock_at;
  options.sealed = settings.sealed;
  options.log_line = [&log](std::string_view line) { log.line(line); };
  return options;
}

protocol::ServerOptions server_options(const Settings& settings, Environment& environment,
                                       LogWriter& log) {
  protocol::ServerOptions options;
  options.listen = settings.listen;
  options.threads = settings.threads;
  options.auth = settings.auth;
  options.secret = [credentials = settings.credentials, users = environment.users(),
                    &environment](std::string_view key) -> std::optional<std::string> {
    if (const iam::User* user = users->by_access_key(key)) return user->secret_key;
    for (const auto& [known, secret] : credentials) {
      if (known == key) return secret;
    }
    return environment.s3().session_secret(key);
  };
  options.identify = [users = environment.users(), &environment](protocol::Caller& caller) {
    if (const iam::User* user = users->by_access_key(caller.access_key)) {
      caller.account = user->account;
      if (!user->root) caller.user = user->name;
    } else if (auto account = s3::session_account(environment.s3(), caller.access_key)) {
      caller.account = *std::move(account);
      caller.user = s3::kSessionUser;
    }
  };
  options.advertised_host = settings.advertised_host;
  options.certificate_file = settings.certificate_file;
  options.certificate_directory = settings.data;
  if (settings.log == LogLevel::Info)
    options.request_log = [&log](std::string_view line) { log.line(line); };
  // Whatever the log level: what went wrong in here is told nowhere else.
  options.fault_log = [&log](std::string_view line) { log.line(line); };
  options.clock = [&environment] { return environment.store().clock().now(); };
  options.extra_cors_origins = settings.cors_origins;
  options.cors_headers = settings.cors_headers;
  options.allow_nonstandard_regions = settings.nonstandard_regions;
  options.parity_access_keys = settings.parity_access_keys;
  return options;
}

// The users file is small: accounts, keys and policies that somebody wrote by hand.
constexpr std::uint64_t kUsersFileBytesMax = std::uint64_t{16} << 20;

Result<std::string> read_file(Env& env, const std::string& path) {
  CLOCHE_TRY(const file, env.open(path, OpenMode::Read));
  CLOCHE_TRY(const size, file->size());
  if (size > kUsersFileBytesMax) {
    return Error{.kind = Error::Kind::Refused,
                 .code = "InvalidSetting",
                 .message = path + " is larger than 16 MiB, which no users file is",
                 .http_status = 400,
                 .details = {}};
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

void print_banner(const Settings& settings, const protocol::Server& server,
                  const Environment& environment, const std::string& recovery) {
  std::string services;
  for (const std::string& name : environment.services())
    services += (services.empty() ? "" : ", ") + name;
  std::printf("Cloche %s\n", CLOCHE_VERSION);
  for (const std::string& address : server.addresses())
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
  for (const std::string& remark : settings.remarks)
    std::printf("  note        %s\n", remark.c_str());
  for (const std::string& name : settings.services) {
    if (std::ranges::find(environment.services(), name) == environment.services().end())
      std::printf("  note        SERVICES names %s, which this release does not have\n",
                  name.c_str());
  }
}

}  // namespace

int start(const Settings& settings) {
  const sigset_t signals = block_signals();
  Env& env = Env::posix();
  LogWriter log(2);

  auto guard = make_guard(env, settings, log);
  if (!guard) return fail(guard.error());
  auto store = engine::Store::open(env, store_options(settings, log), whole_schema());
  if (!store) return fail(store.error());
  const std::string recovery = (*store)->recovery_text();
  Environment environment(*std::move(store), settings, *std::move(guard));

  SeededEnv seeded(env, settings.seed.value_or(0));
  Env& server_env = settings.seed ? static_cast<Env&>(seeded) : env;
  auto server = protocol::Server::open(server_env, server_options(settings, environment, log),
                                       environment.registry());
  if (!server) return fail(server.error());
  serve_admin(**server, environment, settings);
  serve_history(**server, environment);
  serve_timeline(**server, environment);
  serve_seal(**server, environment);
  serve_tools(**server, environment);
  (*server)->serve();

  print_banner(settings, **server, environment, recovery);
  // Test harnesses wait for this very line (LocalStack's constants.py, READY_MARKER_OUTPUT).
  std::puts("Ready.");
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  std::puts("Stopping.");
  std::fflush(stdout);
  return 0;
}

}  // namespace cloche::cli
