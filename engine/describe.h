// What rows are to a person: resources in AWS's terms. Each service describes its tables in a file
// of its own (s3/describe.cc); the history tells changes in these terms (engine/history.h), and a
// part of the state is named by the owners of its rows.
//
// A row belongs to an owner: a bucket, a table, a key. Most rows name theirs by a number in their
// key, so the rows that give these numbers out tell which owner each stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/schema.h"

namespace cloche::engine {

struct Owner {
  std::string kind;  // "bucket", "table"
  std::string account, region;
  std::string name;
  std::string detail{};  // What the service's own descriptions need beside it; never shown.

  bool operator==(const Owner&) const = default;
};

// The owners of one service by their numbers, as of one state.
class Owners {
 public:
  // Null if the number stands for nothing: a row that is only waiting to be removed.
  const Owner* find(std::int64_t number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : &found->second;
  }
  void add(std::int64_t number, Owner owner) {
    by_number_.insert_or_assign(number, std::move(owner));
  }
  void remove(std::int64_t number) { by_number_.erase(number); }

 private:
  std::unordered_map<std::int64_t, Owner> by_number_;
};

struct Resource {
  Owner owner;
  std::string kind;       // "object", "item"; empty: belongs to its owner, and is shown to nobody.
  std::string name{};     // Within the owner: a key. Empty: it is the owner itself.
  std::string version{};  // Of an object; an upload's id.
  std::uint64_t bytes = 0;  // That a client stored in it.

  // Which resource it is, whatever it holds.
  bool is_same(const Resource& other) const {
    return owner.kind == other.owner.kind && owner.account == other.owner.account &&
           owner.region == other.owner.region && owner.name == other.owner.name &&
           kind == other.kind && name == other.name && version == other.version;
  }
};

class ReadView;

// What numbers in rows become where a state is written down without its history (seal.h): owners are
// numbered anew, in the order of the rows that name them, and so is queued work.
class Numbers {
 public:
  // Nothing if the number stands for nothing that is kept.
  virtual std::optional<std::int64_t> find(std::int64_t number) const = 0;
  virtual std::int64_t last() const = 0;  // The highest that was given out; 0: none.
  virtual std::uint64_t work(std::uint64_t id) const = 0;  // 0: no such work.
  virtual const Owners& owners() const = 0;                // By the numbers as they were.
  virtual const ReadView& view() const = 0;
  virtual bool whole() const = 0;  // False: a part of the state, named by owners.

 protected:
  ~Numbers() = default;
};

// Functions that are null do not apply. None of them may fail on a row that can't be read: it is
// described as far as it goes, and whoever uses it says that it is damaged.
struct TableDescription {
  // The numbers that the row gives to owners.
  void (*names)(std::string_view key, std::string_view value,
                std::vector<std::pair<std::int64_t, Owner>>& into) = nullptr;
  // Nothing if the row belongs to nobody.
  std::optional<Resource> (*resource)(std::string_view key, std::string_view value,
                                      const Owners& owners) = nullptr;
  // Appends what the row says as a JSON object with AWS's member names.
  void (*json)(std::string_view key, std::string_view value, std::string& into) = nullptr;

  // The key's first column is the number of its owner.
  bool numbered = false;
  // Whether the row stands for something that goes on in the background: it is waited for.
  bool (*under_way)(std::string_view key, std::string_view value) = nullptr;
  // Writes numbers, and what else follows from the history alone, as they have to be; `key` is that
  // of before. False: the row is left out.
  bool (*renumber)(std::string_view key, std::string& value, const Numbers& numbers) = nullptr;
  // The same for a piece of queued work of the service; tells whom it is about, if anybody. Once in
  // a service, with the table that names most owners.
  bool (*renumber_work)(std::string_view kind, std::string& payload, const Numbers& numbers,
                        Owner& about) = nullptr;
};

// The service of a table: what its name begins with.
inline std::string_view service_of(const TableSpec& table) {
  return std::string_view(table.name).substr(0, table.name.find('_'));
}

}  // namespace cloche::engine
