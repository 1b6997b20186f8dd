#include "dynamodb/operation/throttle.h"

#include <algorithm>
#include <chrono>

#include "dynamodb/errors.h"

namespace cloche::dynamodb {
namespace {

std::int64_t units_of(const Throughput& throughput, Throttle::Kind kind) {
  return kind == Throttle::Kind::Read ? throughput.read_units : throughput.write_units;
}

bool is_read(std::string_view operation) {
  return operation == "GetItem" || operation == "Query" || operation == "Scan" ||
         operation == "TransactGetItems" || operation == "BatchGetItem";
}

bool is_write(std::string_view operation) {
  return operation == "PutItem" || operation == "BatchWriteItem" || operation == "UpdateItem" ||
         operation == "DeleteItem" || operation == "TransactWriteItems";
}

}  // namespace

Result<void> Throttle::admit(const Table& table, const Index* index, Kind kind) {
  if (!options_.by_throughput || table.on_demand) return {};
  const MutexLock lock(mutex_);
  const bool of_index = index != nullptr && index->global;
  const auto is_empty = [&](std::int64_t id, const Throughput& throughput) CLOCHE_REQUIRES(mutex_) {
    return bucket(id, kind, units_of(throughput, kind), table.created).halves <= 0;
  };
  if (of_index) {
    if (is_empty(index->id, index->throughput))
      return throughput_exceeded(table, index, kind == Kind::Read);
    return {};
  }
  if (is_empty(table.id, table.throughput))
    return throughput_exceeded(table, nullptr, kind == Kind::Read);
  if (kind == Kind::Read) return {};
  for (const Index& one : table.indexes) {
    if (one.global && is_empty(one.id, one.throughput))
      return throughput_exceeded(table, &one, false);
  }
  return {};
}

void Throttle::charge(const Table& table, const ConsumedHalves& consumed, Kind kind) {
  if (!options_.by_throughput || table.on_demand) return;
  const MutexLock lock(mutex_);
  std::int64_t of_table = consumed.table;
  for (std::size_t i = 0; i < consumed.indexes.size(); ++i) {
    const Index& index = table.indexes[i];
    if (index.global) {
      bucket(index.id, kind, units_of(index.throughput, kind), table.created).halves -=
          static_cast<double>(consumed.indexes[i]);
    } else {
      of_table += consumed.indexes[i];
    }
  }
  bucket(table.id, kind, units_of(table.throughput, kind), table.created).halves -=
      static_cast<double>(of_table);
}

bool Throttle::draws(std::string_view operation) const {
  const bool reads = is_read(operation), writes = is_write(operation);
  if (!reads && !writes) return false;
  const double chance =
      std::max(options_.errors, reads ? options_.read_errors : options_.write_errors);
  return chance > 0 && options_.chance() < chance;
}

Throttle::Bucket& Throttle::bucket(std::int64_t id, Kind kind, std::int64_t units, Instant made) {
  const Instant now = now_();
  const auto [found, fresh] = buckets_.try_emplace({id, kind});
  Bucket& bucket = found->second;
  const double rate = 2.0 * static_cast<double>(units);
  // What was never asked for a unit has kept what it was given since it was made; a second's worth
  // is there at once.
  if (fresh) bucket = {rate, made};
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.filled = now;
  bucket.halves = std::min(bucket.halves + std::max(0.0, seconds) * rate,
                           rate * static_cast<double>(kBurstSeconds));
  return bucket;
}

}  // namespace cloche::dynamodb
