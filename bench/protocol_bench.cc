// What the protocol costs apart from system calls: a request's head, its route, its document, and its answer.
#include <benchmark/benchmark.h>

#include <string>

#include "base/json.h"
#include "protocol/http/exchange.h"
#include "protocol/http/head.h"
#include "protocol/model/validate.h"
#include "protocol/route/route.h"

namespace cloche::protocol {
namespace {

constexpr std::string_view kAuthorization =
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261121/us-east-1/SERVICE/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
    "Signature=0123456789012345678901234567890123456789012345678901234567890123\r\n";

std::string authorization(std::string_view service) {
  std::string out(kAuthorization);
  return out.replace(out.find("SERVICE"), 7, service);
}

const Registry& registry() {
  static Registry all;
  static const bool made = [] {
    auto& dynamodb = all.add("dynamodb");
    dynamodb.leave_raw("AttributeValue");
    dynamodb.on("PutItem", [](const CallPtr&) {});
    auto& s3 = all.add("s3");
    s3.on("ListObjectsV2", [](const CallPtr&) {});
    s3.on("PutObject", [](const CallPtr&) {});
    return true;
  }();
  benchmark::DoNotOptimize(made);
  return all;
}

class Nobody final : public ExchangeHost {
  void on_answered(Exchange&) override {}
  void on_released(Exchange&) override {}
};

// The way of a request, from the bytes of its head to those of its answer.
void serve(benchmark::State& state, const std::string& head, const std::string& body) {
  Core core(Env::posix(), {}, registry().impl());
  Nobody nobody;
  IdMaker ids(1);
  HeadParser parser;
  Exchange exchange(core, nobody);
  std::string out;
  for (auto _ : state) {
    exchange.reset();
    if (!parser.parse(head, exchange.request, 65536)) return state.SkipWithError("head");
    exchange.request.read_query(exchange.arena());
    exchange.credential = read_credential(exchange.request);
    exchange.read_caller();
    if (!find_route(registry().impl(), exchange.request, exchange.credential, body, exchange.arena(), exchange.route)) {
      return state.SkipWithError("route");
    }
    exchange.identify(ids);
    const auto input = read_input(exchange.route.service->model(), *exchange.route.served->operation, exchange.request,
                                  exchange.route.labels, body, exchange.arena());
    if (!input) return state.SkipWithError(input.error().message.c_str());
    exchange.set_input(*input);
    exchange.reply(Value::map());
    out.clear();
    exchange.append_head(out, core.now(), false);
    benchmark::DoNotOptimize(out.data());
  }
}

void JsonRequest(benchmark::State& state) {
  const std::string body =
      R"({"TableName":"orders","Item":{"pk":{"S":"customer#000000000001"},"sk":{"S":"order#2026-11-21T13:40:21Z"},)"
      R"("total":{"N":"129.90"},"currency":{"S":"EUR"},"lines":{"L":[{"M":{"sku":{"S":"A-1"},"count":{"N":"2"}}},)"
      R"({"M":{"sku":{"S":"B-2"},"count":{"N":"1"}}}]},"paid":{"BOOL":true},"note":{"S":"leave at the door, please; ring twice"}},)"
      R"-("ConditionExpression":"attribute_not_exists(pk)","ReturnValues":"NONE","ReturnConsumedCapacity":"TOTAL"})-";
  const std::string head = "POST / HTTP/1.1\r\nHost: localhost:4566\r\nAccept-Encoding: identity\r\n"
                           "X-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Type: application/x-amz-json-1.0\r\n"
                           "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n"
                           "X-Amz-Date: 20261121T134021Z\r\n" +
                           authorization("dynamodb") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  serve(state, head, body);
  state.SetLabel(std::to_string(body.size()) + " bytes of JSON");
}
BENCHMARK(JsonRequest);

void PutObjectRequest(benchmark::State& state) {
  serve(state, "PUT /bucket/some/key/of/usual/length.json HTTP/1.1\r\nHost: localhost:4566\r\nx-amz-date: 20261121T134021Z\r\n"
               "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\nx-amz-meta-color: blue\r\nContent-Type: application/json\r\n"
               "x-amz-checksum-crc32: DUoRhQ==\r\n" + authorization("s3") + "Content-Length: 1024\r\n\r\n", "");
}
BENCHMARK(PutObjectRequest);

void JsonParseOnly(benchmark::State& state) {
  const std::string body = R"({"TableName":"orders","Key":{"pk":{"S":"customer#000000000001"},"sk":{"S":"order#2026"}},"ConsistentRead":true})";
  Arena arena;
  const Model& model = registry().impl().find("dynamodb")->model();
  const Operation& operation = *model.find("PutItem");
  for (auto _ : state) {
    arena.clear();
    auto value = parse_json(body, arena);
    benchmark::DoNotOptimize(check_input(model, *value, *operation.input, arena));
  }
}
BENCHMARK(JsonParseOnly);

// A page of a listing, the largest answer that S3 makes often.
void ListObjectsAnswer(benchmark::State& state) {
  Arena arena;
  Value output = Value::map();
  Value contents = Value::list();
  for (int i = 0; i < 1000; ++i) {
    Value entry = Value::map();
    entry.add(arena, "Key", Value::string(arena, "some/prefix/object-" + std::to_string(i)));
    entry.add(arena, "LastModified", Value::timestamp(Instant(std::chrono::seconds(1'763'732'421))));
    entry.add(arena, "ETag", Value::string("\"d41d8cd98f00b204e9800998ecf8427e\""));
    entry.add(arena, "Size", Value::integer(i * 100));
    entry.add(arena, "StorageClass", Value::string("STANDARD"));
    contents.push(arena, entry);
  }
  output.add(arena, "Name", Value::string("bucket"));
  output.add(arena, "Contents", contents);
  const Model& model = registry().impl().find("s3")->model();
  Answer answer;
  for (auto _ : state) {
    answer.clear();
    write_output(model, *model.find("ListObjectsV2"), output, {}, answer);
    benchmark::DoNotOptimize(answer.body.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(answer.body.size() * state.iterations()));
}
BENCHMARK(ListObjectsAnswer);

void ReadModel(benchmark::State& state) {
  for (auto _ : state) {
    Model model(*Model::embedded("s3"));
    benchmark::DoNotOptimize(model.operations.size());
  }
}
BENCHMARK(ReadModel);

}  // namespace
}  // namespace cloche::protocol
