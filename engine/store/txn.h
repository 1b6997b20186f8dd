// A commit group as its closures see it: each runs on the changes of those before it, and is kept
// or dropped alone.
#pragma once

#include <optional>
#include <vector>

#include "engine/blob/blob_store.h"
#include "engine/engine.h"
#include "engine/store/layers.h"
#include "engine/store/overlay.h"

namespace cloche::engine {

// What a closure that waits has asked for.
struct WaitFor {
  std::vector<ChannelId> channels;
  Instant until{};
};

// Used by the group's leader only.
class GroupTxn final : public WriteTxn {
 public:
  GroupTxn(Layers& layers, const Tables& tables, BlobStore& blobs, Ids& ids)
      : layers_(layers), tables_(tables), blobs_(blobs), ids_(ids) {}

  // A group begins over everything published. Fails if SQLite can't be read.
  Result<void> begin_group(Lsn lsn);
  // A group ends: its changes are in the log, or lost. Files of a lost group go back to where they
  // were.
  void end_group(bool committed);
  // Between groups: lets go of the state, so that nothing is kept from being freed while the writer
  // is idle.
  void release_state();

  void set_now(Instant now) { now_ = now; }
  void begin_closure();
  void keep_closure();
  void drop_closure();
  // What the closure waits for, if it asked to be run again.
  std::optional<WaitFor> take_wait() { return std::exchange(wait_, std::nullopt); }

  const Overlay& overlay() const { return overlay_; }
  const std::vector<BlobRef>& added_blobs() const { return added_blobs_; }
  const std::vector<ChannelId>& touched() const { return touched_; }
  bool queued_work() const { return work_count_ > 0; }

  Result<std::optional<std::string_view>> get(TableId table, std::string_view key) const override;
  std::unique_ptr<Cursor> scan(TableId table, const KeyRange& range,
                               Direction direction) const override;
  Lsn lsn() const override { return Lsn(lsn_.value() - 1); }
  Result<void> put(TableId table, std::string_view key, std::string_view value) override;
  Result<void> erase(TableId table, std::string_view key) override;
  Instant now() const override { return now_; }
  Ids& ids() override { return ids_; }
  Result<BlobRef> adopt(const PendingBlob& blob) override;
  Result<void> retain(const BlobRef& blob) override;
  Result<void> release(const BlobRef& blob) override;
  void touch(ChannelId channel) override { touched_.push_back(channel); }
  Result<std::uint64_t> later(Work work) override;
  Result<void> cancel(std::uint64_t work_id) override;
  void wait_for(std::vector<ChannelId> channels, Instant until) override {
    wait_ = {std::move(channels), until};
  }

 private:
  // How much the group held when the closure began, to go back to.
  struct Mark {
    std::size_t placed = 0, added = 0, touched = 0;
    std::uint64_t work = 0;
  };

  // The row as the group sees it; reads it once.
  Result<Overlay::Entry*> load(TableId table, std::string_view key) const;

  Layers& layers_;
  const Tables& tables_;
  BlobStore& blobs_;
  Ids& ids_;

  Lsn lsn_;
  Instant now_{};
  std::optional<State> state_;
  std::uint64_t state_version_ = 0;
  mutable Overlay overlay_;  // Reading remembers.
  mutable std::string row_;
  std::vector<Placement> placed_;
  std::vector<BlobRef> added_blobs_;
  std::vector<ChannelId> touched_;
  std::uint64_t work_count_ = 0;
  Mark mark_;
  std::optional<WaitFor> wait_;
};

}  // namespace cloche::engine
