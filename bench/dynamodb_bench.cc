// What DynamoDB's part of a request costs, without HTTP and without the log: figures per piece, and
// whole operations on a store that is not kept.
#include <benchmark/benchmark.h>

#include <string>

#include "base/json.h"
#include "dynamodb/expression/bind.h"
#include "dynamodb/expression/cache.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/item/attribute.h"
#include "dynamodb/item/key_bytes.h"
#include "dynamodb/item/stored_item.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {
namespace {

// An item of about 400 bytes: ten attributes of mixed types.
std::string item_json(int id = 1) {
  std::string json = R"({"id":{"S":"user-)" + std::to_string(id) +
                     R"("},"count":{"N":"12345"},"price":{"N":"19.99"})";
  for (int i = 0; i < 6; ++i)
    json += R"(,"attribute)" + std::to_string(i) + R"(":{"S":")" + std::string(40, 'x') + R"("})";
  return json + R"(,"tags":{"SS":["red","green","blue"]}})";
}

void check_and_encode(benchmark::State& state) {
  Arena input_arena;
  const std::string json = item_json();
  const Value item = *parse_json(json, input_arena);
  for (auto _ : state) {
    Arena arena;
    const CheckedValue checked = *check_item(item, arena);
    benchmark::DoNotOptimize(encode_item(checked.value, checked.bytes));
  }
}
BENCHMARK(check_and_encode);

void parse_number(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Decimal::parse("-12345.678901E10"));
}
BENCHMARK(parse_number);

void number_key(benchmark::State& state) {
  const Decimal number = *Decimal::parse("12345.678901");
  for (auto _ : state) {
    std::string key;
    number.append_key(key);
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(number_key);

void hash_key(benchmark::State& state) {
  const HashedPart part{Type::S, "user-123456789"};
  for (auto _ : state)
    benchmark::DoNotOptimize(partition_hash(PartitionOrder::Service, std::span(&part, 1)));
}
BENCHMARK(hash_key);

constexpr std::string_view kCondition =
    "attribute_exists(id) AND #c > :c AND (price < :p OR contains(tags, :t))";

void parse_condition(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_expression(ExpressionKind::Condition, kCondition));
}
BENCHMARK(parse_condition);

// A request's expression when its text is known: look-up, placeholders, checks.
void bind_condition(benchmark::State& state) {
  ExpressionCache cache;
  Arena input_arena;
  const Value names = *parse_json(R"({"#c":"count"})", input_arena);
  const Value values =
      *parse_json(R"({":c":{"N":"1"},":p":{"N":"20"},":t":{"S":"red"}})", input_arena);
  for (auto _ : state) {
    Arena arena;
    Placeholders placeholders(arena);
    benchmark::DoNotOptimize(placeholders.read(names, values));
    benchmark::DoNotOptimize(placeholders.bind(*cache.get(ExpressionKind::Condition, kCondition)));
  }
}
BENCHMARK(bind_condition);

void evaluate_condition(benchmark::State& state) {
  Arena arena;
  const std::string json = item_json();
  const Value item = *parse_json(json, arena);
  Placeholders placeholders(arena);
  const Value names = *parse_json(R"({"#c":"count"})", arena);
  const Value values = *parse_json(R"({":c":{"N":"1"},":p":{"N":"20"},":t":{"S":"red"}})", arena);
  benchmark::DoNotOptimize(placeholders.read(names, values));
  const BoundExpression bound =
      *placeholders.bind(*parse_expression(ExpressionKind::Condition, kCondition));
  for (auto _ : state) benchmark::DoNotOptimize(holds(bound, item));
}
BENCHMARK(evaluate_condition);

void evaluate_update(benchmark::State& state) {
  Arena arena;
  const std::string json = item_json();
  const Value item = *parse_json(json, arena);
  Placeholders placeholders(arena);
  const Value values = *parse_json(R"({":c":{"N":"1"},":s":{"S":"new"}})", arena);
  benchmark::DoNotOptimize(placeholders.read(Value(), values));
  const auto tree = parse_expression(ExpressionKind::Update,
                                     "SET attribute1 = :s, price = price + :c REMOVE attribute2");
  const BoundExpression bound = *placeholders.bind(*tree);
  for (auto _ : state) {
    Arena scratch;
    benchmark::DoNotOptimize(update(bound, item, scratch));
  }
}
BENCHMARK(evaluate_update);

// A request without a wire.
class BenchCall : public protocol::Call {
 public:
  explicit BenchCall(const std::string& json) : json_(json) { input_ = *parse_json(json_, arena_); }
  const protocol::Caller& caller() const override { return caller_; }
  std::string_view service() const override { return "dynamodb"; }
  std::string_view operation() const override { return "Bench"; }
  std::string_view request_id() const override { return ""; }
  const protocol::HttpRequest& http() const override { std::abort(); }
  std::string base_url() const override { return ""; }
  const Value& input() const override { return input_; }
  Arena& arena() override { return arena_; }
  protocol::BodySource* body() override { return nullptr; }
  void reply(const Value& output) override { benchmark::DoNotOptimize(output.size()); }
  void reply(const Value&, std::vector<protocol::BodySegment>) override {}
  void fail(Error error) override {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    std::abort();
  }
  void set_status(int) override {}
  void set_header(std::string_view, std::string_view) override {}

 private:
  std::string json_;
  protocol::Caller caller_;
  Arena arena_;
  Value input_;
};

struct Bench {
  Bench() {
    engine::Schema schema;
    schema.add(tables());
    engine::StoreOptions options;
    options.durability = wal::Durability::Memory;
    store = *engine::Store::open(Env::posix(), options, schema);
    dynamodb = std::make_unique<DynamoDb>(*store, guard);
    run(create_table,
        R"({"TableName":"things","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"BillingMode":"PAY_PER_REQUEST"})");
  }
  void run(Operation operation, const std::string& json) {
    run(operation, std::make_shared<BenchCall>(json));
  }
  void run(Operation operation, const protocol::CallPtr& call) {
    if (auto begun = operation(dynamodb->impl(), call); !begun)
      call->fail(std::move(begun).error());
  }
  std::unique_ptr<engine::Store> store;
  const iam::Guard guard;  // Judges nothing.
  std::unique_ptr<DynamoDb> dynamodb;
};

// Parsing the request is part of these: some 2 microseconds for the item.
void request_only(benchmark::State& state) {
  int id = 0;
  for (auto _ : state)
    BenchCall call(R"({"TableName":"things","Item":)" + item_json(++id % 1000) + "}");
}
BENCHMARK(request_only);

void put_item_whole(benchmark::State& state) {
  Bench bench;
  int id = 0;
  for (auto _ : state)
    bench.run(put_item, R"({"TableName":"things","Item":)" + item_json(++id % 1000) + "}");
}
BENCHMARK(put_item_whole);

void get_item_whole(benchmark::State& state) {
  Bench bench;
  for (int id = 0; id < 1000; ++id)
    bench.run(put_item, R"({"TableName":"things","Item":)" + item_json(id) + "}");
  int id = 0;
  for (auto _ : state) {
    bench.run(get_item, R"({"TableName":"things","Key":{"id":{"S":"user-)" +
                            std::to_string(++id % 1000) + R"("}}})");
  }
}
BENCHMARK(get_item_whole);

void update_item_whole(benchmark::State& state) {
  Bench bench;
  for (int id = 0; id < 1000; ++id)
    bench.run(put_item, R"({"TableName":"things","Item":)" + item_json(id) + "}");
  int id = 0;
  for (auto _ : state) {
    bench.run(
        update_item,
        R"({"TableName":"things","Key":{"id":{"S":"user-)" + std::to_string(++id % 1000) +
            R"("}},"UpdateExpression":"ADD price :one","ExpressionAttributeValues":{":one":{"N":"1"}}})");
  }
}
BENCHMARK(update_item_whole);

}  // namespace
}  // namespace cloche::dynamodb
