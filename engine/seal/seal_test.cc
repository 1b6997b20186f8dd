// Sealed files: equal state gives equal bytes, what opens is what was sealed, and nothing from outside
// is believed.
#include "engine/seal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/describe.h"
#include "engine/history.h"
#include "engine/seal/container.h"
#include "engine/seal/zstd.h"
#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

constexpr TableId kShelves = 1100;  // (name) -> number
constexpr TableId kBooks = 1101;    // (shelf, title) -> digest and size of a blob, or text

std::optional<BlobRef> blob_of(std::string_view value) {
  BlobRef blob;
  const auto blank = value.find(' ');
  if (blank != 64 || !from_hex(value.substr(0, 64), blob.digest)) return std::nullopt;
  blob.size = std::stoull(std::string(value.substr(65)));
  return blob;
}

Owner owner_of(std::string_view key) {
  return {.kind = "shelf", .account = "", .region = "", .name = KeyReader(key).text()};
}

constexpr TableDescription kShelf{
    .names =
        [](std::string_view key, std::string_view value,
           std::vector<std::pair<std::int64_t, Owner>>& into) {
          into.emplace_back(std::stoll(std::string(value)), owner_of(key));
        },
    .resource = [](std::string_view key, std::string_view, const Owners&)
        -> std::optional<Resource> { return Resource{.owner = owner_of(key), .kind = "shelf"}; },
    .renumber =
        [](std::string_view, std::string& value, const Numbers& numbers) {
          const auto number = numbers.find(std::stoll(value));
          value = std::to_string(number.value_or(0));
          return number.has_value();
        },
    .renumber_work =
        [](std::string_view, std::string& payload, const Numbers& numbers, Owner& about) {
          const std::int64_t before = std::stoll(payload);
          const Owner* const owner = numbers.owners().find(before);
          if (owner == nullptr || !numbers.find(before)) return false;
          about = *owner;
          payload = std::to_string(*numbers.find(before));
          return true;
        }};
constexpr TableDescription kBook{.resource = [](std::string_view key, std::string_view,
                                                const Owners& owners) -> std::optional<Resource> {
                                   KeyReader columns(key);
                                   const Owner* const owner = owners.find(columns.integer());
                                   if (owner == nullptr) return std::nullopt;
                                   return Resource{
                                       .owner = *owner, .kind = "book", .name = columns.text()};
                                 },
                                 .numbered = true};

Schema schema() {
  Schema schema = test_schema();
  schema.add({{kShelves, "lib_shelves", {{"name", ColumnType::Text}}},
              {kBooks,
               "lib_books",
               {{"shelf", ColumnType::Integer}, {"title", ColumnType::Text}},
               [](std::string_view value, std::vector<BlobRef>& references) {
                 if (const auto blob = blob_of(value)) references.push_back(*blob);
               }}});
  schema.tables[schema.tables.size() - 2].description = &kShelf;
  schema.tables.back().description = &kBook;
  return schema;
}

std::string shelf(std::string_view name) { return KeyWriter().text(name).take(); }
std::string title(std::int64_t number, std::string_view title) {
  return KeyWriter().integer(number).text(title).take();
}

void put_blob(TestStore& store, const std::string& key, const std::string& text) {
  auto writer = store->blobs().begin({});
  ASSERT_TRUE(writer->append(as_bytes(text)));
  auto pending = writer->finish();
  ASSERT_TRUE(pending);
  ASSERT_TRUE(store->write("lib.Put", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const row, txn.get(kBooks, key));
    if (row) {
      if (const auto old = blob_of(*row)) CLOCHE_TRY_VOID(txn.release(*old));
    }
    CLOCHE_TRY(const blob, txn.adopt(**pending));
    return txn.put(kBooks, key, to_hex(blob.digest) + " " + std::to_string(blob.size));
  }));
}

std::string text_of(TestStore& store, const std::string& key) {
  const auto view = store->view();
  const auto row = view->get(kBooks, key);
  if (!row || !*row) return "(none)";
  const auto blob = blob_of(**row);
  if (!blob) return std::string(**row);
  const auto bytes = store->blobs().read(*view, *blob, 0, blob->size);
  if (!bytes) return "(" + bytes.error().message + ")";
  if (!bytes->file) return bytes->bytes;
  std::string text(blob->size, '\0');
  EXPECT_TRUE(bytes->file->read_at(bytes->file_offset, std::as_writable_bytes(std::span(text))));
  return text;
}

// Bytes that do not get smaller.
std::string noise(std::size_t size, std::uint64_t seed) {
  std::string text;
  for (std::uint64_t n = seed; text.size() < size; ++n) {
    const auto digest = sha256(as_bytes(std::to_string(n)));
    text += as_text(digest);
  }
  text.resize(size);
  return text;
}

class SealTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return home_.path() + "/" + name; }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::string& path, const std::string& bytes) {
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary) << bytes;
  }
  std::string seal_to(TestStore& store, const std::string& name,
                      std::vector<SealPart> only = {}) const {
    const auto sealed =
        seal(*store, {.file = path(name), .replace = true, .only = std::move(only)});
    EXPECT_TRUE(sealed) << sealed.error().message;
    return sealed ? sealed->hash : "";
  }
  static void fill(TestStore& store) {
    ASSERT_TRUE(store.put(kShelves, shelf("a"), "1"));
    ASSERT_TRUE(store.put(kShelves, shelf("b"), "2"));
    ASSERT_TRUE(store.put(kBooks, title(1, "text"), "x"));
    put_blob(store, title(1, "small"), "small");
    put_blob(store, title(1, "large"), std::string(300'000, 'l'));
    put_blob(store, title(2, "noise"), noise(200'000, 7));
    put_blob(store, title(2, "again"), std::string(300'000, 'l'));
    ASSERT_TRUE(store.put(kWords, word("w"), "said"));
  }
  static void expect_filled(TestStore& store) {
    EXPECT_EQ(store.get(kBooks, title(1, "text")), "x");
    EXPECT_EQ(text_of(store, title(1, "small")), "small");
    EXPECT_EQ(text_of(store, title(1, "large")), std::string(300'000, 'l'));
    EXPECT_EQ(text_of(store, title(2, "noise")), noise(200'000, 7));
    EXPECT_EQ(text_of(store, title(2, "again")), std::string(300'000, 'l'));
    EXPECT_EQ(store.get(kWords, word("w")), "said");
  }
  static std::vector<std::string> damages(const std::string& directory) {
    const auto report = doctor(Env::posix(), directory, schema(), {});
    EXPECT_TRUE(report) << report.error().message;
    return report ? report->damages : std::vector<std::string>();
  }
  // Why it can't be opened.
  std::string refusal_of(const std::string& name) const {
    const std::string directory = path("refused-" + name);
    std::filesystem::remove_all(directory);
    const auto store =
        Store::open(Env::posix(), {.directory = directory, .sealed = path(name)}, schema());
    return store ? "opened" : store.error().message;
  }

  TestDirectory home_;
};

TEST_F(SealTest, OpensAsItWas) {
  TestStore store({}, schema());
  fill(store);
  const std::string hash = seal_to(store, "file");
  EXPECT_EQ(hash.size(), 7 + 64u);
  const auto summary = read_sealed(Env::posix(), path("file"));
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->hash, hash);
  EXPECT_EQ(summary->blobs, 2u);
  EXPECT_EQ(summary->blob_bytes, 500'000u);
  TestStore opened({.sealed = path("file")}, schema());
  expect_filled(opened);
  EXPECT_NE(opened->recovery_text().find(hash), std::string::npos);
  // Sealed again it is the same file, and once more after a restart.
  EXPECT_EQ(seal_to(opened, "again"), hash);
  EXPECT_EQ(read(path("file")), read(path("again")));
  opened.options().sealed.clear();
  opened.reopen();
  expect_filled(opened);
  EXPECT_EQ(seal_to(opened, "again"), hash);
  // It lives on.
  put_blob(opened, title(2, "noise"), std::string(100'000, 'n'));
  EXPECT_EQ(text_of(opened, title(2, "noise")), std::string(100'000, 'n'));
  EXPECT_NE(seal_to(opened, "other"), hash);
  opened.close();
  EXPECT_EQ(damages(opened.directory()), std::vector<std::string>());
  opened.open();
}

TEST_F(SealTest, EqualStateGivesEqualBytes) {
  TestStore plain({}, schema()), detour({}, schema());
  fill(plain);
  // Other numbers, other orders, garbage, a checkpoint, a rewind, flushes in between.
  put_blob(detour, title(9, "orphan"), std::string(50'000, 'o'));
  ASSERT_TRUE(detour->write("lib.Clear", [](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const row, txn.get(kBooks, title(9, "orphan")));
    CLOCHE_TRY_VOID(txn.release(*blob_of(*row)));
    return txn.erase(kBooks, title(9, "orphan"));
  }));
  ASSERT_TRUE(history_of(*detour).checkpoint("here"));
  ASSERT_TRUE(detour.put(kShelves, shelf("a"), "77"));
  const Lsn point = detour->view()->lsn();
  ASSERT_TRUE(detour.put(kShelves, shelf("c"), "3"));
  ASSERT_TRUE(detour->flush());
  ASSERT_TRUE(history_of(*detour).rewind(point));
  put_blob(detour, title(77, "small"), "at first something else");
  ASSERT_TRUE(detour.put(kWords, word("w"), "said"));
  ASSERT_TRUE(detour.put(kShelves, shelf("b"), "5"));
  put_blob(detour, title(5, "noise"), noise(200'000, 7));
  detour.reopen();
  put_blob(detour, title(5, "again"), std::string(300'000, 'l'));
  put_blob(detour, title(77, "large"), std::string(300'000, 'l'));
  put_blob(detour, title(77, "small"), "small");
  ASSERT_TRUE(detour.put(kBooks, title(77, "text"), "x"));
  EXPECT_EQ(seal_to(plain, "plain"), seal_to(detour, "detour"));
  EXPECT_EQ(read(path("plain")), read(path("detour")));
}

TEST_F(SealTest, QueuedWorkIsSealedWithItsNewNumbers) {
  const auto queue = [](TestStore& store, std::int64_t number, std::chrono::hours in) {
    ASSERT_TRUE(store->write("lib.Later", [&](WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY(const id, txn.later({.kind = "lib.dust",
                                      .payload = std::to_string(number),
                                      .due = kSeededStart + in}));
      static_cast<void>(id);
      return {};
    }));
  };
  TestStore one({.seed = 1}, schema()), other({.seed = 2}, schema());
  fill(one);
  queue(one, 1, std::chrono::hours(1));
  queue(one, 2, std::chrono::hours(2));
  fill(other);
  queue(other, 2, std::chrono::hours(2));
  queue(other, 9, std::chrono::hours(2));  // Of nobody.
  queue(other, 1, std::chrono::hours(1));
  EXPECT_EQ(seal_to(one, "one"), seal_to(other, "other"));
  TestStore opened({.sealed = path("one")}, schema());
  EXPECT_EQ(opened->clock().now(), kSeededStart) << "a clock that stands is state";
  std::vector<std::string> done;
  opened->on_work("lib.dust", [&](WriteTxn&, const std::string& payload) -> Result<void> {
    done.push_back(payload);
    return {};
  });
  opened->start_scheduler();
  opened->clock().move(std::chrono::hours(3));
  opened->drain_work();
  EXPECT_EQ(done, (std::vector<std::string>{"1", "2"}));
}

TEST_F(SealTest, APartIsWhatBelongsToIt) {
  TestStore store({}, schema());
  fill(store);
  seal_to(store, "part", {{.service = "lib", .owner = "b"}});
  TestStore opened({.sealed = path("part")}, schema());
  EXPECT_EQ(opened.get(kShelves, shelf("a")), std::nullopt);
  EXPECT_EQ(opened.get(kShelves, shelf("b")), "1");
  EXPECT_EQ(text_of(opened, title(1, "noise")), noise(200'000, 7));
  EXPECT_EQ(text_of(opened, title(1, "again")), std::string(300'000, 'l'));
  EXPECT_EQ(text_of(opened, title(1, "large")), "(none)");
  EXPECT_EQ(opened.get(kWords, word("w")), std::nullopt);
  opened.close();
  opened.options().sealed.clear();
  EXPECT_EQ(damages(opened.directory()), std::vector<std::string>());
  opened.open();
  const auto nothing = seal(*store, {.file = path("none"), .only = {{"lib", "nobody"}}});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, "NoSuchPart");
  EXPECT_FALSE(seal(*store, {.file = path("none"), .only = {{"lab", ""}}}));
  EXPECT_FALSE(std::filesystem::exists(path("none")));
}

TEST_F(SealTest, FilesAreNotWrittenOver) {
  TestStore store({}, schema());
  write(path("there"), "mine");
  const auto refused = seal(*store, {.file = path("there")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "FileExists");
  EXPECT_EQ(read(path("there")), "mine");
  EXPECT_FALSE(seal(*store, {.file = "relative"}));
  EXPECT_FALSE(seal(*store, {.file = path("there"), .replace = true}))
      << "it is another kind of file";
  EXPECT_EQ(read(path("there")), "mine");
  std::filesystem::remove(path("there"));
  EXPECT_TRUE(seal(*store, {.file = path("there")}));
  EXPECT_TRUE(seal(*store, {.file = path("there"), .replace = true}));
  // Nothing is left beside it.
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(home_.path()))
    ++files;
  EXPECT_EQ(files, 1u);
}

// What a process leaves that is killed while blobs come in: the next one brings in the rest, and a
// file that is changed meanwhile is found out.
TEST_F(SealTest, GoesOnWhereItWas) {
  TestStore store({}, schema());
  fill(store);
  seal_to(store, "file");
  TestStore opened({.sealed = path("file")}, schema());
  opened.close();
  // As it is right after opening, and with half a state.
  const std::string directory = home_.path() + "/left";
  for (const bool with_state : {true, false}) {
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    if (with_state) {
      std::filesystem::copy(opened.directory() + "/state.db", directory + "/state.db");
      std::filesystem::copy(opened.directory() + "/wal", directory + "/wal");
    } else {
      write(directory + "/state.db.new", "half");
    }
    std::filesystem::create_hard_link(path("file"), directory + "/sealed");
    const auto again = Store::open(Env::posix(), {.directory = directory}, schema());
    ASSERT_TRUE(again) << again.error().message;
    const auto view = (*again)->view();
    const auto row = view->get(kBooks, title(1, "large"));
    ASSERT_TRUE(row && *row);
    EXPECT_TRUE((*again)->blobs().read(*view, *blob_of(**row), 0, 300'000));
    for (int i = 0; i < 500 && std::filesystem::exists(directory + "/sealed"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_FALSE(std::filesystem::exists(directory + "/sealed")) << "it is let go of at the end";
  }
  EXPECT_EQ(damages(directory), std::vector<std::string>());
}

TEST_F(SealTest, ADirectoryWithAnythingInItIsLeftAlone) {
  TestStore store({}, schema());
  seal_to(store, "file");
  std::filesystem::create_directories(path("refused-file"));
  write(path("refused-file") + "/notes.txt", "mine");
  const auto opened = Store::open(
      Env::posix(), {.directory = path("refused-file"), .sealed = path("file")}, schema());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "DirectoryNotEmpty");
}

// A seeded source of ids gives out others than before, and the same from run to run.
TEST_F(SealTest, IdsAreNotGivenOutTwice) {
  TestStore store({.seed = 5}, schema());
  const std::string before = store->ids().hex(32);
  seal_to(store, "file");
  TestStore one({.seed = 5, .sealed = path("file")}, schema());
  TestStore other({.seed = 5, .sealed = path("file")}, schema());
  const std::string after = one->ids().hex(32);
  EXPECT_NE(after, before);
  EXPECT_EQ(after, other->ids().hex(32));
}

TEST_F(SealTest, NothingFromOutsideIsBelieved) {
  TestStore store({}, schema());
  fill(store);
  seal_to(store, "file");
  const std::string whole = read(path("file"));
  EXPECT_EQ(refusal_of("file"), "opened");
  write(path("empty"), "");
  EXPECT_NE(refusal_of("empty").find("no sealed file"), std::string::npos);
  write(path("other"), std::string(100'000, 'x'));
  EXPECT_NE(refusal_of("other").find("no sealed file"), std::string::npos);
  EXPECT_NE(refusal_of("missing"), "opened");
  // Cut short, everywhere.
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
    write(path("short"), whole.substr(0, size));
    EXPECT_NE(refusal_of("short"), "opened") << size;
  }
  write(path("long"), whole + std::string(512, '\0'));
  EXPECT_NE(refusal_of("long").find("behind the end"), std::string::npos);
}

// A changed byte in front, in the state or at the end is refused; one in a blob is found when it is
// read, and the rest serves.
TEST_F(SealTest, AChangedByteIsFound) {
  TestStore store({}, schema());
  fill(store);
  seal_to(store, "file");
  const std::string whole = read(path("file"));
  const std::size_t blobs_at = whole.find("blobs/");
  ASSERT_NE(blobs_at, std::string::npos);
  for (std::size_t at = 0; at + 1024 < whole.size(); at += at < blobs_at ? 97 : 19'973) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write(path("changed"), changed);
    std::filesystem::remove_all(path("dir"));
    const auto opened =
        Store::open(Env::posix(), {.directory = path("dir"), .sealed = path("changed")}, schema());
    if (!opened) continue;
    EXPECT_GE(at, blobs_at - kTarBlock) << "nothing in front of the blobs may be another";
    const auto view = (*opened)->view();
    const auto text = view->get(kBooks, title(1, "text"));
    ASSERT_TRUE(text && *text);
    EXPECT_EQ(**text, "x");
    for (const std::string& key : {title(1, "large"), title(2, "noise")}) {
      const auto row = view->get(kBooks, key);
      ASSERT_TRUE(row && *row);
      const BlobRef blob = *blob_of(**row);
      const auto bytes = (*opened)->blobs().read(*view, blob, 0, blob.size);
      if (!bytes) continue;
      std::string read_back(blob.size, '\0');
      ASSERT_TRUE(bytes->file->read_at(0, std::as_writable_bytes(std::span(read_back))));
      EXPECT_EQ(sha256(as_bytes(read_back)), blob.digest) << at;
    }
  }
}

// A file whose digests are right, made by somebody who means harm.
class Forged {
 public:
  explicit Forged(const std::string& whole) : whole_(whole) {}
  // With this manifest, and the members after it as they are.
  std::string with(const Manifest& manifest) const {
    const std::string text = manifest.encode();
    const std::string magic = magic_text(sha256(as_bytes(text)));
    std::string file = tar_header(kMagicMember, magic.size()) + magic;
    file.resize(padded(file.size()), '\0');
    file += tar_header(kManifestMember, text.size()) + text;
    file.resize(padded(file.size()), '\0');
    return file + whole_.substr(rest());
  }
  Manifest manifest() const {
    const std::size_t at = 512 + padded(magic_text({}).size());
    const std::size_t size = std::stoull(whole_.substr(at + 124, 11), nullptr, 8);
    return *Manifest::parse(whole_.substr(at + 512, size));
  }

 private:
  std::size_t rest() const {
    const std::size_t at = 512 + padded(magic_text({}).size());
    return at + 512 + padded(std::stoull(whole_.substr(at + 124, 11), nullptr, 8));
  }
  const std::string whole_;
};

TEST_F(SealTest, AForgedManifestIsRefused) {
  TestStore store({}, schema());
  fill(store);
  seal_to(store, "file");
  const Forged forged(read(path("file")));
  const auto refused = [&](const std::function<void(Manifest&)>& change) {
    Manifest manifest = forged.manifest();
    change(manifest);
    write(path("forged"), forged.with(manifest));
    return refusal_of("forged");
  };
  EXPECT_EQ(refused([](Manifest&) {}), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.schema = 999; }).find("newer release"), std::string::npos);
  EXPECT_NE(refused([](Manifest& m) { m.state_bytes = std::uint64_t{1} << 49; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.state_bytes += 1; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.state_bytes -= 1; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.chunks.clear(); }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.chunks[0].digest = {}; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.chunks[0].stored = 1; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.blobs = 1; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.blobs = std::uint64_t{1} << 32; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.blob_bytes = 1; }), "opened");
  EXPECT_NE(refused([](Manifest& m) { m.blob_list = {}; }), "opened");
}

// A database that does more than hold rows.
TEST_F(SealTest, AStateWithOtherThingsIsRefused) {
  TestStore store({}, schema());
  seal_to(store, "file");
  const std::string whole = read(path("file"));
  const Forged forged(whole);
  Manifest manifest = forged.manifest();
  const auto build = [&](std::string state) {
    Manifest made = manifest;
    made.state_bytes = state.size();
    std::string packed;
    zstd::Compressor compressor(state.size(), [&](auto piece) {
      packed += as_text(piece);
      return Result<void>();
    });
    EXPECT_TRUE(compressor.append(as_bytes(state)));
    EXPECT_TRUE(compressor.finish());
    made.chunks = {{.stored = packed.size(), .digest = sha256(as_bytes(state))}};
    std::string file = forged.with(made);
    const std::size_t at = file.find("state.db/");
    file.resize(at);
    file += tar_header(made.chunk_name(0), packed.size()) + packed;
    file.resize(padded(file.size()), '\0');
    return file + std::string(1024, '\0');
  };
  std::string state;
  {
    zstd::Decompressor decompressor(manifest.state_bytes, [&](auto piece) {
      state += as_text(piece);
      return Result<void>();
    });
    const std::size_t at = whole.find("state.db/") + 512;
    ASSERT_TRUE(decompressor.append(as_bytes(whole.substr(at, manifest.chunks[0].stored))));
  }
  write(path("same"), build(state));
  EXPECT_EQ(refusal_of("same"), "opened");
  write(path("renamed"), build([&] {
          std::string other = state;
          // In the text of the schema: another table than any that there is.
          const std::size_t name = other.find("CREATE TABLE lib_books");
          EXPECT_NE(name, std::string::npos);
          other.replace(name, 22, "CREATE TABLE lib_bookz");
          return other;
        }()));
  EXPECT_NE(refusal_of("renamed"), "opened");
  write(path("rubbish"), build(noise(50'000, 3)));
  EXPECT_NE(refusal_of("rubbish"), "opened");
}

// Frames that hold more than they say do not get far.
TEST(Zstd, StopsAtTheSizeThatWasSaid) {
  std::string packed;
  zstd::Compressor compressor(100'000'000, [&](auto piece) {
    packed += as_text(piece);
    return Result<void>();
  });
  const std::string zeros(10'000'000, '\0');
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(compressor.append(as_bytes(zeros)));
  ASSERT_TRUE(compressor.finish());
  EXPECT_LT(packed.size(), 20'000u);
  const auto unpacked = [&](std::uint64_t size, std::string_view from, std::uint64_t& got) {
    got = 0;
    zstd::Decompressor decompressor(size, [&](auto piece) {
      got += piece.size();
      return Result<void>();
    });
    const auto done = decompressor.append(as_bytes(from));
    return done ? decompressor.finish() : done;
  };
  std::uint64_t got = 0;
  EXPECT_FALSE(unpacked(1'000'000, packed, got));
  EXPECT_LE(got, 1'000'000u);
  EXPECT_TRUE(unpacked(100'000'000, packed, got));
  EXPECT_EQ(got, 100'000'000u);
  EXPECT_FALSE(unpacked(100'000'001, packed, got));
  EXPECT_FALSE(unpacked(100'000'000, std::string_view(packed).substr(0, packed.size() - 1), got));
  EXPECT_FALSE(unpacked(100'000'000, packed + "x", got));
  EXPECT_FALSE(unpacked(100'000'000, "no frame at all", got));
}

TEST(SealPart, AreParsed) {
  EXPECT_EQ(parse_seal_part("s3")->owner, "");
  EXPECT_EQ(parse_seal_part("s3:a:b")->owner, "a:b");
  EXPECT_FALSE(parse_seal_part(""));
  EXPECT_FALSE(parse_seal_part(":x"));
  EXPECT_FALSE(parse_seal_part("s3:"));
}

}  // namespace
}  // namespace cloche::engine
