#include "cli/transfer.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "cli/pull_wish.h"
#include "cli/transfer_answer.h"
#include "transfer/fixture/fixture.h"
#include "transfer/progress.h"
#include "transfer/pull.h"

namespace cloche::cli {
namespace {

using transfer::Progress;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

int fail(const char* command, const std::string& why, int status) {
  std::fprintf(stderr, "cloche %s: %s\n", command, why.c_str());
  return status;
}

void print_json(const Progress& progress) {
  Arena arena;
  std::string text;
  append_json(text, transfer_value(progress, arena));
  std::puts(text.c_str());
}

void print_summary(const Progress& progress) {
  std::printf("%llu buckets and %llu tables: %llu objects and %llu items copied (%s) in %.1f s",
              static_cast<unsigned long long>(progress.buckets),
              static_cast<unsigned long long>(progress.tables),
              static_cast<unsigned long long>(progress.objects),
              static_cast<unsigned long long>(progress.items),
              transfer::bytes_text(progress.bytes).c_str(), progress.seconds());
  if (progress.present > 0)
    std::printf(", %llu were there already", static_cast<unsigned long long>(progress.present));
  if (progress.failed() > 0)
    std::printf(", %llu FAILED (see above; another run tries them again)",
                static_cast<unsigned long long>(progress.failed()));
  std::puts("");
}

int pull(PullOptions options) {
  if (options.access_key.empty()) {
    options.access_key = variable("AWS_ACCESS_KEY_ID");
    options.secret_key = variable("AWS_SECRET_ACCESS_KEY");
    options.session_token = variable("AWS_SESSION_TOKEN");
  }
  if (options.region.empty()) options.region = variable("AWS_REGION");
  if (options.region.empty()) options.region = variable("AWS_DEFAULT_REGION");
  if (options.region.empty()) options.region = "us-east-1";
  const auto wish = read_pull_wish(options);
  if (!wish) {
    const bool nobody = wish.error().code == kNoCredentials;
    return fail("pull",
                wish.error().message + (nobody ? " (--access-key and --secret-key, or "
                                                 "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
                                               : ""),
                2);
  }
  const Progress::Show show = options.json                   ? Progress::Show::Nothing
                              : ::isatty(STDERR_FILENO) != 0 ? Progress::Show::Bar
                                                             : Progress::Show::Lines;
  Progress progress(Env::posix(), show);
  const auto done = transfer::pull(Env::posix(), *wish, progress);
  progress.stop();
  if (!done) return fail("pull", done.error().message, 1);
  options.json ? print_json(progress) : print_summary(progress);
  return progress.failed() == 0 ? 0 : 1;
}

void add_pull(CLI::App& app, std::optional<int>& done) {
  auto options = std::make_shared<PullOptions>();
  options->region.clear();  // That of the environment, if it names one.
  CLI::App* command = app.add_subcommand(
      "pull", "Copy buckets and tables of any S3 or DynamoDB endpoint into a running Cloche");
  command
      ->add_option("--endpoint", options->endpoint,
                   "the source: http://HOST:PORT, or aws for AWS itself")
      ->required();
  command->add_option("--to", options->to, "the running Cloche")
      ->envname("CLOCHE_ENDPOINT")
      ->capture_default_str();
  command->add_option("--services", options->services, "s3, dynamodb or both")
      ->capture_default_str();
  command->add_option("--only", options->only, "just these: s3:BUCKET,dynamodb:TABLE,...");
  command->add_option("--access-key", options->access_key, "of the source [AWS_ACCESS_KEY_ID]");
  command->add_option("--secret-key", options->secret_key, "of the source [AWS_SECRET_ACCESS_KEY]");
  command->add_option("--session-token", options->session_token,
                      "of the source [AWS_SESSION_TOKEN]");
  command->add_option("--region", options->region,
                      "tables of this region [AWS_REGION, AWS_DEFAULT_REGION; us-east-1]");
  command
      ->add_option("--to-access-key", options->to_access_key,
                   "of Cloche; 12 digits are the account that gets it all")
      ->capture_default_str();
  command->add_option("--to-secret-key", options->to_secret_key, "of Cloche")
      ->capture_default_str();
  command->add_option("--state", options->state,
                      "file that keeps how far tables are [in ~/.local/state/cloche]");
  command->add_option("--threads", options->threads, "copies at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      ->add_option("--attempts", options->attempts,
                   "how often a request that is throttled, or fails in passing, is made")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_flag("--insecure", options->insecure, "don't check the source's certificate");
  command->add_flag("--json", options->json, "print the summary as JSON");
  command->callback([options, &done] { done = pull(*options); });
}

struct FixtureOptions {
  transfer::FixtureWish wish;
  std::string accounts;
  bool json = false;
};

void print_counts(const Progress& progress, bool json) {
  if (json) return print_json(progress);
  for (const std::string& note : progress.warnings()) std::printf("note: %s\n", note.c_str());
  std::printf("%llu buckets with %llu objects, %llu tables with %llu items (%s) in %.2f s\n",
              static_cast<unsigned long long>(progress.buckets),
              static_cast<unsigned long long>(progress.objects),
              static_cast<unsigned long long>(progress.tables),
              static_cast<unsigned long long>(progress.items),
              transfer::bytes_text(progress.bytes).c_str(), progress.seconds());
}

int save(const FixtureOptions& options) {
  transfer::FixtureWish wish = options.wish;
  wish.accounts = split_at_commas(options.accounts);
  Progress progress(Env::posix(), Progress::Show::Nothing);
  const auto done = transfer::save_fixture(Env::posix(), wish, progress);
  progress.stop();
  if (!done) return fail("fixture save", done.error().message, 1);
  for (const std::string& failure : progress.failures())
    std::fprintf(stderr, "cloche fixture save: not saved: %s\n", failure.c_str());
  print_counts(progress, options.json);
  return progress.failed() == 0 ? 0 : 1;
}

int load(const FixtureOptions& options) {
  Progress progress(Env::posix(), Progress::Show::Nothing);
  std::vector<std::string> faults;
  const auto done = transfer::load_fixture(Env::posix(), options.wish, progress, faults);
  progress.stop();
  for (const std::string& fault : faults) std::fprintf(stderr, "%s\n", fault.c_str());
  if (!done) return fail("fixture load", done.error().message, 1);
  print_counts(progress, options.json);
  return 0;
}

void add_fixture_options(CLI::App& command, FixtureOptions& options) {
  command.add_option("directory", options.wish.directory, "the fixture's folder")->required();
  command.add_option("--endpoint", options.wish.url, "the running Cloche")
      ->envname("CLOCHE_ENDPOINT")
      ->capture_default_str();
  command.add_flag("--json", options.json, "print the summary as JSON");
}

void add_fixture(CLI::App& app, std::optional<int>& done) {
  CLI::App* fixture = app.add_subcommand(
      "fixture", "Save the state of a running Cloche as files for people and git, or load them");
  fixture->require_subcommand(1);
  auto saved = std::make_shared<FixtureOptions>();
  saved->wish.url = "http://127.0.0.1:4566";
  CLI::App* save_command = fixture->add_subcommand(
      "save", "Write everything into a folder; a fixture that is there is replaced");
  add_fixture_options(*save_command, *saved);
  save_command->add_option("--accounts", saved->accounts,
                           "of these accounts, with commas [000000000000]");
  save_command->callback([saved, &done] { done = save(*saved); });
  auto loaded = std::make_shared<FixtureOptions>();
  loaded->wish.url = "http://127.0.0.1:4566";
  CLI::App* load_command = fixture->add_subcommand(
      "load", "Check a folder and make what it describes; nothing is done if anything is wrong");
  add_fixture_options(*load_command, *loaded);
  load_command->add_flag("--replace", loaded->wish.replace,
                         "remove buckets and tables of these names first");
  load_command->callback([loaded, &done] { done = load(*loaded); });
}

}  // namespace

void add_transfer_commands(CLI::App& app, std::optional<int>& done) {
  add_pull(app, done);
  add_fixture(app, done);
}

}  // namespace cloche::cli
