// What the tables of all services have to declare.
#include "cli/environment.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/describe.h"

namespace cloche::cli {
namespace {

// A row that begins with a number belongs to the owner of that number. A table that does not say so
// would keep old numbers in a sealed file, and its rows would be another owner's when it is opened.
TEST(WholeSchema, TablesAreDescribed) {
  const std::set<std::string> of_accounts = {"dynamodb_tokens"};
  for (const engine::TableSpec& table : whole_schema().tables) {
    if (of_accounts.contains(table.name)) continue;
    ASSERT_NE(table.description, nullptr) << table.name;
    EXPECT_EQ(table.description->numbered, table.key[0].type == engine::ColumnType::Integer)
        << table.name;
    EXPECT_TRUE(table.description->resource != nullptr || table.description->renumber != nullptr)
        << table.name;
  }
}

}  // namespace
}  // namespace cloche::cli
