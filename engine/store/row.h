// A row's name inside the engine: its table's number, big-endian, and its key. All tables in one
// order.
#pragma once

#include <string>
#include <string_view>

#include "engine/schema.h"

namespace cloche::engine {

inline constexpr std::size_t kRowTableBytes = 2;

inline void append_table(std::string& into, TableId table) {
  into.push_back(static_cast<char>(table >> 8));
  into.push_back(static_cast<char>(table & 0xFF));
}

inline void set_row(std::string& into, TableId table, std::string_view key) {
  into.clear();
  append_table(into, table);
  into.append(key);
}

inline TableId table_of(std::string_view row) {
  return static_cast<TableId>(static_cast<unsigned char>(row[0]) << 8 |
                              static_cast<unsigned char>(row[1]));
}

inline std::string_view key_of(std::string_view row) { return row.substr(kRowTableBytes); }

}  // namespace cloche::engine
