#include "cli/admin_seal.h"

#include <atomic>
#include <memory>

#include "base/mutex.h"
#include "cli/admin_answer.h"
#include "engine/seal.h"

namespace cloche::cli {
namespace {

using protocol::AdminAnswer;
using protocol::HttpRequest;

// One at a time: each reads everything there is.
struct Sealing {
  Mutex mutex;
  std::atomic<bool> running{false};
  std::atomic<std::uint64_t> done{0}, of{0};
};

Result<engine::SealWish> read_wish(std::string_view body) {
  Arena arena;
  const auto parsed = parse_json(body, arena);
  if (!parsed || !(*parsed)["file"].is(Value::Kind::String))
    return invalid_request(
        R"(the body has to be {"file": "/whole/path"}, with "only" and "force")");
  engine::SealWish wish{.file = (*parsed)["file"].str(), .replace = (*parsed)["force"].as_bool()};
  if ((*parsed)["only"].present() && !(*parsed)["only"].is(Value::Kind::List))
    return invalid_request(R"("only" has to be a list, of "s3" or "s3:photos" say)");
  for (const Value& part : (*parsed)["only"].items()) {
    CLOCHE_TRY(only, engine::parse_seal_part(part.text()));
    wish.only.push_back(std::move(only));
  }
  return wish;
}

Result<AdminAnswer> seal(Environment& environment, Sealing& sealing, std::string_view body) {
  CLOCHE_TRY(const wish, read_wish(body));
  MutexLock lock(sealing.mutex);
  sealing.done = sealing.of = 0;
  sealing.running = true;
  Env& env = environment.store().env();
  const auto began = env.monotonic();
  const auto sealed =
      engine::seal(environment.store(), wish, [&](std::uint64_t done, std::uint64_t of) {
        sealing.done = done;
        sealing.of = of;
      });
  sealing.running = false;
  if (!sealed) return sealed.error();
  const std::chrono::duration<double, std::milli> took = env.monotonic() - began;
  Arena arena;
  Value out = Value::map();
  out.add(arena, "file", Value::string(wish.file));
  out.add(arena, "hash", Value::string(sealed->hash));
  out.add(arena, "bytes", number_value(sealed->bytes));
  out.add(arena, "rows", number_value(sealed->rows));
  out.add(arena, "blobs", number_value(sealed->blobs));
  out.add(arena, "milliseconds", Value::number(arena.copy(std::to_string(took.count()))));
  return json_answer(out, 201);
}

AdminAnswer progress(const Sealing& sealing) {
  Arena arena;
  Value out = Value::map();
  out.add(arena, "running", Value::boolean(sealing.running));
  out.add(arena, "done", number_value(sealing.done));
  out.add(arena, "of", number_value(sealing.of));
  return json_answer(out);
}

}  // namespace

void serve_seal(protocol::Server& server, Environment& environment) {
  server.on_admin_work("/_cloche/seal", [&environment, sealing = std::make_shared<Sealing>()](
                                            const HttpRequest& request, std::string_view body) {
    if (request.method() == "GET") return progress(*sealing);
    if (request.method() != "POST") {
      Error error = invalid_request("this path takes GET and POST");
      error.code = "MethodNotAllowed";
      error.http_status = 405;
      return refused_answer(error);
    }
    auto answer = seal(environment, *sealing, body);
    return answer ? *std::move(answer) : refused_answer(answer.error());
  });
}

}  // namespace cloche::cli
