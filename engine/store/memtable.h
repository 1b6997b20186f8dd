// The rows that changed since the last flush: a skip list of (key, seq descending), after Pugh,
// "Skip Lists: A Probabilistic Alternative to Balanced Trees" (1990). Nodes are never changed or
// taken out once they are linked, so readers need no lock.
//
// One thread inserts at a time (the leader of a commit group); any thread reads meanwhile. Keys are
// those of row.h: they begin with the table's number. All memory goes at once, with the last view
// that holds the memtable.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/strong.h"

namespace cloche::engine {

class Memtable {
 private:
  struct Node;

 public:
  explicit Memtable(Lsn first);
  ~Memtable();
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  // Nothing as value: the row is gone. At most once per key and seq.
  void insert(std::string_view key, std::uint64_t seq, std::optional<std::string_view> value);

  // What `seq` sees of a row. Absent if the memtable has nothing to say; else the row's value or,
  // inside, nothing if it is gone.
  std::optional<std::optional<std::string_view>> find(std::string_view key,
                                                      std::uint64_t seq) const;

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t rows() const { return rows_.load(std::memory_order_relaxed); }
  Lsn first() const { return first_; }  // No row in it is older.

  // Walks the rows as `seq` sees them, each key once, gone ones included.
  class Iterator {
   public:
    Iterator(const Memtable& memtable, std::uint64_t seq) : memtable_(memtable), seq_(seq) {}
    bool valid() const { return node_ != nullptr; }
    std::string_view key() const;
    std::optional<std::string_view> value() const;
    void seek(std::string_view key);         // The first key at or after.
    void seek_before(std::string_view key);  // The last key before.
    void seek_back(std::string_view key);    // The last key at or before.
    void next();
    void prev();

   private:
    void settle_forward(const Node* node);
    void settle_backward(const Node* node);

    const Memtable& memtable_;
    const std::uint64_t seq_;
    const Node* node_ = nullptr;
  };

 private:
  static constexpr int kHeightMax = 14;  // With one in four a level higher: good for 4^14 rows.

  Node* make_node(std::string_view key, std::uint64_t seq, std::optional<std::string_view> value,
                  int height);
  std::byte* allocate(std::size_t size);
  int random_height();
  // The first node at or after (key, seq); fills `before` with its predecessors on every level if
  // given.
  Node* find_at_or_after(std::string_view key, std::uint64_t seq, Node** before) const;
  // The last node before all nodes of `key`; the head if there is none.
  const Node* find_before(std::string_view key) const;

  const Lsn first_;
  Node* head_;
  std::atomic<int> height_{1};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> rows_{0};
  std::uint64_t chance_;

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
};

}  // namespace cloche::engine
