// Answers of admin paths: JSON, and refusals as {"error": "...", "code": "NoSuchCheckpoint"}.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/document.h"
#include "base/error.h"
#include "base/json.h"
#include "protocol/protocol.h"

namespace cloche::cli {

inline protocol::AdminAnswer json_answer(const Value& value, int status = 200) {
  protocol::AdminAnswer made{.status = status, .content_type = "application/json", .body{}};
  append_json(made.body, value);
  return made;
}

inline protocol::AdminAnswer refused_answer(const Error& error) {
  Arena arena;
  Value told = Value::map();
  told.add(arena, "error", Value::string(error.message));
  told.add(arena, "code", Value::string(error.code));
  return json_answer(told, error.kind == Error::Kind::Refused ? error.http_status : 503);
}

inline Error invalid_request(std::string_view what) {
  return refused(400, "InvalidRequest", std::string(what));
}

inline Value number_value(std::uint64_t value) {
  return Value::integer(static_cast<std::int64_t>(value));
}

inline protocol::AdminAnswer wrong_method(std::string_view allowed) {
  Error error = invalid_request("this path takes " + std::string(allowed));
  error.code = "MethodNotAllowed";
  error.http_status = 405;
  return refused_answer(error);
}

// A JSON object; an empty body is an empty one.
inline Result<Value> read_body(std::string_view body, Arena& arena) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return Value::map();
  const auto parsed = parse_json(body, arena);
  if (!parsed || !parsed->is(Value::Kind::Map))
    return invalid_request("the body has to be a JSON object");
  return *parsed;
}

// Of "/_cloche/branches/NAME?x", asked for below "/_cloche/branches/": "NAME".
inline std::string_view below(const protocol::HttpRequest& request, std::string_view path) {
  const std::string_view rest = request.target().substr(path.size());
  return rest.substr(0, rest.find('?'));
}

// ?limit=N, `usual` if it is not given.
inline Result<std::size_t> read_limit(const protocol::HttpRequest& request, std::size_t usual,
                                      std::size_t max) {
  std::size_t limit = usual;
  const auto given = request.query("limit");
  if (!given) return limit;
  const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), limit);
  if (error != std::errc() || end != given->data() + given->size() || limit > max)
    return invalid_request("limit: a number up to " + std::to_string(max));
  return limit;
}

}  // namespace cloche::cli
