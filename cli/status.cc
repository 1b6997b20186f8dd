#include <cstdio>

#include "base/json.h"
#include "cli/client.h"
#include "cli/commands.h"

namespace cloche::cli {
namespace {

std::string shown(const Value& value) {
  if (value.is(Value::Kind::String)) return value.str();
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace

int status(const Asked& asked) {
  Arena arena;
  const auto health = ask(asked.endpoint, "GET", "/_cloche/health", "", arena);
  if (!health) {
    std::fprintf(stderr, "cloche status: %s\n", health.error().message.c_str());
    return 1;
  }
  if (asked.json) {
    std::printf("%s\n", health->text.c_str());
    return 0;
  }
  for (const Member& member : health->json.members())
    std::printf("%-12.*s %s\n", static_cast<int>(member.name.size()), member.name.data(),
                shown(member.value).c_str());
  return 0;
}

}  // namespace cloche::cli
