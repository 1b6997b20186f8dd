#include "engine/store/cursor.h"

#include <array>

#include "engine/store/row.h"

namespace cloche::engine {
namespace {

// One layer's rows of the range, in the cursor's direction.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0;                   // Without the table's number.
  virtual std::optional<std::string_view> value() const = 0;  // Nothing: the row is gone.
  virtual void seek(std::string_view key) = 0;
  // Leaves `key` behind, if it stands there.
  virtual void pass(std::string_view key) = 0;
  virtual Result<void> status() const { return {}; }
};

// The range as rows.
struct Rows {
  Rows(TableId table, const KeyRange& range) {
    set_row(from, table, range.from);
    // No key begins with 0xFF but a bound.
    set_row(to, table, range.to.empty() ? std::string_view("\xFF") : std::string_view(range.to));
  }
  std::string from;
  std::string to;
};

// A memtable or an overlay.
template <class Iterator>
class MemorySource : public Source {
 public:
  MemorySource(Iterator iterator, TableId table, const KeyRange& range, Direction direction)
      : iterator_(std::move(iterator)), rows_(table, range), direction_(direction), table_(table) {
    if (direction_ == Direction::Forward) {
      iterator_.seek(rows_.from);
    } else {
      iterator_.seek_before(rows_.to);
    }
    check_range();
  }

  bool valid() const override { return valid_; }
  std::string_view key() const override { return key_of(iterator_.key()); }
  std::optional<std::string_view> value() const override { return iterator_.value(); }

  void seek(std::string_view key) override {
    set_row(target_, table_, key);
    if (direction_ == Direction::Forward) {
      iterator_.seek(std::max(target_, rows_.from));
    } else if (target_ >= rows_.to) {
      iterator_.seek_before(rows_.to);
    } else {
      iterator_.seek_back(target_);
    }
    check_range();
  }

  void pass(std::string_view key) override {
    if (!valid_ || this->key() != key) return;
    step();
  }

 protected:
  void step() {
    if (direction_ == Direction::Forward) {
      iterator_.next();
    } else {
      iterator_.prev();
    }
    check_range();
  }

 private:
  void check_range() {
    valid_ =
        iterator_.valid() && (direction_ == Direction::Forward ? iterator_.key() < rows_.to
                                                               : iterator_.key() >= rows_.from);
  }

  Iterator iterator_;
  const Rows rows_;
  const Direction direction_;
  const TableId table_;
  std::string target_;
  bool valid_ = false;
};

using MemtableSource = MemorySource<Memtable::Iterator>;

// The overlay may change under its cursor: a closure erases what it walks over.
class OverlaySource final : public MemorySource<Overlay::Iterator> {
 public:
  OverlaySource(const Overlay& overlay, TableId table, const KeyRange& range, Direction direction)
      : MemorySource(Overlay::Iterator(overlay), table, range, direction),
        overlay_(overlay),
        version_(overlay.version()) {}

  void pass(std::string_view key) override {
    if (version_ == overlay_.version()) return MemorySource::pass(key);
    version_ = overlay_.version();
    seek(key);
    MemorySource::pass(key);
  }

 private:
  const Overlay& overlay_;
  std::uint64_t version_;
};

class SqliteSource final : public Source {
 public:
  SqliteSource(Snapshot& snapshot, TableId table, const KeyRange& range, Direction direction)
      : scan_(snapshot.reader(), table, range, direction) {}
  bool valid() const override { return scan_.valid(); }
  std::string_view key() const override { return scan_.key(); }
  std::optional<std::string_view> value() const override { return scan_.value(); }
  void seek(std::string_view key) override { scan_.seek(key); }
  void pass(std::string_view key) override {
    if (scan_.valid() && scan_.key() == key) scan_.next();
  }
  Result<void> status() const override { return scan_.status(); }

 private:
  sqlite::TableReader::Scan scan_;
};

class MergingCursor final : public Cursor {
 public:
  MergingCursor(const State& state, const Overlay* overlay, TableId table, const KeyRange& range,
                Direction direction)
      : direction_(direction) {
    const bool empty = !range.to.empty() && range.from >= range.to;
    if (empty) return;
    if (overlay) add(std::make_unique<OverlaySource>(*overlay, table, range, direction));
    add(std::make_unique<MemtableSource>(Memtable::Iterator(*state.active, state.seq), table, range,
                                         direction));
    if (state.frozen) {
      add(std::make_unique<MemtableSource>(Memtable::Iterator(*state.frozen, state.seq), table,
                                           range, direction));
    }
    add(std::make_unique<SqliteSource>(*state.snapshot, table, range, direction));
    settle();
  }

  bool valid() const override { return current_ != nullptr; }
  std::string_view key() const override { return current_->key(); }
  // A row that its own cursor erased has no value any more.
  std::string_view value() const override { return current_->value().value_or(std::string_view()); }

  void next() override {
    pass_current();
    settle();
  }

  void seek(std::string_view key) override {
    if (!status_) return;
    const std::string target(key);  // It may be a view of our own key.
    for (std::size_t i = 0; i < count_; ++i) sources_[i]->seek(target);
    settle();
  }

  Result<void> status() const override { return status_; }

 private:
  void add(std::unique_ptr<Source> source) { sources_[count_++] = std::move(source); }

  // All layers' rows of the current key are one row.
  void pass_current() {
    passed_.assign(current_->key());
    for (std::size_t i = 0; i < count_; ++i) sources_[i]->pass(passed_);
  }

  bool is_before(std::string_view a, std::string_view b) const {
    return direction_ == Direction::Forward ? a < b : a > b;
  }

  // Finds the next key; the first of equals is the newest layer.
  void settle() {
    for (;;) {
      current_ = nullptr;
      for (std::size_t i = 0; i < count_; ++i) {
        Source& source = *sources_[i];
        if (auto status = source.status(); !status) {
          status_ = std::move(status);
          current_ = nullptr;
          return;
        }
        if (source.valid() && (!current_ || is_before(source.key(), current_->key())))
          current_ = &source;
      }
      if (!current_ || current_->value()) return;
      pass_current();
    }
  }

  const Direction direction_;
  std::array<std::unique_ptr<Source>, 4> sources_;
  std::size_t count_ = 0;
  Source* current_ = nullptr;
  std::string passed_;
  Result<void> status_;
};

}  // namespace

std::unique_ptr<Cursor> make_cursor(const State& state, const Overlay* overlay, TableId table,
                                    const KeyRange& range, Direction direction) {
  return std::make_unique<MergingCursor>(state, overlay, table, range, direction);
}

}  // namespace cloche::engine
