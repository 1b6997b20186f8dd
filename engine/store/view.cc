#include "engine/store/view.h"

#include "engine/store/cursor.h"
#include "engine/store/row.h"

namespace cloche::engine {
namespace {

class View final : public ReadView {
 public:
  View(Layers& layers, State state) : layers_(layers), state_(std::move(state)) {}
  ~View() override { layers_.give_back(std::move(state_)); }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  Result<std::optional<std::string_view>> get(TableId table, std::string_view key) const override {
    set_row(row_, table, key);
    return find_row(state_, row_, arena_);
  }

  std::unique_ptr<Cursor> scan(TableId table, const KeyRange& range,
                               Direction direction) const override {
    return make_cursor(state_, nullptr, table, range, direction);
  }

  Lsn lsn() const override { return Lsn(state_.seq); }

 private:
  Layers& layers_;
  State state_;
  // A view belongs to one thread at a time, so that its reads may keep what they need.
  mutable std::string row_;
  mutable Arena arena_;
};

class FailedCursor final : public Cursor {
 public:
  explicit FailedCursor(Error error) : error_(std::move(error)) {}
  bool valid() const override { return false; }
  std::string_view key() const override { return {}; }
  std::string_view value() const override { return {}; }
  void next() override {}
  void seek(std::string_view) override {}
  Result<void> status() const override { return error_; }

 private:
  Error error_;
};

class FailedView final : public ReadView {
 public:
  explicit FailedView(Error error) : error_(std::move(error)) {}
  Result<std::optional<std::string_view>> get(TableId, std::string_view) const override {
    return error_;
  }
  std::unique_ptr<Cursor> scan(TableId, const KeyRange&, Direction) const override {
    return std::make_unique<FailedCursor>(error_);
  }
  Lsn lsn() const override { return Lsn(0); }

 private:
  Error error_;
};

}  // namespace

Result<std::optional<std::string_view>> find_row(const State& state, std::string_view row,
                                                 Arena& arena) {
  if (const auto found = state.active->find(row, state.seq)) return *found;
  if (state.frozen) {
    if (const auto found = state.frozen->find(row, state.seq)) return *found;
  }
  return state.snapshot->reader().get(table_of(row), key_of(row), arena);
}

std::unique_ptr<ReadView> make_view(Layers& layers, State state) {
  return std::make_unique<View>(layers, std::move(state));
}

std::unique_ptr<ReadView> make_failed_view(Error error) {
  return std::make_unique<FailedView>(std::move(error));
}

}  // namespace cloche::engine
