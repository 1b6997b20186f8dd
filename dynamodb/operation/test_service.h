// For tests of operations: a service over a real store that is not kept, and calls that are made of
// JSON and answer with it.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "base/json.h"
#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

class TestCall : public protocol::Call {
 public:
  TestCall(std::string operation, std::string json)
      : operation_(std::move(operation)), json_(std::move(json)) {
    auto parsed = parse_json(json_, arena_);
    EXPECT_TRUE(parsed) << json_;
    if (parsed) input_ = *parsed;
  }

  const protocol::Caller& caller() const override { return caller_; }
  std::string_view service() const override { return "dynamodb"; }
  std::string_view operation() const override { return operation_; }
  std::string_view request_id() const override { return "TEST"; }
  const protocol::HttpRequest& http() const override { std::abort(); }
  std::string base_url() const override { return "http://localhost:4566"; }
  const Value& input() const override { return input_; }
  Arena& arena() override { return arena_; }
  protocol::BodySource* body() override { return nullptr; }
  void reply(const Value& output) override {
    std::string json;
    append_json(json, output);
    answered_.set_value(std::move(json));
  }
  void reply(const Value&, std::vector<protocol::BodySegment>) override { std::abort(); }
  void fail(Error error) override {
    std::string text = error.code + ": " + error.message;
    for (const auto& [name, value] : error.details) text += " " + name + value;
    answered_.set_value(std::move(text));
  }
  void set_status(int) override {}
  void set_header(std::string_view, std::string_view) override {}

  void set_input(std::string_view name, Value value) { input_.set(arena_, name, value); }

  // JSON, or "Code: message". Waits for it: while background work leads a commit group, a write is
  // answered by another thread.
  std::string answer() { return answered_.get_future().get(); }

 private:
  std::promise<std::string> answered_;
  std::string operation_;
  std::string json_;
  protocol::Caller caller_;
  Arena arena_;
  Value input_;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() { open({.durability = wal::Durability::Memory}); }

  // Instead of the store that was open, if one was.
  void open(const engine::StoreOptions& options, DynamoDbOptions service = {}) {
    dynamodb_.reset();
    store_.reset();
    engine::Schema schema;
    schema.add(tables());
    schema.add(more_tables_);
    auto opened = engine::Store::open(Env::posix(), options, schema);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    dynamodb_ = std::make_unique<DynamoDb>(*store_, guard_, service);
    store_->start_scheduler();
  }

  std::string run(Operation operation, const std::string& json) {
    auto call = std::make_shared<TestCall>("Test", json);
    if (auto begun = operation(dynamodb_->impl(), call); !begun)
      call->fail(std::move(begun).error());
    return call->answer();
  }

  // A member of an answer, as JSON; empty if it is not there.
  static std::string member(const std::string& answer, std::string_view name) {
    Arena arena;
    const auto parsed = parse_json(answer, arena);
    std::string json;
    if (parsed && (*parsed)[name].present()) append_json(json, (*parsed)[name]);
    return json;
  }

  std::size_t rows(engine::TableId table) {
    const auto view = store_->view();
    std::size_t count = 0;
    for (const auto cursor = view->scan(table, {}); cursor->valid(); cursor->next()) ++count;
    return count;
  }

  // A table named "things" with partition key p (S), and sort key s (N) with a global index by g
  // (S) if `sorted`.
  void make_table(bool sorted = false) {
    const std::string sort = R"(,{"AttributeName":"s","KeyType":"RANGE"}],"AttributeDefinitions":[
        {"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
        "GlobalSecondaryIndexes":[{"IndexName":"by_g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],
        "Projection":{"ProjectionType":"KEYS_ONLY"}}],)";
    const std::string plain =
        R"(],"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],)";
    const std::string answer =
        run(create_table,
            R"({"TableName":"things","KeySchema":[{"AttributeName":"p","KeyType":"HASH"})" +
                (sorted ? sort : plain) + R"("BillingMode":"PAY_PER_REQUEST"})");
    ASSERT_TRUE(answer.starts_with("{")) << answer;
  }

  std::string put(const std::string& item, const std::string& more = "") {
    return run(put_item, R"({"TableName":"things","Item":)" + item + more + "}");
  }
  std::string get(const std::string& key) {
    return member(run(get_item, R"({"TableName":"things","Key":)" + key + "}"), "Item");
  }

  std::vector<engine::TableSpec> more_tables_;  // Of other services, before open().
  std::unique_ptr<engine::Store> store_;
  const iam::Guard guard_;  // Judges nothing.
  std::unique_ptr<DynamoDb> dynamodb_;
};

}  // namespace cloche::dynamodb
