#include "tests/local/dynamodb.h"

#include <future>

#include "base/check.h"
#include "dynamodb/dynamodb.h"
#include "protocol/route/registry.h"
#include "services/iam/guard.h"

namespace cloche::local {
namespace {

class LocalCall final : public protocol::Call {
 public:
  LocalCall(const protocol::ServiceEntry& entry, const protocol::Served& served,
            std::string_view json)
      : model_(entry.model()), operation_(*served.operation), json_(json) {}

  Result<void> read() {
    CLOCHE_TRY(const input, protocol::read_json(model_, operation_, json_, arena_));
    input_ = input;
    return {};
  }

  const protocol::Caller& caller() const override { return caller_; }
  std::string_view service() const override { return "dynamodb"; }
  std::string_view operation() const override { return operation_.name; }
  std::string_view request_id() const override { return "LOCAL"; }
  const protocol::HttpRequest& http() const override { return request_; }
  std::string base_url() const override { return "http://localhost:4566"; }
  const Value& input() const override { return input_; }
  Arena& arena() override { return arena_; }
  protocol::BodySource* body() override { return nullptr; }
  void reply(const Value& output) override {
    protocol::Answer answer;
    protocol::write_json(model_, operation_, output, answer);
    answered_.set_value({200, std::move(answer.body)});
  }
  void reply(const Value&, std::vector<protocol::BodySegment>) override { CLOCHE_CHECK(false); }
  void fail(Error error) override {
    protocol::Answer answer;
    protocol::write_json_error(&model_, &operation_, error, answer);
    // A fault of ours has AWS's general words for clients; whoever tests wants our own.
    if (error.kind != Error::Kind::Refused) answer.body += " " + error.code + ": " + error.message;
    const bool refused = error.kind == Error::Kind::Refused;
    answered_.set_value({refused ? error.http_status : 500, std::move(answer.body)});
  }
  void set_status(int) override {}
  void set_header(std::string_view, std::string_view) override {}

  Answer answer() { return answered_.get_future().get(); }

 private:
  const protocol::Model& model_;
  const protocol::Operation& operation_;
  const std::string json_;
  std::promise<Answer> answered_;
  protocol::Caller caller_;
  protocol::Request request_;
  Arena arena_;
  Value input_;
};

}  // namespace

struct DynamoDb::Impl {
  const iam::Guard guard;  // Judges nothing.
  protocol::Registry registry;
  std::unique_ptr<engine::Store> store;
  std::unique_ptr<dynamodb::DynamoDb> dynamodb;
};

DynamoDb::DynamoDb(const engine::StoreOptions& options) : impl_(std::make_unique<Impl>()) {
  engine::Schema schema;
  schema.add(dynamodb::tables());
  auto opened = engine::Store::open(Env::posix(), options, schema);
  CLOCHE_CHECK(opened);
  impl_->store = *std::move(opened);
  impl_->dynamodb = std::make_unique<dynamodb::DynamoDb>(*impl_->store, impl_->guard);
  dynamodb::register_dynamodb(impl_->registry, *impl_->dynamodb);
  impl_->store->start_scheduler();
}

DynamoDb::~DynamoDb() = default;

engine::Store& DynamoDb::store() { return *impl_->store; }

Answer DynamoDb::ask(std::string_view operation, std::string_view json) {
  const protocol::ServiceEntry* entry = impl_->registry.impl().find("dynamodb");
  const protocol::Served* served = entry->find(operation);
  if (served == nullptr || served->handler == nullptr) return {};
  const auto call = std::make_shared<LocalCall>(*entry, *served, json);
  if (auto read = call->read(); !read) {
    call->fail(std::move(read).error());
  } else {
    served->handler(call);
  }
  return call->answer();
}

}  // namespace cloche::local
