#include "engine/store/memtable.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"

namespace cloche::engine {

// Followed in memory by `height` links, the key and the value.
struct Memtable::Node {
  std::uint64_t seq;
  std::uint32_t key_size;
  std::uint32_t value_size;
  std::uint32_t height;
  bool gone;

  using Link = std::atomic<Node*>;
  Link& link(int level) { return reinterpret_cast<Link*>(this + 1)[level]; }
  const Link& link(int level) const { return reinterpret_cast<const Link*>(this + 1)[level]; }
  Node* after(int level) const { return link(level).load(std::memory_order_acquire); }
  const char* text() const {
    return reinterpret_cast<const char*>(this + 1) + height * sizeof(Link);
  }
  std::string_view key() const { return {text(), key_size}; }
  std::optional<std::string_view> value() const {
    if (gone) return std::nullopt;
    return std::string_view(text() + key_size, value_size);
  }
  // Newer rows of one key come first.
  bool is_before(std::string_view other_key, std::uint64_t other_seq) const {
    const int order = key().compare(other_key);
    return order != 0 ? order < 0 : seq > other_seq;
  }
};

namespace {

// Small at first, since an idle environment has a memtable too.
constexpr std::size_t kFirstBlockBytes = std::size_t{16} << 10;
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
// Nodes of one key that are walked over before they are searched past: the usual row has one or two.
constexpr int kStepsMax = 4;

}  // namespace

Memtable::Memtable(Lsn first) : first_(first), chance_(first.value() * 2 + 1) {
  head_ = make_node({}, 0, std::nullopt, kHeightMax);
}

Memtable::~Memtable() = default;

std::byte* Memtable::allocate(std::size_t size) {
  size = (size + alignof(Node) - 1) & ~(alignof(Node) - 1);
  if (static_cast<std::size_t>(end_ - next_) < size) {
    const std::size_t usual = blocks_.empty() ? kFirstBlockBytes : kBlockBytes;
    const std::size_t block = std::max(usual, size);
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(block));
    next_ = blocks_.back().get();
    end_ = next_ + block;
  }
  std::byte* at = next_;
  next_ += size;
  bytes_.fetch_add(size, std::memory_order_relaxed);
  return at;
}

Memtable::Node* Memtable::make_node(std::string_view key, std::uint64_t seq,
                                    std::optional<std::string_view> value, int height) {
  const std::size_t links = static_cast<std::size_t>(height) * sizeof(Node::Link);
  const std::size_t value_size = value ? value->size() : 0;
  std::byte* at = allocate(sizeof(Node) + links + key.size() + value_size);
  Node* node = new (at) Node{.seq = seq,
                             .key_size = static_cast<std::uint32_t>(key.size()),
                             .value_size = static_cast<std::uint32_t>(value_size),
                             .height = static_cast<std::uint32_t>(height),
                             .gone = !value};
  for (int level = 0; level < height; ++level) new (&node->link(level)) Node::Link(nullptr);
  char* text = const_cast<char*>(node->text());
  if (!key.empty()) std::memcpy(text, key.data(), key.size());
  if (value_size > 0) std::memcpy(text + key.size(), value->data(), value_size);
  return node;
}

int Memtable::random_height() {
  // xorshift: speed matters here, quality does not.
  chance_ ^= chance_ << 13;
  chance_ ^= chance_ >> 7;
  chance_ ^= chance_ << 17;
  int height = 1;
  for (std::uint64_t bits = chance_; height < kHeightMax && (bits & 3) == 0; bits >>= 2) ++height;
  return height;
}

Memtable::Node* Memtable::find_at_or_after(std::string_view key, std::uint64_t seq,
                                           Node** before) const {
  Node* node = head_;
  Node* found = nullptr;
  const Node* known_after = nullptr;  // Spares comparing it again one level below.
  for (int level = height_.load(std::memory_order_acquire) - 1; level >= 0; --level) {
    for (;;) {
      found = node->after(level);
      if (found == nullptr || found == known_after || !found->is_before(key, seq)) break;
      node = found;
    }
    known_after = found;
    if (before) before[level] = node;
  }
  return found;
}

const Memtable::Node* Memtable::find_before(std::string_view key) const {
  const Node* node = head_;
  for (int level = height_.load(std::memory_order_acquire) - 1; level >= 0; --level) {
    for (;;) {
      const Node* after = node->after(level);
      if (after == nullptr || after->key() >= key) break;
      node = after;
    }
  }
  return node;
}

void Memtable::insert(std::string_view key, std::uint64_t seq,
                      std::optional<std::string_view> value) {
  CLOCHE_CHECK(seq >= first_.value());
  Node* before[kHeightMax];
  const Node* found = find_at_or_after(key, seq, before);
  CLOCHE_CHECK(found == nullptr || found->seq != seq || found->key() != key);

  const int height = random_height();
  const int old_height = height_.load(std::memory_order_relaxed);
  for (int level = old_height; level < height; ++level) before[level] = head_;
  if (height > old_height) height_.store(height, std::memory_order_release);

  Node* node = make_node(key, seq, value, height);
  for (int level = 0; level < height; ++level) {
    node->link(level).store(before[level]->after(level), std::memory_order_relaxed);
    // Release: who follows the link sees the whole node.
    before[level]->link(level).store(node, std::memory_order_release);
  }
  rows_.fetch_add(1, std::memory_order_relaxed);
}

std::optional<std::optional<std::string_view>> Memtable::find(std::string_view key,
                                                              std::uint64_t seq) const {
  const Node* node = find_at_or_after(key, seq, nullptr);
  if (node == nullptr || node->key() != key) return std::nullopt;
  return node->value();
}

std::string_view Memtable::Iterator::key() const { return node_->key(); }
std::optional<std::string_view> Memtable::Iterator::value() const { return node_->value(); }

// Nodes newer than the view are passed over; the first one of a key that is old enough is the key's
// row.
void Memtable::Iterator::settle_forward(const Node* node) {
  for (int steps = 0; node != nullptr && node->seq > seq_; ++steps) {
    // A row that is written all the time has thousands of nodes: they are searched, not walked.
    node =
        steps < kStepsMax ? node->after(0) : memtable_.find_at_or_after(node->key(), seq_, nullptr);
  }
  node_ = node;
}

// `node` is the oldest of its key. The row that is wanted is the newest one that the view may see.
void Memtable::Iterator::settle_backward(const Node* node) {
  while (node != memtable_.head_) {
    if (node->seq <= seq_) {
      const Node* visible = memtable_.find_at_or_after(node->key(), seq_, nullptr);
      CLOCHE_CHECK(visible != nullptr);
      node_ = visible;
      return;
    }
    node = memtable_.find_before(node->key());
  }
  node_ = nullptr;
}

void Memtable::Iterator::seek(std::string_view key) {
  settle_forward(memtable_.find_at_or_after(key, seq_, nullptr));
}

void Memtable::Iterator::seek_before(std::string_view key) {
  settle_backward(memtable_.find_before(key));
}

void Memtable::Iterator::seek_back(std::string_view key) {
  const Node* node = memtable_.find_at_or_after(key, seq_, nullptr);
  if (node != nullptr && node->key() == key) {
    node_ = node;
  } else {
    settle_backward(memtable_.find_before(key));
  }
}

void Memtable::Iterator::next() {
  const std::string_view current = node_->key();
  const Node* node = node_->after(0);
  for (int steps = 0; node != nullptr && node->key() == current; ++steps) {
    // No node is as old as 0, so what is found there is the next key's.
    node = steps < kStepsMax ? node->after(0) : memtable_.find_at_or_after(current, 0, nullptr);
  }
  // A key whose newest nodes are too new for the view is settled node by node.
  settle_forward(node);
}

void Memtable::Iterator::prev() { settle_backward(memtable_.find_before(node_->key())); }

}  // namespace cloche::engine
