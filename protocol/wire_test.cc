// "This in, that out": routing, parsing, validation and serialization, with cases from
// testdata/*.test. Each file says where its expected values come from.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "protocol/http/head.h"
#include "protocol/model/validate.h"
#include "protocol/route/route.h"

namespace cloche::protocol {
namespace {

struct Case {
  int line = 0;
  std::string request, host, body, service, operation, input, error, output, answer, answer_status,
      fail;
  std::vector<std::string> headers, answer_headers;
};

std::vector<Case> read_cases(const std::string& file) {
  std::ifstream in(std::string(CLOCHE_SOURCE_DIR) + "/protocol/testdata/" + file);
  std::vector<Case> cases(1);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      if (cases.back().line != 0) cases.emplace_back();
      continue;
    }
    Case& now = cases.back();
    if (now.line == 0) now.line = number;
    const std::size_t blank = line.find(' ');
    const std::string key = line.substr(0, blank);
    const std::string value =
        blank == std::string::npos ? "" : line.substr(line.find_first_not_of(' ', blank));
    if (key == "request")
      now.request = value;
    else if (key == "header")
      now.headers.push_back(value);
    else if (key == "body")
      now.body += value;
    else if (key == "operation")
      now.operation = value;
    else if (key == "input")
      now.input += value;
    else if (key == "error")
      now.error = value;
    else if (key == "output")
      now.output += value;
    else if (key == "answer")
      now.answer += value;
    else if (key == "status")
      now.answer_status = value;
    else if (key == "fail")
      now.fail = value;
    else if (key == "answer-header")
      now.answer_headers.push_back(value);
    else
      ADD_FAILURE() << file << ":" << number << ": what is '" << key << "'?";
  }
  if (cases.back().line == 0) cases.pop_back();
  return cases;
}

// Every operation of the embedded models can be served in these tests.
Registry& registry() {
  static Registry all;
  static const bool made = [] {
    for (const char* name : {"dynamodb", "dynamodbstreams", "s3", "sts"}) {
      auto& service = static_cast<ServiceEntry&>(all.add(name));
      for (const auto& served : service.operations())
        service.on(served->operation->name, [](const CallPtr&) {});
      if (service.model().has_shape("AttributeValue")) service.leave_raw("AttributeValue");
    }
    return true;
  }();
  EXPECT_TRUE(made);
  return all;
}

void run(const Case& test) {
  Arena arena;
  std::string head = test.request + " HTTP/1.1\r\n";
  if (std::none_of(test.headers.begin(), test.headers.end(),
                   [](const std::string& h) { return h.starts_with("Host:"); })) {
    head += "Host: localhost:4566\r\n";
  }
  for (const std::string& header : test.headers) head += header + "\r\n";
  head += "\r\n";
  Request request;
  HeadParser parser;
  ASSERT_TRUE(parser.parse(head, request, 65536).has_value());
  request.read_query(arena);
  const Credential credential = read_credential(request);
  Route route;
  auto found = find_route(registry().impl(), request, credential, test.body, arena, route);
  const Identity identity{"REQUEST", "HOST"};
  if (!found) {
    EXPECT_EQ(found.error().code + "|" + found.error().message, test.error);
    return;
  }
  ASSERT_NE(route.served, nullptr);
  if (!test.operation.empty()) {
    EXPECT_EQ(route.served->full_name, test.operation);
  }
  const Model& model = route.service->model();
  const Operation& operation = *route.served->operation;
  if (!test.input.empty() || !test.error.empty()) {
    const auto input = read_input(model, operation, request, route.labels, test.body, arena);
    if (!test.error.empty()) {
      ASSERT_FALSE(input.has_value());
      EXPECT_EQ(input.error().code + "|" + input.error().message, test.error);
    } else {
      ASSERT_TRUE(input.has_value()) << input.error().code << ": " << input.error().message;
      std::string text;
      append_json(text, *input);
      EXPECT_EQ(text, test.input);
    }
  }
  Answer answer;
  if (!test.output.empty()) {
    auto output = parse_json(test.output, arena);
    ASSERT_TRUE(output.has_value()) << test.output;
    // JSON has no times and blobs: they are made by the shape.
    if (operation.output != nullptr) {
      const auto made = check_input(model, *output, *operation.output, arena);
      EXPECT_TRUE(made.has_value() || made.error().code == "ValidationException");
    }
    write_output(model, operation, *output, identity, answer);
  } else if (!test.fail.empty()) {
    const std::size_t bar = test.fail.find('|');
    Error error =
        refused(404, test.fail.substr(0, bar), test.fail.substr(bar + 1), {{"Key", "a&b"}});
    write_error(model, &operation, error, identity, answer);
  } else {
    return;
  }
  // Cases stand on one line; S3's declaration is followed by a line break.
  std::string body = answer.body;
  if (const std::size_t at = body.find("?>\n"); at != std::string::npos) body.erase(at + 2, 1);
  EXPECT_EQ(body, test.answer);
  for (const std::string& header : test.answer_headers) {
    EXPECT_NE(answer.headers.find(header + "\r\n"), std::string::npos)
        << "no '" << header << "' in:\n"
        << answer.headers;
  }
}

class Wire : public testing::TestWithParam<const char*> {};

TEST_P(Wire, CasesHold) {
  const std::vector<Case> cases = read_cases(GetParam());
  ASSERT_FALSE(cases.empty());
  for (const Case& test : cases) {
    SCOPED_TRACE(std::string(GetParam()) + ":" + std::to_string(test.line) + ": " + test.request);
    run(test);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Wire,
                         testing::Values("s3_routes.test", "s3_documents.test", "json.test",
                                         "query.test"));

}  // namespace
}  // namespace cloche::protocol
