// Random requests to DynamoDB against a model in memory, with restarts and kills between.
//
// A child process opens the directory, compares everything in it with the model, and makes requests;
// each answer must be the model's. It ends after some thousand requests, by itself or by kill -9
// at any moment. The parent then makes the acknowledged requests again on its own model, from their
// numbers: a request gives the same for the same seed and table. One request may have been under
// way at a kill; the next child finds out which of its changes are there.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <random>

#include "base/check.h"
#include "tests/model/answers.h"
#include "tests/model/step.h"

using namespace cloche;
using namespace cloche::model;

namespace {

struct Options {
  std::uint64_t operations = 50'000, seed = std::random_device{}();
  std::string directory;
};

// What parent and child share.
struct Board {
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<std::uint32_t> applied{0};  // Bits of the changes under way at the kill.
  std::atomic<bool> opened{false};
};

engine::StoreOptions store_options(const std::string& directory) {
  return {.directory = directory,
          .memtable_bytes = 300 << 10,  // Flushes and checkpoints go on all the time.
          .flush_idle = std::chrono::milliseconds(20),
          .log_retain_bytes = 1 << 20};
}

class Child {
 public:
  Child(const Options& options, Board& board, Table table)
      : options_(options), board_(board), table_(std::move(table)) {}

  // `first`: the number of its first request; `open`: changes that may be there or not.
  [[noreturn]] void run(std::uint64_t first, std::uint64_t count, const Step& open) {
    {
      local::DynamoDb service(store_options(options_.directory));
      if (first == 0) service.ask("CreateTable", kTableDefinition);
      find_out(service, open);
      std::string said;
      if (const std::string wrong = compare_all(service, table_, said); !wrong.empty())
        fail(first, wrong, said);
      board_.opened = true;
      for (std::uint64_t i = first; i < first + count; ++i) {
        Random random(options_.seed, i);
        const Step step = make_step(random, table_);
        said.clear();
        if (const std::string wrong = step.run(service, said); !wrong.empty()) fail(i, wrong, said);
        for (const Change& change : step.changes) carry_out(table_, change);
        board_.acknowledged = i + 1;
      }
    }
    ::_exit(0);
  }

 private:
  // Which changes of the request under way at the kill are there.
  void find_out(local::DynamoDb& service, const Step& open) {
    std::uint32_t applied = 0;
    for (std::size_t i = 0; i < open.changes.size(); ++i) {
      const Change& change = open.changes[i];
      if (holds(table_, change)) continue;  // The same before and after.
      Arena arena;
      std::string said;
      const Read read = ask(service, arena, "GetItem",
                            R"({"TableName":"model","Key":)" + change.key.json() + "}", said);
      if (canonical(read.body["Item"]) == (change.exists ? json_of(change.item) : ""))
        applied |= 1U << i;
    }
    // All or none: what is the same before and after says nothing.
    if (open.atomic && applied != 0) {
      for (std::size_t i = 0; i < open.changes.size(); ++i) applied |= 1U << i;
    }
    for (std::size_t i = 0; i < open.changes.size(); ++i) {
      if ((applied >> i & 1U) != 0) carry_out(table_, open.changes[i]);
    }
    board_.applied = applied;
  }

  [[noreturn]] void fail(std::uint64_t number, const std::string& wrong, const std::string& said) {
    std::cerr << "request " << number << ": " << wrong << "\n"
              << said.substr(said.size() > 6'000 ? said.size() - 6'000 : 0) << "seed "
              << options_.seed << ", directory " << options_.directory << "\n";
    ::_exit(1);
  }

  const Options& options_;
  Board& board_;
  Table table_;
};

// Ends the child at a moment of its own choice. False: the child has failed.
bool end_by_kill(pid_t child, const Board& board, std::uint64_t at) {
  int status = 0;
  while (!board.opened || board.acknowledged < at) {
    if (::waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    ::usleep(200);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) || WEXITSTATUS(status) == 0;
}

bool end_by_itself(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool run(const Options& options) {
  auto* board = new (::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Board;
  CLOCHE_CHECK(board != MAP_FAILED);
  Random epochs(options.seed, ~std::uint64_t{0});
  Table table;
  Step open;
  std::uint64_t kills = 0, restarts = 0;
  for (std::uint64_t done = 0; done < options.operations;) {
    const std::uint64_t count =
        std::min<std::uint64_t>(options.operations - done, 1'000 + epochs.next() % 15'000);
    const bool kill = epochs.chance(70);
    const std::uint64_t kill_at = done + epochs.next() % count;
    board->acknowledged = done;
    board->opened = false;
    board->applied = 0;
    const pid_t child = ::fork();
    if (child == 0) Child(options, *board, table).run(done, count, open);
    if (!(kill ? end_by_kill(child, *board, kill_at) : end_by_itself(child))) return false;
    (kill ? kills : restarts) += 1;
    for (std::size_t i = 0; i < open.changes.size(); ++i) {
      if ((board->applied >> i & 1U) != 0) carry_out(table, open.changes[i]);
    }
    for (; done < board->acknowledged; ++done) {
      Random random(options.seed, done);
      for (const Change& change : make_step(random, table).changes) carry_out(table, change);
    }
    Random random(options.seed, done);
    open = make_step(random, table);
    std::cout << done << " requests, " << kills << " kills, " << restarts << " restarts, "
              << table.size() << " items" << std::endl;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Random requests to DynamoDB against a model in memory, with restarts and kills.");
  app.add_option("--operations", options.operations, "How many requests")->capture_default_str();
  app.add_option("--seed", options.seed, "Repeats a run, but for the moments of the kills");
  app.add_option("--directory", options.directory,
                 "Where the store is; kept. Else a temporary one");
  CLI11_PARSE(app, argc, argv);
  const bool temporary = options.directory.empty();
  if (temporary) {
    std::string pattern = (std::filesystem::temp_directory_path() / "cloche-model-XXXXXX").string();
    CLOCHE_CHECK(::mkdtemp(pattern.data()) != nullptr);
    options.directory = pattern;
  }
  std::cout << "seed " << options.seed << std::endl;
  const auto begin = std::chrono::steady_clock::now();
  if (!run(options)) return 1;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << "as the model has it, in " << took.count() << " s" << std::endl;
  if (temporary) std::filesystem::remove_all(options.directory);
  return 0;
}
