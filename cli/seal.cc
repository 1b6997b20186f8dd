#include "cli/seal.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/json.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/human.h"

namespace cloche::cli {
namespace {

struct Wish {
  Asked asked{.endpoint = "http://127.0.0.1:4566"};
  std::string file;
  std::vector<std::string> only;
  bool force = false;
};

// A line on a terminal that says how far it is, as long as this lives.
class ProgressLine {
 public:
  explicit ProgressLine(const Asked& asked) {
    if (::isatty(STDERR_FILENO) != 1) return;
    thread_ = std::jthread([this, endpoint = asked.endpoint](const std::stop_token& stop) {
      std::unique_lock lock(mutex_);
      while (!changed_.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; })) {
        if (stop.stop_requested()) break;
        show(endpoint);
      }
      if (shown_) std::fprintf(stderr, "\r\x1b[K");
    });
  }

 private:
  void show(const std::string& endpoint) {
    Arena arena;
    const auto told = ask(endpoint, "GET", "/_cloche/seal", "", arena);
    if (!told) return;
    const auto bytes = [&](std::string_view name) {
      return human_size(static_cast<std::uint64_t>(told->json[name].as_integer(0)));
    };
    std::fprintf(stderr, "\r\x1b[Ksealing: %s of %s", bytes("done").c_str(), bytes("of").c_str());
    shown_ = true;
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool shown_ = false;
  std::jthread thread_;
};

std::string body_of(const Wish& wish) {
  Arena arena;
  Value out = Value::map();
  const std::string file = std::filesystem::absolute(wish.file).lexically_normal().string();
  out.add(arena, "file", Value::string(arena, file));
  if (wish.force) out.add(arena, "force", Value::boolean(true));
  if (!wish.only.empty()) {
    Value& only = out.add(arena, "only", Value::list());
    for (const std::string& part : wish.only) only.push(arena, Value::string(part));
  }
  std::string body;
  append_json(body, out);
  return body;
}

void print_sealed(const Value& answer) {
  const auto figure = [&](std::string_view name) {
    return static_cast<std::uint64_t>(answer[name].as_integer(0));
  };
  std::printf("%s\n", answer["hash"].str().c_str());
  std::printf("%s: %s, %s rows, %s large bodies, in %.1f s\n",
              harmless(answer["file"].text()).c_str(), human_size(figure("bytes")).c_str(),
              human_count(figure("rows")).c_str(), human_count(figure("blobs")).c_str(),
              answer["milliseconds"].as_double().value_or(0) / 1000);
}

int seal(const Wish& wish) {
  std::optional<ProgressLine> line(wish.asked);
  return ask_and_print(wish.asked, "seal", "POST", "/_cloche/seal", body_of(wish),
                       [&](const Value& answer) {
                         line.reset();
                         print_sealed(answer);
                       });
}

}  // namespace

void add_seal_command(CLI::App& app, std::optional<int>& status) {
  const auto wish = std::make_shared<Wish>();
  CLI::App* command = app.add_subcommand(
      "seal", "Write the state of a running Cloche to one file, which `cloche open` starts from");
  add_asked(*command, wish->asked);
  command->add_option("file", wish->file, "written by the server, on its machine")->required();
  command
      ->add_option("--only", wish->only,
                   "a service or what it has, several with commas: s3, s3:BUCKET, dynamodb:TABLE")
      ->delimiter(',');
  command->add_flag("--force", wish->force, "take the place of a file that is there");
  command->callback([wish, &status] { status = seal(*wish); });
}

}  // namespace cloche::cli
