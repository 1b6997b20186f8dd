#include <algorithm>
#include <map>

#include "base/json.h"
#include "transfer/dynamodb/table.h"
#include "transfer/pull_parts.h"

namespace cloche::transfer {
namespace {

// Segments of a scan that run side by side: a table's own, whatever the number of threads is.
constexpr int kSegments = 4;

struct Table {
  std::string name;
  std::string document;  // JSON: arenas do not live as long as a pull.
  bool is_new = false;
};

// Names and types of the keys, to see whether a table that is there can take the items.
std::string key_text(const Value& document) {
  std::string out;
  append_json(out, document["KeySchema"]);
  for (const Value& key : document["KeySchema"].items()) {
    for (const Value& attribute : document["AttributeDefinitions"].items()) {
      if (attribute["AttributeName"].text() == key["AttributeName"].text())
        out += attribute["AttributeType"].text();
    }
  }
  return out;
}

Error other_keys(const std::string& name) {
  return refused(409, "OtherKeys",
                 "a table of this name with other keys is there already; delete it there, or "
                 "leave this one out with --only",
                 {{"TableName", name}});
}

// Written by the region's own name: tables of one name are several.
std::string state_name(const Pull& pull, const std::string& name) {
  return pull.wish.to.region + "/" + name;
}

Result<Table> prepare(Pull& pull, const std::string& name) {
  Arena arena;
  CLOCHE_TRY(
      const source,
      read_table(pull.sides.from, {}, name, arena, [&](std::string_view what, const Error& error) {
        if (may_know(error))
          return pull.progress.failure(
              told("table " + name + ", reading its " + std::string(what), error));
        pull.progress.warn("the source does not tell of tables: " + std::string(what) + " (" +
                           error.code + ")");
      }));
  Table table{.name = name, .document{}};
  append_json(table.document, source.document);
  auto present = read_table(pull.sides.to, {}, name, arena, [](auto&&...) {});
  if (!present && present.error().code != "ResourceNotFoundException") return present.error();
  if (present && key_text(present->document) != key_text(source.document)) return other_keys(name);
  if (!present) {
    CLOCHE_TRY_VOID(make_table(pull.sides.to, {}, name, source.document));
    auto made = read_table(pull.sides.to, {}, name, arena, [](auto&&...) {});
    if (!made) return made.error();
    present = std::move(made);
    table.is_new = true;
  }
  ScanState state = pull.state.table(state_name(pull, name));
  const bool lost =
      state.items > 0 && present->items == 0;  // Emptied, or an earlier state is back.
  if (state.table_id != present->id || state.keys.size() != kSegments || lost) {
    state = {.table_id = present->id,
             .keys = std::vector<std::string>(kSegments),
             .done = std::vector<bool>(kSegments)};
    pull.state.set(state_name(pull, name), state);
  }
  return table;
}

// `segments` is 1 where the source can't scan in parallel: then the state is not kept page by page.
Result<void> copy_segment(Pull& pull, Sides& sides, const std::string& name, int segment,
                          int segments) {
  const std::string of = state_name(pull, name);
  ItemWriter writer(sides.to, {}, name);
  std::string key;
  std::uint64_t single = 0;
  if (segments > 1) key = pull.state.table(of).keys[static_cast<std::size_t>(segment)];
  do {
    Arena arena;
    CLOCHE_TRY(const page, scan(sides.from, {}, name, segment, segments, key, arena));
    std::string item;
    for (const Value& each : page.items.items()) {
      item.clear();
      append_json(item, each);
      CLOCHE_TRY_VOID(writer.add(item));
      pull.progress.bytes += item.size();
    }
    CLOCHE_TRY_VOID(writer.flush());
    pull.progress.items += page.items.size();
    key = page.last_key;
    if (segments > 1) {
      pull.state.advance(of, static_cast<std::size_t>(segment), key, page.items.size());
    } else {
      single += page.items.size();
    }
  } while (!key.empty());
  if (segments == 1) {
    ScanState state = pull.state.table(of);
    state.items = single;
    state.done.assign(kSegments, true);
    pull.state.set(of, state);
  }
  return {};
}

// Some (moto, by binary keys) can scan, but not in segments.
void copy_alone_if_left(Pull& pull, const std::string& name) {
  if (pull.state.table(state_name(pull, name)).finished()) return;
  if (auto done = copy_segment(pull, pull.sides, name, 0, 1); !done)
    pull.progress.failure(told("table " + name, done.error()));
}

Result<void> finish(Pull& pull, const Table& table) {
  Arena arena;
  CLOCHE_TRY(const document, parse_json(table.document, arena));
  CLOCHE_TRY(const present, read_table(pull.sides.to, {}, table.name, arena, [](auto&&...) {}));
  // What was finished by an earlier run would be refused as no change.
  Value missing = Value::map();
  for (const Member& member : document.members()) {
    if (!present.document[member.name]) missing.add(arena, member.name, member.value);
  }
  return finish_table(pull.sides.to, {}, table.name, missing);
}

}  // namespace

Result<void> pull_tables(Pull& pull) {
  const auto listed = list_tables(pull.sides.from, {});
  if (!listed) return told_of("tables can't be listed", listed.error());
  std::vector<Table> tables;
  for (const std::string& name : *listed) {
    if (!pull.wants("dynamodb", name)) continue;
    ++pull.progress.units;
    auto table = prepare(pull, name);
    if (!table) {
      pull.progress.failure(told("table " + name, table.error()));
      continue;
    }
    const ScanState state = pull.state.table(state_name(pull, name));
    if (state.finished()) pull.progress.present += state.items;
    tables.push_back(*std::move(table));
    for (int segment = 0; segment < kSegments; ++segment) {
      if (state.done[static_cast<std::size_t>(segment)]) continue;
      pull.crew.post([&pull, name, segment](Sides& sides) {
        if (auto done = copy_segment(pull, sides, name, segment, kSegments); !done)
          pull.progress.warn(told("table " + name + ", in segments", done.error()));
      });
    }
  }
  pull.crew.wait();
  for (const Table& table : tables) {
    ++pull.progress.units_done;
    copy_alone_if_left(pull, table.name);
    if (auto done = finish(pull, table); !done) {
      pull.progress.failure(told("table " + table.name, done.error()));
      continue;
    }
    ++pull.progress.tables;
    pull.progress.line("table " + table.name + ": " +
                       std::to_string(pull.state.table(state_name(pull, table.name)).items) +
                       " items");
  }
  return {};
}

}  // namespace cloche::transfer
