// The `cloche` program: reads the command line, nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "cli/ask.h"
#include "cli/branch_commands.h"
#include "cli/commands.h"
#include "cli/seal.h"
#include "cli/timeline.h"
#include "cli/transfer.h"
#include "engine/seal.h"

extern char** environ;

namespace {

using cloche::cli::Options;

void add_start_options(CLI::App& command, Options& options) {
  command.add_option("--listen", options.listen,
                     "HOST:PORT to serve HTTP and HTTPS on, several with commas [CLOCHE_LISTEN, "
                     "GATEWAY_LISTEN; 127.0.0.1:4566]");
  command.add_option("--data", options.data,
                     "directory that holds all state [CLOCHE_DATA, DATA_DIR; ./cloche-data]");
  command.add_option("--durability", options.durability,
                     "memory: nothing is kept; commit: survives kill -9; fsync: survives a power "
                     "cut [CLOCHE_DURABILITY; commit; PERSISTENCE=0 means memory]");
  command.add_option("--auth", options.auth,
                     "open: any credentials; verify: signatures are checked [CLOCHE_AUTH; open; "
                     "keys: CLOCHE_CREDENTIALS=KEY:SECRET,...; test:test]");
  command.add_option("--iam", options.iam,
                     "off: everyone may do everything; soft: what policies refuse is told and "
                     "done; enforce: it is "
                     "refused [CLOCHE_IAM, ENFORCE_IAM; off]");
  command.add_option("--users", options.users,
                     "JSON file of accounts, users, their keys and policies [CLOCHE_USERS]");
  command.add_option("--new-buckets", options.new_buckets,
                     "closed: ACLs disabled and public access blocked, as AWS makes buckets since "
                     "2023; open: as before [CLOCHE_NEW_BUCKETS; closed]");
  command.add_flag("--dynamodb-throttle", options.dynamodb_throttle,
                   "refuse what goes beyond the provisioned throughput of DynamoDB's tables "
                   "[CLOCHE_DYNAMODB_THROTTLE; off]");
  command.add_option("--services", options.services, "only these, with commas [SERVICES; all]");
  command.add_option("--log", options.log,
                     "error, warn or info (a line for every request) [CLOCHE_LOG, LS_LOG; info]");
  command.add_option("--threads", options.threads, "io threads [CLOCHE_THREADS; one per core]");
  command.add_option("--history-size", options.history_size,
                     "how much history is kept, such as 4GiB; checkpoints hold on to theirs "
                     "[CLOCHE_HISTORY_SIZE; 1GiB]");
  command.add_option("--history-age", options.history_age,
                     "how old history may get, such as 30d [CLOCHE_HISTORY_AGE; any]");
  command.add_option("--seed", options.seed,
                     "ids and times repeat from run to run: the clock of a new directory stands at "
                     "2026-01-01 [CLOCHE_SEED]");
  command.add_option("--clock", options.clock,
                     "the clock of a new directory stands at this time (2026-01-01T00:00:00Z) "
                     "until it is moved; an old one keeps its own [CLOCHE_CLOCK]");
  command.add_flag(
      "--until-eof", options.until_eof,
      "stop when standard input ends, as it does when the process that holds its other "
      "end is gone, however that went");
}

int run_start(const Options& options) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const auto settings = cloche::cli::read_settings(options, environment);
  if (!settings) {
    std::fprintf(stderr, "cloche: %s\n", settings.error().message.c_str());
    return 2;
  }
  return cloche::cli::start(*settings);
}

int run_open(const Options& options, const std::string& hash) {
  const auto sealed = cloche::engine::read_sealed(cloche::Env::posix(), *options.sealed);
  if (!sealed) {
    std::fprintf(stderr, "cloche open: %s\n", sealed.error().message.c_str());
    return 1;
  }
  if (!hash.empty() && hash != sealed->hash) {
    std::fprintf(stderr, "cloche open: %s has the hash %s, and not %s\n", options.sealed->c_str(),
                 sealed->hash.c_str(), hash.c_str());
    return 1;
  }
  return run_start(options);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Cloche: a cloud under glass. AWS services on this machine, with all state in one directory.",
      "cloche");
  app.require_subcommand(1);
  Options options;
  CLI::App* start =
      app.add_subcommand("start", "Serve until stopped; prints 'Ready.' when it answers");
  add_start_options(*start, options);
  std::string hash;
  CLI::App* open = app.add_subcommand(
      "open", "Make a new data directory of a sealed file and serve it at once, as `start` does");
  open->add_option("file", options.sealed, "written by `cloche seal`")->required();
  open->add_option("--hash", hash, "refuse a file of another hash than this one, sha256:...");
  add_start_options(*open, options);
  cloche::cli::Asked asked{.endpoint = "http://127.0.0.1:4566"};
  CLI::App* status = app.add_subcommand("status", "Ask a running Cloche how it is");
  cloche::cli::add_asked(*status, asked);

  std::string name;
  bool list = false;
  bool remove = false;
  CLI::App* checkpoint = app.add_subcommand(
      "checkpoint", "Name the present state of a running Cloche, to come back to it");
  cloche::cli::add_asked(*checkpoint, asked);
  checkpoint->add_option("name", name, "a letter, then letters, digits, '.', '_' and '-'");
  checkpoint->add_flag("--list", list, "show all checkpoints, the oldest first");
  checkpoint->add_flag("--remove", remove,
                       "forget the one of that name: the log need not reach back to it any more");
  std::string to;
  CLI::App* rewind = app.add_subcommand(
      "rewind", "Make an earlier state of a running Cloche the present one; can be rewound itself");
  cloche::cli::add_asked(*rewind, asked);
  rewind
      ->add_option("to", to,
                   "a checkpoint's name, an lsn, a time (2026-01-01T12:00:00Z) or how long ago "
                   "(90s, 5m, 2h, 1d)")
      ->required();
  std::optional<int> done;
  cloche::cli::add_timeline_commands(app, done);
  cloche::cli::add_seal_command(app, done);
  cloche::cli::add_branch_commands(app, done);
  cloche::cli::add_clock_commands(app, done);
  cloche::cli::add_room_commands(app, done);

  std::string data = "./cloche-data";
  bool quiet = false;
  CLI::App* doctor = app.add_subcommand("doctor",
                                        "Check every row, blob and log record of a directory that "
                                        "nobody has open; exits with 1 on damage");
  doctor->add_option("--data", data, "the directory")
      ->envname("CLOCHE_DATA")
      ->capture_default_str();
  doctor->add_flag("--quiet", quiet, "no progress, just the outcome");
  cloche::cli::add_transfer_commands(app, done);
  const CLI::App* version = app.add_subcommand("version", "Print the version");
  app.set_version_flag("--version", CLOCHE_VERSION);
  CLI11_PARSE(app, argc, argv);

  if (done) return *done;
  if (*start) return run_start(options);
  if (*open) return run_open(options, hash);
  if (*status) return cloche::cli::status(asked);
  if (*rewind) return cloche::cli::rewind(asked, to);
  if (*checkpoint) {
    if (list) return cloche::cli::list_checkpoints(asked);
    if (name.empty()) {
      std::fputs("cloche checkpoint: give a name, or --list\n", stderr);
      return 2;
    }
    return remove ? cloche::cli::remove_checkpoint(asked, name)
                  : cloche::cli::checkpoint(asked, name);
  }
  if (*doctor) return cloche::cli::doctor(data, quiet);
  if (*version) std::puts("cloche " CLOCHE_VERSION);
  return 0;
}
