#include "engine/store/layers.h"

namespace cloche::engine {
namespace {

// A snapshot misses the memtables only if a flush has ended meanwhile. So often in a row it is
// another file's.
constexpr int kCapturesMax = 100;

}  // namespace

void Unflushed::visit(Lsn lsn, const Visit& visit) const {
  Memtable::Iterator newer(*active, lsn.value());
  newer.seek("");
  Memtable::Iterator older(frozen ? *frozen : *active, lsn.value());
  if (frozen) older.seek("");
  while (newer.valid() || older.valid()) {
    const bool same = newer.valid() && older.valid() && newer.key() == older.key();
    auto& first =
        newer.valid() && (same || !older.valid() || newer.key() < older.key()) ? newer : older;
    visit(first.key(), first.value());
    if (same) older.next();
    first.next();
  }
}

Layers::Layers(std::string path, const Tables& tables, Lsn flushed)
    : path_(std::move(path)),
      pool_(path_, tables),
      active_(std::make_shared<Memtable>(Lsn(flushed.value() + 1))),
      published_(flushed.value()),
      flushed_(flushed.value()) {
  alive_.emplace_back(active_->first(), active_);
}

Result<State> Layers::capture() {
  std::unique_ptr<Snapshot> fresh;
  for (int tries = 0; tries < kCapturesMax; ++tries) {
    {
      MutexLock lock(mutex_);
      State state{.seq = published_.load(std::memory_order_acquire),
                  .active = active_,
                  .frozen = frozen_,
                  .snapshot = nullptr};
      const Lsn base(flushed_.load(std::memory_order_relaxed));
      auto snapshot = fresh ? std::move(fresh) : pool_.take_idle();
      if (snapshot && snapshot->flushed() >= base && snapshot->flushed().value() <= state.seq) {
        state.snapshot = std::move(snapshot);
        return state;
      }
      fresh = std::move(snapshot);
    }
    // None was idle, or it was of another time than the memtables. Outside of the lock, since
    // SQLite may block.
    if (fresh) pool_.give_back(std::move(fresh));
    CLOCHE_TRY(begun, pool_.begin());
    fresh = std::move(begun);
  }
  return unavailable(path_ +
                     " is not the file any more that this process has opened: the data directory "
                     "was removed or replaced; restart");
}

Unflushed Layers::unflushed() const {
  MutexLock lock(mutex_);
  return {.flushed = flushed(), .published = published(), .active = active_, .frozen = frozen_};
}

void Layers::give_back(State state) {
  if (state.snapshot) pool_.give_back(std::move(state.snapshot));
}

Lsn Layers::oldest_in_use() {
  MutexLock lock(mutex_);
  while (alive_.front().second.expired()) alive_.erase(alive_.begin());
  return Lsn(alive_.front().first.value() - 1);
}

bool Layers::freeze() {
  if (active_->rows() == 0) return false;
  auto next = std::make_shared<Memtable>(Lsn(published_.load(std::memory_order_relaxed) + 1));
  MutexLock lock(mutex_);
  if (frozen_) return false;
  frozen_ = std::exchange(active_, std::move(next));
  frozen_last_ = Lsn(published_.load(std::memory_order_relaxed));
  alive_.emplace_back(active_->first(), active_);
  version_.fetch_add(1, std::memory_order_release);
  return true;
}

std::shared_ptr<const Memtable> Layers::frozen() const {
  MutexLock lock(mutex_);
  return frozen_;
}

Lsn Layers::frozen_last() const {
  MutexLock lock(mutex_);
  return frozen_last_;
}

void Layers::frozen_is_flushed() {
  std::shared_ptr<Memtable> dropped;  // Its memory is given back outside of the lock.
  {
    MutexLock lock(mutex_);
    CLOCHE_CHECK(frozen_ != nullptr);
    dropped = std::exchange(frozen_, nullptr);
    flushed_.store(frozen_last_.value(), std::memory_order_release);
    version_.fetch_add(1, std::memory_order_release);
  }
  pool_.renew();
}

bool Layers::has_unflushed() const {
  MutexLock lock(mutex_);
  return frozen_ != nullptr || active_->rows() > 0;
}

std::size_t Layers::active_bytes() const {
  MutexLock lock(mutex_);
  return active_->bytes();
}

}  // namespace cloche::engine
