// What the engine costs by itself, without a protocol: commits, reads, scans, bodies. Directories
// lie below the working directory.
#include <benchmark/benchmark.h>

#include <cstring>
#include <filesystem>
#include <random>
#include <thread>

#include "engine/engine.h"

namespace cloche::engine {
namespace {

constexpr TableId kItems = 1000;
constexpr int kRows = 50'000;

std::string key_of(std::uint64_t number) {
  return KeyWriter().text("item-" + std::to_string(number * 2'654'435'761 % 1'000'003)).take();
}

class BenchStore {
 public:
  explicit BenchStore(wal::Durability durability, int rows = kRows) {
    std::filesystem::remove_all(path_);
    Schema schema;
    schema.add({{kItems, "bench_items", {{"name", ColumnType::Text}}}});
    StoreOptions options{.directory = path_, .durability = durability};
    store_ = *Store::open(Env::posix(), options, schema);
    for (int from = 0; from < rows; from += 1'000) {
      const auto wrote = store_->write("", [&](WriteTxn& txn) -> Result<void> {
        for (int at = from; at < from + 1'000; ++at)
          CLOCHE_TRY_VOID(txn.put(kItems, key_of(static_cast<std::uint64_t>(at)), value_));
        return {};
      });
      CLOCHE_CHECK(wrote.has_value());
    }
  }
  ~BenchStore() {
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  const std::string& value() const { return value_; }

 private:
  const std::string path_ = "cloche-bench-" + std::to_string(Env::posix().random_u64());
  const std::string value_ = std::string(400, 'v');
  std::unique_ptr<Store> store_;
};

// One point read and one 400-byte write in each commit, keys at random among 50,000: a PutItem
// without its protocol.
void commit_alone(benchmark::State& state) {
  BenchStore store(static_cast<wal::Durability>(state.range(0)));
  std::mt19937_64 random(1);
  // Another value each time: a write that changes nothing is not written.
  std::string value = store.value();
  for (auto _ : state) {
    const std::string key = key_of(random() % kRows);
    std::memcpy(value.data(), key.data() + 1, 8);
    store->submit(
        "bench.Put item",
        [&](WriteTxn& txn) -> Result<void> {
          CLOCHE_TRY(const before, txn.get(kItems, key));
          benchmark::DoNotOptimize(before);
          value[20] = before && !before->empty() && (*before)[20] == 'x' ? 'y' : 'x';
          return txn.put(kItems, key, value);
        },
        [](Result<void> result) { CLOCHE_CHECK(result.has_value()); });
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["flushes"] = static_cast<double>(store->stats().flushes);
}
BENCHMARK(commit_alone)->Arg(0)->Arg(1)->ArgName("durability")->UseRealTime();

// The same from several threads that each wait for their commit.
void commit_together(benchmark::State& state) {
  static std::unique_ptr<BenchStore> store;
  if (state.thread_index() == 0)
    store = std::make_unique<BenchStore>(static_cast<wal::Durability>(state.range(0)));
  std::mt19937_64 random(static_cast<std::uint64_t>(state.thread_index()));
  std::string value(400, 'v');
  std::uint64_t number = 0;
  for (auto _ : state) {
    const std::string key = key_of(random() % kRows);
    number = random();
    std::memcpy(value.data(), &number, sizeof number);
    const auto wrote = (*store)->write("bench.Put item",
                                       [&](WriteTxn& txn) { return txn.put(kItems, key, value); });
    CLOCHE_CHECK(wrote.has_value());
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    const auto stats = (*store)->stats();
    state.counters["per_group"] =
        static_cast<double>(stats.commits) / static_cast<double>(stats.groups);
    store.reset();
  }
}
BENCHMARK(commit_together)->Arg(1)->ArgName("durability")->Threads(4)->UseRealTime();
BENCHMARK(commit_together)->Arg(2)->ArgName("durability")->Threads(1)->Threads(16)->UseRealTime();

// 0: from the memtable. 1: from SQLite's write-ahead log. 2: from its database, after the
// checkpoint that idleness brings.
void read_point(benchmark::State& state) {
  BenchStore store(wal::Durability::Commit, state.range(0) ? kRows : 20'000);
  if (state.range(0)) CLOCHE_CHECK(store->flush().has_value());
  if (state.range(0) == 2) std::this_thread::sleep_for(std::chrono::seconds(2));
  const auto rows = static_cast<std::uint64_t>(state.range(0) ? kRows : 20'000);
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const auto view = store->view();
    const auto found = view->get(kItems, key_of(random() % rows));
    CLOCHE_CHECK(found.has_value() && found->has_value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_point)->Arg(0)->Arg(1)->Arg(2)->ArgName("flushed");

void scan_100(benchmark::State& state) {
  BenchStore store(wal::Durability::Commit, 20'000);
  if (state.range(0)) CLOCHE_CHECK(store->flush().has_value());
  std::mt19937_64 random(1);
  for (auto _ : state) {
    const auto view = store->view();
    const auto cursor = view->scan(kItems, {key_of(random() % 20'000), ""});
    for (int left = 100; left > 0 && cursor->valid(); --left, cursor->next())
      benchmark::DoNotOptimize(cursor->value());
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(scan_100)->Arg(0)->Arg(1)->ArgName("flushed");

void ingest(benchmark::State& state) {
  BenchStore store(wal::Durability::Commit, 0);
  std::vector<std::byte> body(static_cast<std::size_t>(state.range(0)));
  std::uint64_t number = 0;
  for (auto _ : state) {
    std::memcpy(body.data(), &++number, sizeof number);
    auto writer = store->blobs().begin({});
    for (std::size_t at = 0; at < body.size(); at += 65'536) {
      CLOCHE_CHECK(
          writer
              ->append(std::span(body).subspan(at, std::min<std::size_t>(65'536, body.size() - at)))
              .has_value());
    }
    auto pending = writer->finish();
    CLOCHE_CHECK(pending.has_value());
    const auto wrote = store->write("bench.PutObject", [&](WriteTxn& txn) -> Result<void> {
      CLOCHE_TRY_VOID(txn.adopt(**pending));
      return {};
    });
    CLOCHE_CHECK(wrote.has_value());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ingest)->Arg(1 << 10)->Arg(8 << 20)->UseRealTime();

void encode_key(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        KeyWriter().integer(42).blob("0123456789abcdef").text("customer-17").take());
  }
}
BENCHMARK(encode_key);

}  // namespace
}  // namespace cloche::engine
