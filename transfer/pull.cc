#include "transfer/pull.h"

#include <algorithm>
#include <cstdlib>

#include "base/digest.h"
#include "transfer/crew.h"
#include "transfer/pull_parts.h"

namespace cloche::transfer {

std::string told(std::string_view what, const Error& error) {
  std::string out(what);
  out += ": ";
  if (!error.code.empty()) out += error.code + ": ";
  return out + error.message;
}

Error told_of(std::string_view what, Error error) {
  if (error.code != "Cancelled") error.message = told(what, error);
  return error;
}

bool Pull::wants(std::string_view service, std::string_view name) const {
  if (wish.only.empty()) return true;
  const std::string whole = std::string(service) + ":" + std::string(name);
  return std::ranges::find(wish.only, whole) != wish.only.end();
}

std::string usual_state_file(const std::string& from, const std::string& to) {
  std::string folder;
  if (const char* given = std::getenv("XDG_STATE_HOME"); given != nullptr && *given != '\0') {
    folder = given;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folder = std::string(home) + "/.local/state";
  } else {
    folder = ".";
  }
  const std::string name = to_hex(sha256(as_bytes(from + "\n" + to))).substr(0, 16);
  return folder + "/cloche/pull-" + name + ".json";
}

Result<void> pull(Env& env, const PullWish& wish, Progress& progress) {
  if (const auto slash = wish.state_file.rfind('/'); slash != std::string::npos)
    CLOCHE_TRY_VOID(env.create_directories(wish.state_file.substr(0, slash)));
  PullState state(env, wish.state_file);
  state.load();
  Sides sides{Client(env, wish.from), Client(env, wish.to)};
  for (const std::string& service : wish.services) {
    CLOCHE_TRY_VOID(sides.from.reach(service));
    CLOCHE_TRY_VOID(sides.to.reach(service));
  }
  Crew crew(env, wish.from, wish.to, wish.threads);
  Pull pull{wish, crew, sides, progress, state};
  const auto wanted = [&](std::string_view service) {
    return std::ranges::find(wish.services, service) != wish.services.end();
  };
  if (wanted("s3")) CLOCHE_TRY_VOID(pull_buckets(pull));
  if (wanted("dynamodb")) CLOCHE_TRY_VOID(pull_tables(pull));
  CLOCHE_TRY_VOID(state.save());
  if (is_stopped(wish.to.stop)) return cancelled();
  return {};
}

}  // namespace cloche::transfer
