// Items as they were: a view of now with what has changed since put back.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dynamodb/table/catalog.h"
#include "engine/engine.h"

namespace cloche::dynamodb {

// Rows of a view with what the past says of them in its place, in order.
class PastCursor {
 public:
  PastCursor(const engine::ReadView& view, const engine::KeyRange& range,
             const engine::PastRows& past)
      : now_(view.scan(kItems, range)), past_(past), at_(past.lower_bound(range.from)) {
    settle();
  }
  bool valid() const { return valid_; }
  const std::string& key() const { return key_; }
  std::string_view value() const { return value_; }
  void next() { settle(); }
  Result<void> status() const { return now_->status(); }

 private:
  void settle() {
    valid_ = false;
    while (!valid_ && (now_->valid() || at_ != past_.end())) {
      const bool changed =
          at_ != past_.end() && (!now_->valid() || std::string_view(at_->first) <= now_->key());
      if (!changed) {
        take(now_->key(), now_->value());
        now_->next();
        continue;
      }
      if (now_->valid() && now_->key() == at_->first) now_->next();
      if (at_->second) take(at_->first, *at_->second);
      ++at_;
    }
  }
  void take(std::string_view key, std::string_view value) {
    key_ = key;
    value_ = value;
    valid_ = true;
  }

  std::unique_ptr<engine::Cursor> now_;
  const engine::PastRows& past_;
  engine::PastRows::const_iterator at_;
  bool valid_ = false;
  std::string key_, value_;
};

}  // namespace cloche::dynamodb
