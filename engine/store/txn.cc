#include "engine/store/txn.h"

#include "engine/outbox/work_row.h"
#include "engine/store/cursor.h"
#include "engine/store/row.h"
#include "engine/store/view.h"

namespace cloche::engine {

Result<void> GroupTxn::begin_group(Lsn lsn) {
  CLOCHE_CHECK(placed_.empty());
  if (state_ && state_version_ != layers_.version()) release_state();
  if (!state_) {
    state_version_ = layers_.version();
    CLOCHE_TRY(state, layers_.capture());
    state_.emplace(std::move(state));
  }
  state_->seq = layers_.published().value();
  overlay_.clear();
  added_blobs_.clear();
  touched_.clear();
  work_count_ = 0;
  lsn_ = lsn;
  return {};
}

void GroupTxn::end_group(bool committed) {
  if (!committed) {
    for (auto placement = placed_.rbegin(); placement != placed_.rend(); ++placement)
      blobs_.take_back(*placement);
  }
  placed_.clear();
}

void GroupTxn::release_state() {
  if (!state_) return;
  overlay_.clear();
  layers_.give_back(*std::move(state_));
  state_.reset();
}

void GroupTxn::begin_closure() {
  wait_.reset();
  mark_ = {placed_.size(), added_blobs_.size(), touched_.size(), work_count_};
  overlay_.begin_closure();
}

void GroupTxn::keep_closure() { overlay_.keep_closure(); }

void GroupTxn::drop_closure() {
  overlay_.drop_closure();
  for (; placed_.size() > mark_.placed; placed_.pop_back()) blobs_.take_back(placed_.back());
  added_blobs_.resize(mark_.added);
  touched_.resize(mark_.touched);
  work_count_ = mark_.work;
}

Result<Overlay::Entry*> GroupTxn::load(TableId table, std::string_view key) const {
  CLOCHE_CHECK(tables_.find(table) != nullptr);
  set_row(row_, table, key);
  if (Overlay::Entry* known = overlay_.find(row_)) return known;
  CLOCHE_TRY(const value, find_row(*state_, row_, overlay_.arena()));
  return &overlay_.remember(row_, value);
}

Result<std::optional<std::string_view>> GroupTxn::get(TableId table, std::string_view key) const {
  CLOCHE_TRY(const entry, load(table, key));
  return entry->now;
}

std::unique_ptr<Cursor> GroupTxn::scan(TableId table, const KeyRange& range,
                                       Direction direction) const {
  return make_cursor(*state_, &overlay_, table, range, direction);
}

Result<void> GroupTxn::put(TableId table, std::string_view key, std::string_view value) {
  CLOCHE_TRY(const entry, load(table, key));
  overlay_.change(*entry, row_, value);
  return {};
}

Result<void> GroupTxn::erase(TableId table, std::string_view key) {
  CLOCHE_TRY(const entry, load(table, key));
  if (entry->now) overlay_.change(*entry, row_, std::nullopt);
  return {};
}

Result<BlobRef> GroupTxn::adopt(const PendingBlob& blob) {
  const std::size_t placed = placed_.size();
  CLOCHE_TRY(const ref, blobs_.adopt(*this, blob, placed_));
  if (placed_.size() > placed) added_blobs_.push_back(ref);
  return ref;
}

Result<void> GroupTxn::retain(const BlobRef& blob) { return blobs_.retain(*this, blob); }
Result<void> GroupTxn::release(const BlobRef& blob) { return blobs_.release(*this, blob, lsn_); }

Result<std::uint64_t> GroupTxn::later(Work work) {
  const std::uint64_t id = work_id(lsn_, work_count_);
  const Instant due = std::max(work.due, now_);
  CLOCHE_TRY_VOID(
      put_work(*this, id, due,
               {.kind = std::move(work.kind), .payload = std::move(work.payload), .attempts = 0}));
  ++work_count_;
  return id;
}

Result<void> GroupTxn::cancel(std::uint64_t work_id) {
  CLOCHE_TRY(const erased, erase_work(*this, work_id));
  static_cast<void>(erased);  // It may have been done already.
  return {};
}

}  // namespace cloche::engine
