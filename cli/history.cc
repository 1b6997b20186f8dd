#include <cstdio>

#include "base/json.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/commands.h"

namespace cloche::cli {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

long long number(const Value& value) { return value.as_integer().value_or(0); }

void print_checkpoint(const Value& checkpoint) {
  std::printf("%-24s lsn %-10lld %s\n", checkpoint["name"].str().c_str(), number(checkpoint["lsn"]),
              checkpoint["time"].str().c_str());
}

}  // namespace

int checkpoint(const Asked& asked, const std::string& name) {
  return ask_and_print(asked, "checkpoint", "POST", "/_cloche/checkpoints",
                       "{\"name\":" + quoted(name) + "}", print_checkpoint);
}

int list_checkpoints(const Asked& asked) {
  return ask_and_print(asked, "checkpoint", "GET", "/_cloche/checkpoints", "",
                       [](const Value& answer) {
                         for (const Value& one : answer["checkpoints"].items())
                           print_checkpoint(one);
                       });
}

int remove_checkpoint(const Asked& asked, const std::string& name) {
  return ask_and_print(asked, "checkpoint", "DELETE",
                       "/_cloche/checkpoints/" + percent_encoded(name), "",
                       [&](const Value&) { std::printf("%s is removed\n", name.c_str()); });
}

int rewind(const Asked& asked, const std::string& to) {
  return ask_and_print(
      asked, "rewind", "POST", "/_cloche/rewind", "{\"to\":" + quoted(to) + "}",
      [](const Value& answer) {
        std::printf(
            "back at lsn %lld: %lld records undone, %lld rows changed, in "
            "%.1f ms\n",
            number(answer["to"]), number(answer["records"]), number(answer["rows"]),
            answer["milliseconds"].as_double().value_or(0));
        std::printf("`cloche rewind %lld` takes this back\n", number(answer["from"]));
      });
}

}  // namespace cloche::cli
