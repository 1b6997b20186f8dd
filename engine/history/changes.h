// Changes of rows as changes of resources.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include "engine/history.h"
#include "engine/history/owners.h"

namespace cloche::engine {

// Gathers the changes of rows between two states. Refers to what it is given: keys, values and
// owners must outlive it.
class ResourceChanges {
 public:
  // `before` and `after` are the owners in the two states; only resources with `part` in their name
  // are gathered.
  ResourceChanges(const AllOwners& before, const AllOwners& after, std::string_view part)
      : owners_before_(before), owners_after_(after), part_(part) {}

  void add(const TableSpec& table, std::string_view key, std::optional<std::string_view> before,
           std::optional<std::string_view> after);
  // By service, owner and name. What only moved between rows, as an object does that a newer
  // version replaces, is no change. `values`: with what resources hold, as JSON.
  void visit(bool values, const std::function<bool(const Change&)>& visit) const;

 private:
  struct Side {
    const TableSpec* table = nullptr;  // Null: there is none.
    std::string_view key, value;
    std::uint64_t bytes = 0;
  };
  struct Sides {
    Side before, after;
  };
  // Service, owner's kind, name, account and region, whether it is a part of it, kind, name, version.
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, bool,
                         std::string, std::string, std::string>;

  void place(const TableSpec& table, std::string_view key, std::string_view value,
             const AllOwners& owners, Side Sides::*side);

  const AllOwners& owners_before_;
  const AllOwners& owners_after_;
  const std::string_view part_;
  std::map<Key, Sides> resources_;
};

}  // namespace cloche::engine
