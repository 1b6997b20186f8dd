#include "transfer/pull_state.h"

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"

namespace cloche::transfer {

bool ScanState::finished() const {
  return !done.empty() && std::ranges::all_of(done, [](bool one) { return one; });
}

Result<std::string> read_text(Env& env, const std::string& path) {
  CLOCHE_TRY(const file, env.open(path, OpenMode::Read));
  CLOCHE_TRY(const size, file->size());
  std::string text(size, '\0');
  CLOCHE_TRY(const got, file->read_at(0, std::as_writable_bytes(std::span(text))));
  text.resize(got);
  return text;
}

Result<void> write_text(Env& env, const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  CLOCHE_TRY_VOID(env.remove(beside));
  {
    CLOCHE_TRY(const file, env.open(beside, OpenMode::CreateOrOpen));
    CLOCHE_TRY_VOID(file->write_at(0, as_bytes(text)));
  }
  return env.rename(beside, path);
}

void PullState::load() {
  if (path_.empty()) return;
  const auto text = read_text(env_, path_);
  if (!text) return;
  Arena arena;
  const auto document = parse_json(*text, arena);
  if (!document) return;
  MutexLock lock(mutex_);
  for (const Member& entry : (*document)["tables"].members()) {
    ScanState state{.table_id = entry.value["tableId"].str(),
                    .items = static_cast<std::uint64_t>(entry.value["items"].as_integer(0))};
    for (const Value& segment : entry.value["segments"].items()) {
      state.keys.push_back(segment["after"].str());
      state.done.push_back(segment["done"].as_bool());
    }
    tables_[std::string(entry.name)] = state;
  }
}

ScanState PullState::table(const std::string& name) const {
  MutexLock lock(mutex_);
  const auto found = tables_.find(name);
  return found == tables_.end() ? ScanState() : found->second;
}

void PullState::set(const std::string& name, const ScanState& state) {
  MutexLock lock(mutex_);
  tables_[name] = state;
}

void PullState::advance(const std::string& name, std::size_t segment, std::string key,
                        std::uint64_t items) {
  MutexLock lock(mutex_);
  ScanState& state = tables_[name];
  state.done[segment] = key.empty();
  state.keys[segment] = std::move(key);
  state.items += items;
  if (env_.monotonic() - saved_ < std::chrono::seconds(1)) return;
  // What can't be saved costs a second run some time, and no item; the last save tells.
  (void)save_locked().has_value();
}

Result<void> PullState::save() {
  MutexLock lock(mutex_);
  return save_locked();
}

Result<void> PullState::save_locked() {
  if (path_.empty()) return {};
  Arena arena;
  Value tables = Value::map();
  for (const auto& [name, state] : tables_) {
    Value segments = Value::list();
    for (std::size_t i = 0; i < state.keys.size(); ++i) {
      Value segment = Value::map();
      segment.add(arena, "after", Value::string(state.keys[i]));
      segment.add(arena, "done", Value::boolean(state.done[i]));
      segments.push(arena, segment);
    }
    Value table = Value::map();
    table.add(arena, "tableId", Value::string(state.table_id));
    table.add(arena, "items", Value::integer(static_cast<std::int64_t>(state.items)));
    table.add(arena, "segments", segments);
    tables.add(arena, name, table);
  }
  Value document = Value::map();
  document.add(arena, "tables", tables);
  std::string text;
  append_json(text, document);
  saved_ = env_.monotonic();
  return write_text(env_, path_, text + "\n");
}

}  // namespace cloche::transfer
