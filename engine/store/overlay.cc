#include "engine/store/overlay.h"

#include "base/check.h"

namespace cloche::engine {
namespace {

constexpr std::size_t kFirstNodesBytes = std::size_t{16} << 10;

}  // namespace

Overlay::Overlay()
    : first_nodes_(std::make_unique<std::byte[]>(kFirstNodesBytes)),
      nodes_(first_nodes_.get(), kFirstNodesBytes) {
  entries_.emplace(&nodes_);
  hint_ = entries_->end();
}

void Overlay::clear() {
  CLOCHE_CHECK(undo_.empty());
  entries_.reset();
  nodes_.release();
  entries_.emplace(&nodes_);
  hint_ = entries_->end();
  arena_.clear();
  changed_bytes_ = changed_count_ = 0;
  ++version_;
}

Overlay::Entry* Overlay::find(std::string_view row) {
  if (hint_ != entries_->end() && hint_->first == row) return &hint_->second;
  hint_ = entries_->lower_bound(row);
  return hint_ == entries_->end() || hint_->first != row ? nullptr : &hint_->second;
}

Overlay::Entry& Overlay::remember(std::string_view row, std::optional<std::string_view> before) {
  const std::size_t known = entries_->size();
  hint_ = entries_->emplace_hint(hint_, arena_.copy(row),
                                 Entry{.before = before, .now = before, .changed = false});
  CLOCHE_CHECK(entries_->size() == known + 1);
  return hint_->second;
}

void Overlay::change(Entry& entry, std::string_view row, std::optional<std::string_view> value) {
  const std::size_t bytes = row.size() + (value ? value->size() : 0);
  undo_.push_back({&entry, entry, bytes});
  if (!entry.changed) ++changed_count_;
  changed_bytes_ += bytes;
  entry.changed = true;
  // An empty value is a value: it needs a place to point to.
  entry.now = value ? std::optional(value->empty() ? std::string_view("", 0) : arena_.copy(*value))
                    : std::nullopt;
  ++version_;
}

void Overlay::begin_closure() { CLOCHE_CHECK(undo_.empty()); }

void Overlay::keep_closure() { undo_.clear(); }

void Overlay::drop_closure() {
  for (; !undo_.empty(); undo_.pop_back()) {
    const Undo& undo = undo_.back();
    if (!undo.was.changed) --changed_count_;
    changed_bytes_ -= undo.bytes;
    *undo.entry = undo.was;
  }
  ++version_;
}

void Overlay::Iterator::settle_forward() {
  const auto end = overlay_.entries().end();
  while (at_ != end && !at_->second.changed) ++at_;
  valid_ = at_ != end;
}

// Looks at what lies before at_.
void Overlay::Iterator::settle_backward() {
  const auto begin = overlay_.entries().begin();
  valid_ = false;
  while (at_ != begin && !valid_) {
    --at_;
    valid_ = at_->second.changed;
  }
}

void Overlay::Iterator::seek(std::string_view row) {
  at_ = overlay_.entries().lower_bound(row);
  settle_forward();
}
void Overlay::Iterator::seek_before(std::string_view row) {
  at_ = overlay_.entries().lower_bound(row);
  settle_backward();
}
void Overlay::Iterator::seek_back(std::string_view row) {
  at_ = overlay_.entries().upper_bound(row);
  settle_backward();
}
void Overlay::Iterator::next() {
  ++at_;
  settle_forward();
}
void Overlay::Iterator::prev() { settle_backward(); }

}  // namespace cloche::engine
