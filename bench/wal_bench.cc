// What one append costs, and one sync.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "wal/log.h"

namespace cloche::wal {
namespace {

void append(benchmark::State& state) {
  const std::string path = "cloche-bench-" + std::to_string(Env::posix().random_u64());
  {
    auto log = *Log::open(Env::posix(), path, Durability::Commit);
    const std::vector<std::byte> record(static_cast<std::size_t>(state.range(0)), std::byte{7});
    for (auto _ : state) CLOCHE_CHECK(log->append(record).has_value());
    state.SetBytesProcessed(state.iterations() * state.range(0));
    state.SetItemsProcessed(state.iterations());
  }
  std::filesystem::remove_all(path);
}
BENCHMARK(append)->Arg(100)->Arg(1'000)->Arg(65'536)->UseRealTime();

void append_and_sync(benchmark::State& state) {
  const std::string path = "cloche-bench-" + std::to_string(Env::posix().random_u64());
  {
    auto log = *Log::open(Env::posix(), path, Durability::Fsync);
    const std::vector<std::byte> record(1'000, std::byte{7});
    for (auto _ : state) {
      CLOCHE_CHECK(log->append(record).has_value());
      CLOCHE_CHECK(log->sync().has_value());
    }
  }
  std::filesystem::remove_all(path);
}
BENCHMARK(append_and_sync)->UseRealTime();

}  // namespace
}  // namespace cloche::wal
