// A state, or a part of it, without the history that led to it: rows in the order of their keys, with
// owners and queued work numbered anew.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/describe.h"
#include "engine/engine.h"
#include "engine/history/owners.h"
#include "engine/outbox/work_row.h"
#include "engine/schema/schema.h"
#include "engine/seal.h"

namespace cloche::engine {

class CanonicalState {
 public:
  // All must outlive it.
  CanonicalState(const ReadView& view, const Tables& tables, const std::vector<SealPart>& only);
  ~CanonicalState();

  // Finds who is who. Refuses a part that names nothing.
  Result<void> prepare();
  // Shows the rows of a table. Tables have to be asked for in the order of Tables::all(), so that
  // blobs, which come late, are counted by then.
  using Visit = std::function<Result<void>(std::string_view key, std::string_view value)>;
  Result<void> visit(const TableSpec& table, const Visit& visit);
  // Those in files, by digest; after the table of blobs was visited.
  const std::vector<BlobRef>& file_blobs() const { return file_blobs_; }
  // The lsn that the highest number of queued work speaks of.
  std::uint64_t last_work_lsn() const { return work_lsn(work_.size()); }
  // Whether something goes on that has to be waited for.
  Result<bool> is_under_way() const;

 private:
  class ServiceNumbers;
  struct KeptWork {
    std::int64_t due;
    std::string value;
    std::uint64_t id;  // Of before.
  };

  bool is_whole(std::string_view service) const;
  bool takes(std::string_view service, const Owner& owner) const;
  Result<void> number_owners();
  Result<void> gather_work();
  Result<void> check_parts() const;
  Result<void> visit_engine(const TableSpec& table, const Visit& visit);
  Result<void> visit_blobs(const Visit& visit);
  Result<void> visit_numbered(const TableSpec& table, const Visit& visit);
  Result<void> visit_plain(const TableSpec& table, const Visit& visit);
  Result<void> show(const TableSpec& table, std::string_view key, std::string new_key,
                    std::string_view value, const Visit& visit);

  const ReadView& view_;
  const Tables& tables_;
  const std::vector<SealPart>& only_;
  AllOwners owners_;
  std::map<std::string, std::unique_ptr<ServiceNumbers>, std::less<>> numbers_;
  std::set<std::string> found_;  // "service:owner" that was there.
  std::vector<KeptWork> work_;   // In the order of their new numbers, from 1 on.
  std::unordered_map<std::uint64_t, std::uint64_t> work_numbers_;
  struct DigestHash {
    std::size_t operator()(const Sha256& digest) const {
      std::size_t hash;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  std::unordered_map<Sha256, std::uint64_t, DigestHash> references_;
  std::vector<BlobRef> scratch_;
  std::vector<BlobRef> file_blobs_;
};

}  // namespace cloche::engine
