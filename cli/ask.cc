#include "cli/ask.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/client.h"

namespace cloche::cli {

void add_asked(CLI::App& command, Asked& asked) {
  command.add_option("--endpoint", asked.endpoint, "where it listens")
      ->envname("CLOCHE_ENDPOINT")
      ->capture_default_str();
  command.add_flag("--json", asked.json, "print the answer as JSON");
}

int ask_and_print(const Asked& asked, const char* command, std::string_view method,
                  const std::string& path, const std::string& body,
                  const std::function<void(const Value&)>& print) {
  Arena arena;
  const auto reply = ask(asked.endpoint, method, path, body, arena);
  if (!reply) {
    std::fprintf(stderr, "cloche %s: %s\n", command, reply.error().message.c_str());
    return 1;
  }
  if (asked.json) {
    std::printf("%s\n", reply->text.c_str());
  } else {
    print(reply->json);
  }
  return 0;
}

}  // namespace cloche::cli
