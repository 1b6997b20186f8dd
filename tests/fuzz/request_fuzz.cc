// Requests to DynamoDB: each line is an operation's name, a blank and its JSON, read by the model
// and run one after the other on a store that is not kept.
#include <memory>

#include "base/check.h"
#include "tests/fuzz/json_mutator.h"
#include "tests/fuzz/target.h"
#include "tests/local/dynamodb.h"

using namespace cloche;

namespace {

constexpr std::string_view kTable =
    R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST","KeySchema":[
    {"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
    "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},
    {"AttributeName":"g","AttributeType":"B"}],
    "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},
    "GlobalSecondaryIndexes":[{"IndexName":"by_g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],
    "Projection":{"ProjectionType":"ALL"}}]})";

// What requests leave behind would fill the memory, and make what is found hard to repeat.
constexpr std::size_t kRunsOfAWorld = 2'000;

std::unique_ptr<local::DynamoDb> new_world() {
  engine::StoreOptions options;
  options.durability = wal::Durability::Memory;
  options.seed = 1;
  auto world = std::make_unique<local::DynamoDb>(options);
  CLOCHE_CHECK(world->ask("CreateTable", kTable).status == 200);
  return world;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  return fuzz::mutate(fuzz::mutate_line, data, size, size_max, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<local::DynamoDb> world;
  static std::size_t runs = 0;
  if (runs++ % kRunsOfAWorld == 0) world = new_world();
  std::string_view text = fuzz::text_of(data, size);
  while (!text.empty()) {
    const std::string_view line = fuzz::take_line(text);
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    // Refusing is fine; a fault of ours is not.
    CLOCHE_CHECK(world->ask(line.substr(0, blank), line.substr(blank + 1)).status < 500);
  }
  return 0;
}
