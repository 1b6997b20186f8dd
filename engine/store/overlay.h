// The changes of a commit group over the state before it, and the rows that its closures have read:
// a row's value before the group goes into the log record, and is asked for once. Used by the
// group's leader only.
#pragma once

#include <functional>
#include <map>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace cloche::engine {

class Overlay {
 public:
  struct Entry {
    std::optional<std::string_view> before;  // The value before the group.
    std::optional<std::string_view> now;
    bool changed = false;  // False for a row that was only read, or whose change was dropped.
  };
  using Map = std::pmr::map<std::string_view, Entry, std::less<>>;

  Overlay();
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  // Begins a new group: all views that were handed out become invalid.
  void clear();
  Arena& arena() { return arena_; }
  const Map& entries() const { return *entries_; }
  std::size_t changed_bytes() const { return changed_bytes_; }
  bool changed() const { return changed_count_ > 0; }

  Entry* find(std::string_view row);
  // Remembers a row as it is before the group. `before` must live in the arena, or as long as the
  // group.
  Entry& remember(std::string_view row, std::optional<std::string_view> before);
  // Changes a row that is remembered. The value is copied.
  void change(Entry& entry, std::string_view row, std::optional<std::string_view> value);

  // One closure's changes: kept, or undone one by one.
  void begin_closure();
  void keep_closure();
  void drop_closure();

  // Counts every change: a cursor that sees another number has to look again where it is.
  std::uint64_t version() const { return version_; }

  // Walks changed rows.
  class Iterator {
   public:
    explicit Iterator(const Overlay& overlay) : overlay_(overlay), at_(overlay.entries().end()) {}
    bool valid() const { return valid_; }
    std::string_view key() const { return at_->first; }
    std::optional<std::string_view> value() const { return at_->second.now; }
    void seek(std::string_view row);
    void seek_before(std::string_view row);
    void seek_back(std::string_view row);
    void next();
    void prev();

   private:
    void settle_forward();
    void settle_backward();

    const Overlay& overlay_;
    Map::const_iterator at_;
    bool valid_ = false;
  };

 private:
  struct Undo {
    Entry* entry;
    Entry was;
    std::size_t bytes;
  };

  Arena arena_;
  std::unique_ptr<std::byte[]>
      first_nodes_;  // Enough for the nodes of most groups: no allocation for them.
  std::pmr::monotonic_buffer_resource nodes_;
  std::optional<Map> entries_;
  Map::iterator hint_;  // Where find() has looked last: the next row is mostly there or behind it.
  std::vector<Undo> undo_;
  std::size_t changed_bytes_ = 0;
  std::size_t changed_count_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace cloche::engine
