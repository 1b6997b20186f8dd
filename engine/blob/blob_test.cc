#include <gtest/gtest.h>

#include <fstream>

#include "engine/store/test_store.h"

namespace cloche::engine {
namespace {

std::unique_ptr<PendingBlob> ingest(TestStore& store, const std::string& body,
                                    WantedChecksums wanted = {}) {
  auto writer = store->blobs().begin(wanted);
  for (std::size_t at = 0; at < body.size(); at += 10'000) {
    EXPECT_TRUE(writer->append(as_bytes(std::string_view(body).substr(at, 10'000))).has_value());
  }
  auto pending = writer->finish();
  EXPECT_TRUE(pending.has_value());
  return *std::move(pending);
}

BlobRef adopt(TestStore& store, const PendingBlob& pending) {
  BlobRef ref;
  EXPECT_TRUE(store->write("test.Adopt", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY(const adopted, txn.adopt(pending));
    ref = adopted;
    return {};
  }));
  return ref;
}

Result<void> release(TestStore& store, const BlobRef& blob) {
  return store->write("test.Release", [&](WriteTxn& txn) { return txn.release(blob); });
}

std::optional<std::string> read(TestStore& store, const BlobRef& blob, std::uint64_t offset,
                                std::uint64_t size) {
  const auto view = store->view();
  auto got = store->blobs().read(*view, blob, offset, size);
  if (!got) return std::nullopt;
  if (!got->file) return got->bytes;
  std::string bytes(size, '\0');
  EXPECT_EQ(*got->file->read_at(got->file_offset, std::as_writable_bytes(std::span(bytes))), size);
  return bytes;
}

std::size_t files(TestStore& store) {
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(store.directory() + "/blobs"))
    count += entry.is_regular_file();
  return count;
}

std::string body_of(std::size_t size) {
  std::string body(size, '\0');
  for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return body;
}

// Both ways of keeping a body read back the same, in parts too, and outlive a kill.
TEST(Blobs, SmallAndLargeBodiesAreReadBack) {
  TestStore store;
  for (const std::size_t size : {1u, 32u << 10, (32u << 10) + 1, 300'000u}) {
    const std::string body = body_of(size);
    const BlobRef ref = adopt(store, *ingest(store, body));
    EXPECT_EQ(ref.digest, sha256(as_bytes(body)));
    EXPECT_EQ(read(store, ref, 0, size), body);
    EXPECT_EQ(read(store, ref, size / 2, size / 4), body.substr(size / 2, size / 4));
  }
  EXPECT_EQ(files(store), 2u);
  const std::string body = body_of(300'000);
  store.kill();
  EXPECT_EQ(read(store, {sha256(as_bytes(body)), body.size()}, 5, 1'000), body.substr(5, 1'000));
}

// All that is asked for comes from one pass over the bytes.
TEST(Blobs, DigestsAreComputedOnTheWay) {
  TestStore store;
  const std::string body = body_of(100'000);
  const auto pending = ingest(
      store, body, {.md5 = true, .crc32 = true, .crc32c = true, .crc64nvme = true, .sha1 = true});
  EXPECT_EQ(pending->digests().md5, md5(as_bytes(body)));
  EXPECT_EQ(pending->digests().sha1, sha1(as_bytes(body)));
  EXPECT_EQ(pending->digests().crc32, crc32(as_bytes(body)));
  EXPECT_EQ(pending->digests().crc32c, crc32c(as_bytes(body)));
  EXPECT_EQ(pending->digests().crc64nvme, crc64nvme(as_bytes(body)));
}

// Nobody's bytes stay: a body that no transaction adopts is gone, and one whose transaction failed
// can be adopted again.
TEST(Blobs, WhatIsNotAdoptedVanishes) {
  TestStore store;
  auto pending = ingest(store, body_of(100'000));
  EXPECT_EQ(files(store), 1u);
  EXPECT_FALSE(store->write("", [&](WriteTxn& txn) -> Result<void> {
    CLOCHE_TRY_VOID(txn.adopt(*pending));
    return unavailable("no");
  }));
  const BlobRef ref = adopt(store, *pending);
  EXPECT_EQ(read(store, ref, 0, 5), body_of(5));
  pending = ingest(store, body_of(200'000));
  EXPECT_EQ(files(store), 2u);
  pending.reset();
  EXPECT_EQ(files(store), 1u);
}

// Equal bodies are stored once, and live as long as one of them does.
TEST(Blobs, EqualBodiesShareTheirBytes) {
  TestStore store;
  const std::string body = body_of(100'000);
  const BlobRef ref = adopt(store, *ingest(store, body));
  adopt(store, *ingest(store, body));
  EXPECT_EQ(files(store), 1u);
  ASSERT_TRUE(release(store, ref));
  EXPECT_EQ(read(store, ref, 0, 3), body.substr(0, 3));
  ASSERT_TRUE(release(store, ref));
  EXPECT_FALSE(release(store, ref).has_value());  // There is nothing left to release.
}

// History may still need a body that nobody refers to: it goes only when the log has forgotten it.
TEST(Blobs, GarbageGoesWhenHistoryForgetsIt) {
  TestStore store(StoreOptions{.durability = wal::Durability::Memory});
  const BlobRef ref = adopt(store, *ingest(store, body_of(100'000)));
  ASSERT_TRUE(release(store, ref));
  ASSERT_TRUE(store->flush());
  ASSERT_TRUE(store.put(kWords, word("x"), "1"));
  ASSERT_TRUE(store->flush());
  EXPECT_TRUE(store->blobs().collect_garbage().has_value());
  EXPECT_EQ(read(store, ref, 0, 1), std::nullopt);

  TestStore kept;
  const BlobRef stays = adopt(kept, *ingest(kept, body_of(100'000)));
  ASSERT_TRUE(release(kept, stays));
  EXPECT_TRUE(kept->blobs().collect_garbage().has_value());
  EXPECT_EQ(files(kept), 1u);
  EXPECT_EQ(read(kept, stays, 0, 3), body_of(3));
  adopt(kept, *ingest(kept, body_of(100'000)));
  EXPECT_EQ(read(kept, stays, 0, 3), body_of(3));
}

// A process that died in the middle of uploads leaves files that nobody knows.
TEST(Blobs, LeftoversOfAKillAreRemoved) {
  TestStore store;
  const auto pending = ingest(store, body_of(100'000));
  EXPECT_EQ(files(store), 1u);
  store.kill();
  EXPECT_EQ(files(store), 0u);
}

// A record that was never synced may name a file that a power cut took: history ends before it, and
// never names missing bytes.
TEST(Blobs, ARecordWhoseFileIsLostIsCutOff) {
  TestStore store;
  ASSERT_TRUE(store.put(kWords, word("before"), "1"));
  ASSERT_TRUE(store->flush());
  adopt(store, *ingest(store, body_of(100'000)));
  ASSERT_TRUE(store.put(kWords, word("after"), "1"));
  const std::string left = store.directory() + "-cut";
  std::filesystem::copy(store.directory(), left, std::filesystem::copy_options::recursive);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(left + "/blobs")) {
    if (entry.is_regular_file()) std::filesystem::resize_file(entry.path(), 10);
  }
  const auto cut = Store::open(Env::posix(), {.directory = left}, test_schema());
  ASSERT_TRUE(cut.has_value()) << cut.error().message;
  EXPECT_TRUE((*cut)->view()->get(kWords, word("before"))->has_value());
  EXPECT_FALSE((*cut)->view()->get(kWords, word("after"))->has_value());
}

}  // namespace
}  // namespace cloche::engine
