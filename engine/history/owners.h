// The owners of all services as of one point, and the way from one point to another.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/describe.h"
#include "engine/engine.h"
#include "engine/schema/schema.h"
#include "engine/store/record.h"

namespace cloche::engine {

class AllOwners {
 public:
  // As `view` has them. Reads all rows that name owners: one for each bucket and table.
  static Result<AllOwners> read(const ReadView& view, const Tables& tables);

  // Goes back before a change of a row; does nothing with rows that name nobody.
  void undo(const TableSpec& table, const RowChange& change);
  const Owners& of(const TableSpec& table) const;

 private:
  void add(const TableSpec& table, std::string_view key, std::string_view value);

  std::map<std::string, Owners, std::less<>> services_;
};

inline bool names_owners(const TableSpec& table) {
  return table.description != nullptr && table.description->names != nullptr;
}
inline bool is_told(const TableSpec& table) {
  return table.description != nullptr && table.description->resource != nullptr;
}

}  // namespace cloche::engine
