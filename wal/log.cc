#include "wal/log.h"

#include <algorithm>

#include "base/mutex.h"
#include "wal/recovery.h"
#include "wal/sync_thread.h"

namespace cloche::wal {
namespace {

class FileLog final : public Log {
 public:
  FileLog(Env& env, std::string dir, Durability durability, Recovery recovery, Lsn next)
      : env_(env),
        dir_(std::move(dir)),
        recovered_(recovery.found),
        segments_(std::move(recovery.segments)),
        last_(next.value() - 1),
        // What recovery read may still be unsynced; the first sync covers it.
        sync_(env, dir_, durability,
              recovery.found.last == Lsn(0) ? last_ : recovery.found.synced) {}

  Result<void> open_newest() {
    if (segments_.empty()) return {};
    CLOCHE_TRY(file, env_.open(segments_.back().path, OpenMode::ReadWrite));
    file_ = std::move(file);
    segment_bytes_ = segments_.back().bytes;
    return hand_to_sync();
  }

  const Recovered& recovered() const override { return recovered_; }

  Result<Lsn> append(std::span<const std::byte> record) override {
    if (!healthy())
      return unavailable("the log failed earlier, and accepts nothing until it is opened again");
    const Lsn lsn(last_.value() + 1);
    if (!file_ || segment_bytes_ >= kSegmentBytes) CLOCHE_TRY_VOID(begin_segment(lsn));
    if (auto wrote = write_frame(lsn, record); !wrote) {
      // A part of the frame may be there. It has to go, or the next one would follow damage.
      if (!file_->truncate(segment_bytes_)) sync_.set_unhealthy();
      return std::move(wrote).error();
    }
    segment_bytes_ += sizeof(FrameHeader) + record.size();
    {
      MutexLock lock(mutex_);
      segments_.back().bytes = segment_bytes_;
      last_ = lsn;
    }
    sync_.appended(lsn);
    return lsn;
  }

  Lsn synced() const override { return sync_.synced(); }
  void on_synced(Lsn lsn, std::move_only_function<void(Result<void>)> release) override {
    sync_.on_synced(lsn, std::move(release));
  }
  Result<void> sync() override { return sync_.sync(); }
  void before_sync(std::function<Result<void>()> prepare) override {
    sync_.before_sync(std::move(prepare));
    if (last_ > sync_.synced()) sync_.appended(last_);
  }
  bool healthy() const override { return sync_.healthy(); }

  Result<void> replay(Lsn from, const Visit& visit) const override {
    const auto [segments, newest_lsn] = state();
    const Lsn last = newest_lsn;  // Clang lets no lambda capture a structured binding.
    for (std::size_t index = 0; index < segments.size(); ++index) {
      const bool newest = index + 1 == segments.size();
      if (!newest && segments[index + 1].first.value() <= from.value() + 1) continue;
      CLOCHE_TRY(const bytes, read_checked(segments[index]));
      CLOCHE_TRY(const walk, walk_segment(bytes, segments[index].first,
                                          [&](std::uint64_t, const Frame& frame) -> Result<void> {
                                            const Lsn lsn(frame.header.lsn);
                                            if (lsn <= from || lsn > last) return {};
                                            return visit(lsn, frame.payload);
                                          }));
      CLOCHE_TRY_VOID(check_whole(segments[index], bytes, walk,
                                  newest ? last : Lsn(segments[index + 1].first.value() - 1)));
    }
    return {};
  }

  Result<void> replay_back(Lsn from, Lsn down_to, const Visit& visit) const override {
    const auto [segments, newest_lsn] = state();
    const Lsn last = newest_lsn;  // Clang lets no lambda capture a structured binding.
    for (std::size_t index = segments.size(); index-- > 0;) {
      const bool newest = index + 1 == segments.size();
      if (segments[index].first > from) continue;
      if (!newest && segments[index + 1].first.value() <= down_to.value() + 1) break;
      CLOCHE_TRY(const bytes, read_checked(segments[index]));
      std::vector<std::uint64_t> offsets;
      CLOCHE_TRY(const walk,
                 walk_segment(bytes, segments[index].first,
                              [&](std::uint64_t offset, const Frame& frame) -> Result<void> {
                                const Lsn lsn(frame.header.lsn);
                                if (lsn > down_to && lsn <= from && lsn <= last)
                                  offsets.push_back(offset);
                                return {};
                              }));
      CLOCHE_TRY_VOID(check_whole(segments[index], bytes, walk,
                                  newest ? last : Lsn(segments[index + 1].first.value() - 1)));
      for (auto offset = offsets.rbegin(); offset != offsets.rend(); ++offset) {
        const auto frame = frame_at(bytes, *offset);
        CLOCHE_CHECK(frame.has_value());
        CLOCHE_TRY_VOID(visit(Lsn(frame->header.lsn), frame->payload));
      }
    }
    return {};
  }

  Result<void> truncate_before(Lsn lsn, std::uint64_t keep_bytes) override {
    while (bytes_on_disk() > keep_bytes) {
      std::string path;
      {
        MutexLock lock(mutex_);
        if (segments_.size() < 2 || segments_[1].first.value() > lsn.value() + 1) return {};
        path = segments_.front().path;
      }
      // From the oldest on, one name after the other: a crash in between leaves no hole.
      CLOCHE_TRY_VOID(env_.remove(path));
      MutexLock lock(mutex_);
      segments_.erase(segments_.begin());
    }
    return {};
  }

  Lsn oldest() const override {
    MutexLock lock(mutex_);
    return segments_.empty() ? Lsn(last_.value() + 1) : segments_.front().first;
  }

  std::uint64_t bytes_on_disk() const override {
    MutexLock lock(mutex_);
    std::uint64_t bytes = 0;
    for (const Segment& segment : segments_) bytes += segment.bytes;
    return bytes;
  }

  Result<void> cut_after(Lsn lsn) override {
    file_ = nullptr;
    while (!segments_.empty() && segments_.back().first > lsn) {
      CLOCHE_TRY_VOID(env_.remove(segments_.back().path));
      segments_.pop_back();
    }
    last_ = recovered_.last = lsn;
    recovered_.synced = std::min(recovered_.synced, lsn);
    if (segments_.empty()) {
      sync_.segments_found({}, true, lsn);
      return env_.sync_directory(dir_);
    }
    Segment& newest = segments_.back();
    CLOCHE_TRY(const bytes, read_checked(newest));
    std::uint64_t end = sizeof(SegmentHeader);
    CLOCHE_TRY(const walk,
               walk_segment(bytes, newest.first,
                            [&](std::uint64_t offset, const Frame& frame) -> Result<void> {
                              if (frame.header.lsn <= lsn.value()) end = offset + frame.bytes();
                              return {};
                            }));
    CLOCHE_CHECK(walk.last >= lsn);
    CLOCHE_TRY(file, env_.open(newest.path, OpenMode::ReadWrite));
    file_ = std::move(file);
    CLOCHE_TRY_VOID(file_->truncate(end));
    newest.bytes = segment_bytes_ = end;
    CLOCHE_TRY_VOID(file_->sync());
    CLOCHE_TRY_VOID(env_.sync_directory(dir_));
    return hand_to_sync();
  }

  Result<void> scrub(const std::function<void(const std::string&)>& report) const override {
    const auto [segments, newest_lsn] = state();
    const Lsn last = newest_lsn;  // Clang lets no lambda capture a structured binding.
    for (std::size_t index = 0; index < segments.size(); ++index) {
      const bool newest = index + 1 == segments.size();
      CLOCHE_TRY(const bytes, read_segment(env_, segments[index]));
      if (const auto wrong = check_segment_header(bytes, segments[index].first)) {
        report(segments[index].path + " at offset 0: " + *wrong);
        continue;
      }
      CLOCHE_TRY_VOID(scrub_frames(segments[index], bytes,
                                   newest ? last : Lsn(segments[index + 1].first.value() - 1),
                                   report));
    }
    return {};
  }

 private:
  // A larger record goes out in two writes: to copy the 80 MB of a rewind behind its header costs more.
  static constexpr std::size_t kOneWriteBytesMax = std::size_t{256} << 10;

  Result<void> write_frame(Lsn lsn, std::span<const std::byte> record) {
    if (record.size() <= kOneWriteBytesMax) {
      make_frame(frame_, lsn, sync_.synced(), record);
      return file_->write_at(segment_bytes_, frame_);
    }
    const FrameHeader header = make_frame_header(lsn, sync_.synced(), record);
    CLOCHE_TRY_VOID(file_->write_at(segment_bytes_, std::as_bytes(std::span(&header, 1))));
    return file_->write_at(segment_bytes_ + sizeof header, record);
  }

  std::pair<std::vector<Segment>, Lsn> state() const {
    MutexLock lock(mutex_);
    return {segments_, last_};
  }

  Result<std::vector<std::byte>> read_checked(const Segment& segment) const {
    CLOCHE_TRY(bytes, read_segment(env_, segment));
    if (bytes.size() > segment.bytes)
      bytes.resize(segment.bytes);  // A record that is being appended right now.
    if (const auto wrong = check_segment_header(bytes, segment.first)) {
      return damaged(segment.path + " at offset 0: " + *wrong);
    }
    return bytes;
  }

  static Result<void> check_whole(const Segment& segment, std::span<const std::byte> bytes,
                                  const Walk& walk, Lsn expected) {
    if (walk.end == bytes.size() && walk.last == expected) return {};
    return damaged(segment.path + " at offset " + std::to_string(walk.end) + ": record " +
                   std::to_string(walk.last.value() + 1) + " is damaged or missing");
  }

  // Goes on behind each damage, so that all of it is told.
  static Result<void> scrub_frames(const Segment& segment, std::span<const std::byte> bytes,
                                   Lsn expected,
                                   const std::function<void(const std::string&)>& report) {
    std::size_t at = sizeof(SegmentHeader);
    Lsn lsn(segment.first.value() - 1);
    while (at < bytes.size()) {
      const auto frame = frame_at(bytes, at);
      if (frame && frame->header.lsn == lsn.value() + 1) {
        lsn = Lsn(frame->header.lsn);
        at += frame->bytes();
        continue;
      }
      const auto next = find_frame(bytes, at + 1, lsn);
      report(segment.path + " at offset " + std::to_string(at) + ": record " +
             std::to_string(lsn.value() + 1) + " is damaged" +
             (next ? "; records go on at offset " + std::to_string(*next) : ""));
      if (!next) return {};
      at = *next;
      lsn = Lsn(frame_at(bytes, at)->header.lsn - 1);
    }
    if (lsn != expected) {
      report(segment.path + " at offset " + std::to_string(at) + ": records " +
             std::to_string(lsn.value() + 1) + " to " + std::to_string(expected.value()) +
             " are missing");
    }
    return {};
  }

  // Gives the sync thread the segments whose records, as far as is known, nobody has synced: those
  // of a process that was killed may still be in the page cache alone. The newest one is file_.
  Result<void> hand_to_sync() {
    const Lsn synced = recovered_.last == Lsn(0) ? last_ : recovered_.synced;
    std::vector<std::shared_ptr<File>> files;
    for (std::size_t index = 0; index + 1 < segments_.size(); ++index) {
      if (segments_[index + 1].first.value() <= synced.value() + 1) continue;
      CLOCHE_TRY(file, env_.open(segments_[index].path, OpenMode::ReadWrite));
      files.push_back(std::move(file));
    }
    files.push_back(file_);
    sync_.segments_found(std::move(files), last_ > synced, synced);
    return {};
  }

  Result<void> begin_segment(Lsn first) {
    Segment segment{.first = first, .path = segment_path(dir_, first)};
    const auto header = make_segment_header(first);
    // A file of this name can only be what an earlier, failed attempt left.
    CLOCHE_TRY(opened, env_.open(segment.path, OpenMode::CreateOrOpen));
    const std::shared_ptr<File> file = std::move(opened);
    CLOCHE_TRY_VOID(file->truncate(0));
    if (auto wrote = file->write_at(0, header); !wrote) {
      if (!env_.remove(segment.path)) sync_.set_unhealthy();
      return std::move(wrote).error();
    }
    segment.bytes = segment_bytes_ = header.size();
    file_ = file;
    sync_.segment_began(file_);
    MutexLock lock(mutex_);
    segments_.push_back(std::move(segment));
    return {};
  }

  Env& env_;
  const std::string dir_;
  Recovered recovered_;

  mutable Mutex mutex_;
  std::vector<Segment> segments_ CLOCHE_GUARDED_BY(mutex_);
  Lsn last_
      CLOCHE_GUARDED_BY(mutex_);  // The appending thread, which alone changes it, reads it without.

  // The appending thread's own.
  std::shared_ptr<File> file_;
  std::uint64_t segment_bytes_ = 0;
  std::vector<std::byte> frame_;

  SyncThread sync_;  // Last: its thread ends first.
};

}  // namespace

Result<std::unique_ptr<Log>> Log::open(Env& env, const std::string& dir, Durability durability,
                                       Lsn begin_at, const Accept& accept) {
  CLOCHE_CHECK(durability != Durability::Memory);
  CLOCHE_TRY_VOID(env.create_directories(dir));
  CLOCHE_TRY(recovery, recover(env, dir, accept));
  Lsn next = begin_at;
  if (recovery.found.last != Lsn(0)) {
    next = Lsn(recovery.found.last.value() + 1);
  } else if (!recovery.segments.empty()) {
    next = recovery.segments.back().first;
  }
  auto log = std::make_unique<FileLog>(env, dir, durability, std::move(recovery), next);
  CLOCHE_TRY_VOID(log->open_newest());
  return std::unique_ptr<Log>(std::move(log));
}

}  // namespace cloche::wal
