#include "engine/seal/sealer.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "engine/history/errors.h"
#include "engine/seal/container.h"
#include "engine/seal/state.h"
#include "engine/seal/state_file.h"
#include "engine/seal/zstd.h"

namespace cloche::engine {
namespace {

// How long work that goes on is waited for.
constexpr std::chrono::seconds kWaitForWork{30};
// A blob of which this much does not become a tenth smaller is stored as it is.
constexpr std::size_t kProbe = std::size_t{256} << 10;
constexpr std::size_t kPiece = std::size_t{1} << 20;

// Removes what it was given unless it is kept.
class Temporary {
 public:
  Temporary(Env& env, std::string path) : env_(env), path_(std::move(path)) {}
  ~Temporary() {
    if (!path_.empty()) static_cast<void>(env_.remove(path_).has_value());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  Env& env_;
  std::string path_;
};

// A file that is written from its front on.
class Output {
 public:
  explicit Output(File& file) : file_(file) {}

  Result<void> append(std::span<const std::byte> bytes) {
    if (gathered_.size() + bytes.size() > kPiece) CLOCHE_TRY_VOID(flush());
    if (bytes.size() > kPiece) {
      CLOCHE_TRY_VOID(file_.write_at(written_, bytes));
      written_ += bytes.size();
      return {};
    }
    gathered_.append(as_text(bytes));
    return {};
  }
  Result<void> append(std::string_view text) { return append(as_bytes(text)); }
  Result<void> pad() { return append(std::string(padded(at()) - at(), '\0')); }
  Result<void> flush() {
    CLOCHE_TRY_VOID(file_.write_at(written_, as_bytes(gathered_)));
    written_ += gathered_.size();
    gathered_.clear();
    return {};
  }
  // Goes back to write something else.
  Result<void> back_to(std::uint64_t at) {
    CLOCHE_TRY_VOID(flush());
    written_ = at;
    return file_.truncate(at);
  }
  std::uint64_t at() const { return written_ + gathered_.size(); }

 private:
  File& file_;
  std::string gathered_;
  std::uint64_t written_ = 0;
};

// One member after the other.
class Writer {
 public:
  Writer(const SealParts& parts, const SealWish& wish, const SealProgress& progress)
      : parts_(parts), wish_(wish), progress_(progress) {}

  Result<Sealed> run() {
    CLOCHE_TRY_VOID(check_target());
    CLOCHE_TRY_VOID(begin());
    CLOCHE_TRY_VOID(write_state());
    Temporary made(parts_.env, temporary_name(""));
    CLOCHE_TRY(const file, parts_.env.open(made.path(), OpenMode::CreateExclusive));
    Output out(*file);
    CLOCHE_TRY_VOID(leave_room(out));
    CLOCHE_TRY_VOID(copy_state(out));
    CLOCHE_TRY_VOID(write_blobs(out));
    CLOCHE_TRY_VOID(out.append(std::string(2 * kTarBlock, '\0')));
    CLOCHE_TRY_VOID(out.flush());
    const Sealed sealed{.hash = "sha256:" + to_hex(hash()),
                        .bytes = out.at(),
                        .rows = rows(),
                        .blobs = blobs_.size()};
    CLOCHE_TRY_VOID(fill_room(*file));
    CLOCHE_TRY_VOID(file->sync());
    CLOCHE_TRY_VOID(put_in_place(made));
    return sealed;
  }

 private:
  std::string temporary_name(std::string_view what) const {
    return wish_.file + "." + std::to_string(number_) + std::string(what) + ".part";
  }

  Result<void> check_target() const {
    if (!std::filesystem::path(wish_.file).is_absolute())
      return refusal("InvalidFile", "the name of the file has to be a whole path: " + wish_.file);
    CLOCHE_TRY(const there, parts_.env.exists(wish_.file));
    if (there && !wish_.replace) {
      return refusal("FileExists", wish_.file + " is there already; --force takes its place", 409);
    }
    if (there && !is_sealed_file()) {
      return refusal("FileExists", wish_.file + " is there and no sealed file: it is left as it is",
                     409);
    }
    return {};
  }

  // Nobody gets another kind of file removed by this.
  bool is_sealed_file() const {
    const auto file = parts_.env.open(wish_.file, OpenMode::Read);
    if (!file) return false;
    std::string header(kTarBlock, '\0');
    const auto got = (*file)->read_at(0, std::as_writable_bytes(std::span(header)));
    return got && *got == kTarBlock && header == tar_header(kMagicMember, magic_text({}).size());
  }

  // A state in which nothing goes on that needs the history.
  Result<void> begin() {
    const auto began = parts_.env.monotonic();
    for (;;) {
      parts_.store.drain_work();
      view_ = parts_.store.view();
      state_ = std::make_unique<CanonicalState>(*view_, parts_.tables, wish_.only);
      CLOCHE_TRY(const busy, state_->is_under_way());
      if (!busy) break;
      if (parts_.env.monotonic() - began > kWaitForWork) {
        return unavailable(
            "a copy of a table, to a backup or from one, is under way: seal when it "
            "has ended");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return state_->prepare();
  }

  // Rows as a database, and that in compressed pieces; both beside the file.
  Result<void> write_state() {
    state_made_.emplace(parts_.env, temporary_name(".state"));
    CLOCHE_TRY_VOID(parts_.env.remove(state_made_->path()));
    CLOCHE_TRY(tables, write_state_file(parts_.env, state_made_->path(), parts_.tables, *state_,
                                        [this](std::size_t bytes) { tell(bytes); }));
    manifest_.schema = parts_.tables.schema().version;
    for (const SealPart& part : wish_.only)
      manifest_.only.push_back(part.service + (part.owner.empty() ? "" : ":" + part.owner));
    std::ranges::sort(manifest_.only);
    for (SealedTable& table : tables) {
      if (table.rows > 0) manifest_.tables.push_back(std::move(table));
    }
    blobs_.reserve(state_->file_blobs().size());
    for (const BlobRef& blob : state_->file_blobs()) {
      blobs_.push_back({.blob = blob});
      manifest_.blob_bytes += blob.size;
    }
    manifest_.blobs = blobs_.size();
    if (blobs_.size() > kTarMemberMax / kBlobLine)
      return refusal("TooManyBlobs", "more than 90 million large bodies can't be sealed");
    of_ = done_ + manifest_.blob_bytes;
    CLOCHE_TRY(const state, parts_.env.open(state_made_->path(), OpenMode::Read));
    CLOCHE_TRY(const size, state->size());
    manifest_.state_bytes = size;
    packed_made_.emplace(parts_.env, temporary_name(".packed"));
    CLOCHE_TRY_VOID(parts_.env.remove(packed_made_->path()));
    CLOCHE_TRY(packed, parts_.env.open(packed_made_->path(), OpenMode::CreateExclusive));
    packed_ = std::move(packed);
    Output out(*packed_);
    std::vector<std::byte> piece(kStateChunk);
    for (std::size_t i = 0; i * kStateChunk < size; ++i) {
      const std::span bytes = std::span(piece).first(manifest_.chunk_bytes(i));
      CLOCHE_TRY(const got, state->read_at(i * kStateChunk, bytes));
      if (got != bytes.size()) return damaged(state_made_->path() + " became shorter");
      const std::uint64_t at = out.at();
      zstd::Compressor compressor(bytes.size(),
                                  [&out](auto bytes_packed) { return out.append(bytes_packed); });
      CLOCHE_TRY_VOID(compressor.append(bytes));
      CLOCHE_TRY_VOID(compressor.finish());
      manifest_.chunks.push_back({.stored = out.at() - at, .digest = sha256(bytes)});
    }
    return out.flush();
  }

  // The first members are known to their lengths, and filled in at the end.
  Result<void> leave_room(Output& out) {
    room_ = 3 * kTarBlock + padded(magic_text({}).size()) + padded(manifest_.encode().size()) +
            padded(blobs_.size() * kBlobLine);
    return out.append(std::string(room_, '\0'));
  }

  Result<void> copy_state(Output& out) {
    std::uint64_t at = 0;
    std::vector<std::byte> piece;
    for (std::size_t i = 0; i < manifest_.chunks.size(); ++i) {
      piece.resize(manifest_.chunks[i].stored);
      CLOCHE_TRY(const got, packed_->read_at(at, piece));
      if (got != piece.size()) return damaged(packed_made_->path() + " became shorter");
      CLOCHE_TRY_VOID(out.append(tar_header(manifest_.chunk_name(i), piece.size())));
      CLOCHE_TRY_VOID(out.append(piece));
      CLOCHE_TRY_VOID(out.pad());
      at += got;
    }
    return {};
  }

  Result<void> write_blobs(Output& out) {
    for (SealedBlob& blob : blobs_) {
      CLOCHE_TRY_VOID(write_blob(out, blob));
      tell(blob.blob.size);
    }
    return {};
  }

  // Shows the bytes of a blob, and holds them against its name.
  Result<void> read_blob(const BlobRef& blob, const zstd::Sink& sink) {
    CLOCHE_TRY(const bytes, parts_.store.blobs().read(*view_, blob, 0, blob.size));
    Hasher<Sha256> hasher;
    std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece, blob.size));
    for (std::uint64_t at = 0; at < blob.size;) {
      CLOCHE_TRY(const got, bytes.file->read_at(bytes.file_offset + at, piece));
      if (got == 0) return damaged("blob " + to_hex(blob.digest) + " is cut short");
      const auto read = std::span<const std::byte>(piece).first(got);
      hasher.update(read);
      CLOCHE_TRY_VOID(sink(read));
      at += got;
    }
    if (hasher.finish() == blob.digest) return {};
    return damaged("blob " + to_hex(blob.digest) + " has other bytes than its name says");
  }

  Result<bool> is_worth_packing(const BlobRef& blob) {
    CLOCHE_TRY(const bytes, parts_.store.blobs().read(*view_, blob, 0, blob.size));
    std::vector<std::byte> probe(std::min<std::uint64_t>(kProbe, blob.size));
    CLOCHE_TRY(const got, bytes.file->read_at(bytes.file_offset, probe));
    return zstd::compressed_size(std::span(probe).first(got)) < got - got / 10;
  }

  Result<void> write_blob(Output& out, SealedBlob& blob) {
    if (blob.blob.size > kTarMemberMax)
      return refusal("BlobTooLarge", "a body of more than 8 GiB can't be sealed");
    CLOCHE_TRY(const packs, is_worth_packing(blob.blob));
    const std::uint64_t begin = out.at();
    if (packs) {
      CLOCHE_TRY_VOID(out.append(std::string(kTarBlock, '\0')));
      zstd::Compressor compressor(blob.blob.size,
                                  [&out](auto packed) { return out.append(packed); });
      CLOCHE_TRY_VOID(read_blob(blob.blob, [&](auto bytes) { return compressor.append(bytes); }));
      CLOCHE_TRY_VOID(compressor.finish());
      blob.stored = out.at() - begin - kTarBlock;
      if (blob.stored < blob.blob.size) {
        CLOCHE_TRY_VOID(out.pad());
        headers_.emplace_back(begin, tar_header(blob.name(), blob.stored));
        return {};
      }
      CLOCHE_TRY_VOID(out.back_to(begin));
    }
    blob.stored = blob.blob.size;
    CLOCHE_TRY_VOID(out.append(tar_header(blob.name(), blob.stored)));
    CLOCHE_TRY_VOID(read_blob(blob.blob, [&](auto bytes) { return out.append(bytes); }));
    return out.pad();
  }

  Sha256 hash() {
    Hasher<Sha256> hasher;
    for (const SealedBlob& blob : blobs_) hasher.update(as_bytes(blob_line(blob)));
    manifest_.blob_list = hasher.finish();
    return sha256(as_bytes(manifest_.encode()));
  }

  Result<void> fill_room(File& file) {
    for (const auto& [at, header] : headers_) CLOCHE_TRY_VOID(file.write_at(at, as_bytes(header)));
    const std::string manifest = manifest_.encode();
    std::string room;
    const auto member = [&](std::string_view name, std::string_view text) {
      room += tar_header(name, text.size());
      room += text;
      room.resize(padded(room.size()), '\0');
    };
    member(kMagicMember, magic_text(sha256(as_bytes(manifest))));
    member(kManifestMember, manifest);
    std::string lines;
    for (const SealedBlob& blob : blobs_) lines += blob_line(blob);
    member(kBlobListMember, lines);
    CLOCHE_CHECK(room.size() == room_);
    return file.write_at(0, as_bytes(room));
  }

  Result<void> put_in_place(Temporary& made) {
    // A file that came meanwhile is not written over.
    if (wish_.replace) {
      CLOCHE_TRY_VOID(parts_.env.rename(made.path(), wish_.file));
      made.keep();
    } else if (auto linked = parts_.env.link(made.path(), wish_.file); !linked) {
      CLOCHE_TRY(const there, parts_.env.exists(wish_.file));
      if (there) return refusal("FileExists", wish_.file + " came there meanwhile", 409);
      CLOCHE_TRY_VOID(parts_.env.rename(made.path(), wish_.file));  // No links on this file system.
      made.keep();
    }
    const auto folder = std::filesystem::path(wish_.file).parent_path().string();
    return parts_.env.sync_directory(folder.empty() ? "/" : folder);
  }

  std::uint64_t rows() const {
    std::uint64_t rows = 0;
    for (const SealedTable& table : manifest_.tables) rows += table.rows;
    return rows;
  }

  void tell(std::uint64_t bytes) {
    done_ += bytes;
    if (progress_) progress_(done_, std::max(of_, done_));
  }

  const SealParts& parts_;
  const SealWish& wish_;
  const SealProgress& progress_;
  const std::uint64_t number_ = parts_.env.random_u64();
  std::unique_ptr<ReadView> view_;
  std::unique_ptr<CanonicalState> state_;
  std::optional<Temporary> state_made_, packed_made_;
  std::unique_ptr<File> packed_;
  Manifest manifest_;
  std::vector<SealedBlob> blobs_;
  std::vector<std::pair<std::uint64_t, std::string>> headers_;  // Of packed blobs, by place.
  std::uint64_t room_ = 0;
  std::uint64_t done_ = 0, of_ = 0;
};

}  // namespace

Result<Sealed> seal(const SealParts& parts, const SealWish& wish, const SealProgress& progress) {
  return Writer(parts, wish, progress).run();
}

}  // namespace cloche::engine
