#include "cli/transfer_answer.h"

#include <cstdio>

namespace cloche::cli {
namespace {

Value texts(const std::vector<std::string>& all, Arena& arena) {
  Value list = Value::list();
  for (const std::string& text : all) list.push(arena, Value::string(arena, text));
  return list;
}

Value count(std::uint64_t value) { return Value::integer(static_cast<std::int64_t>(value)); }

}  // namespace

Value transfer_value(const transfer::Progress& progress, Arena& arena) {
  Value out = Value::map();
  out.add(arena, "buckets", count(progress.buckets));
  out.add(arena, "objects", count(progress.objects));
  out.add(arena, "tables", count(progress.tables));
  out.add(arena, "items", count(progress.items));
  out.add(arena, "bytes", count(progress.bytes));
  out.add(arena, "present", count(progress.present));
  out.add(arena, "failed", count(progress.failed()));
  out.add(arena, "notes", texts(progress.warnings(), arena));
  out.add(arena, "failures", texts(progress.failures(), arena));
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", progress.seconds());
  out.add(arena, "seconds", Value::number(arena.copy(seconds)));
  return out;
}

}  // namespace cloche::cli
