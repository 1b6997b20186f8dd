// What a client may do to a connection, and what it gets.
#include "protocol/http/server_test.h"

namespace cloche::protocol {
namespace {

TEST_F(ServerTest, AnswersWithTheHeadersOfAws) {
  Client client(port_);
  client.send(request("GET /b/nothing"));
  const std::string answer = client.answer();
  EXPECT_EQ(status_of(answer), 404);
  for (const char* header : {"x-amz-request-id: ", "x-amz-id-2: ", "Date: ", "Server: AmazonS3",
                             "Content-Type: application/xml"}) {
    EXPECT_NE(answer.find(header), std::string::npos) << header;
  }
  EXPECT_NE(answer.find("<Code>NoSuchKey</Code>"), std::string::npos);
  client.send(request("POST /", kPutItem, R"({"TableName":"abc","Item":{"a":{"N":"1"}}})"));
  const std::string json = client.answer();
  EXPECT_EQ(body_of(json), R"({"Attributes":{"a":{"N":"1"}}})");
  EXPECT_NE(json.find("x-amz-crc32: " + std::to_string(crc32(as_bytes(body_of(json))))),
            std::string::npos);
  EXPECT_NE(json.find("x-amzn-RequestId: "), std::string::npos);
}

// What went wrong in here names files: the operator reads it, the client gets AWS's general words.
TEST_F(ServerTest, FaultsAreToldToTheOperatorAlone) {
  std::mutex mutex;
  std::vector<std::string> lines;
  ServerOptions options;
  options.fault_log = [&](std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  };
  start(std::move(options));
  const auto dynamodb = [](const std::string& table) {
    return request("POST /", kPutItem, R"({"TableName":")" + table + R"(","Item":{}})");
  };
  const std::string internal = "We encountered an internal error. Please try again.";
  const std::string failure =
      "The request processing has failed because of an unknown error, exception or failure.";
  struct Case {
    std::string request;
    int status;
    std::string code, message, logged;
  };
  const std::vector<Case> cases = {
      {request("PUT /b/full"), 503, "<Code>SlowDown</Code>", "Please reduce your request rate.",
       " s3.PutObject unavailable: write /data/x: No space left on device"},
      {request("PUT /b/rotten"), 500, "<Code>InternalError</Code>", internal,
       " s3.PutObject damaged: /data/blobs/7 at 4096: checksum"},
      {request("PUT /b/throws"), 500, "<Code>InternalError</Code>", internal,
       " s3.PutObject bug: a bug"},
      {dynamodb("full"), 503, "#ServiceUnavailable\"",
       "The request has failed due to a temporary failure of the server.",
       " dynamodb.PutItem unavailable: /data/wal: No space left on device"},
      {dynamodb("throws"), 500, "#InternalServerError\"", failure,
       " dynamodb.PutItem bug: /data/wal"},
  };
  Client client(port_);
  for (const Case& one : cases) {
    client.send(one.request);
    const std::string answer = client.answer();
    EXPECT_EQ(status_of(answer), one.status) << answer;
    EXPECT_NE(answer.find(one.code), std::string::npos) << answer;
    EXPECT_NE(answer.find(one.message), std::string::npos) << answer;
    EXPECT_EQ(answer.find("/data"), std::string::npos) << answer;
    const std::lock_guard lock(mutex);
    ASSERT_FALSE(lines.empty());
    EXPECT_TRUE(lines.back().ends_with(one.logged)) << lines.back();
    const std::size_t id = lines.back().find(" fault ") + 7;
    EXPECT_NE(answer.find(lines.back().substr(id, lines.back().find(' ', id) - id)),
              std::string::npos);
  }
  client.send(request("PUT /b/refused"));
  EXPECT_EQ(status_of(client.answer()), 403);
  EXPECT_EQ(lines.size(), cases.size());  // A refusal is no fault.
}

// Requests that come together are answered in their order, also when the first takes longer.
TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Client client(port_);
  client.send(request("PUT /b/a", "", "one") + request("GET /b/later") + request("GET /b/a") +
              request("GET /b/none"));
  EXPECT_EQ(status_of(client.answer()), 200);
  EXPECT_EQ(body_of(client.answer()), "later");
  EXPECT_EQ(body_of(client.answer()), "one");
  EXPECT_EQ(status_of(client.answer()), 404);
}

// Who has the next request there already, again and again, does not keep the thread for itself.
TEST_F(ServerTest, GivesWayToNeighbours) {
  ServerOptions options;
  options.threads = 1;
  start(std::move(options));
  Client greedy(port_), neighbour(port_);
  neighbour.send(request("GET /b/none"));
  EXPECT_EQ(status_of(neighbour.answer()), 404);
  std::string many;
  for (int i = 0; i < 200; ++i) many += request("GET /b/slow");
  greedy.send(many);
  while (slow_ < 3) std::this_thread::yield();
  neighbour.send(request("GET /b/none"));
  EXPECT_EQ(status_of(neighbour.answer()), 404);
  EXPECT_LT(slow_, 100);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(status_of(greedy.answer()), 404);
}

TEST_F(ServerTest, SurvivesItsHandlers) {
  Client client(port_);
  client.send(request("PUT /b/throws", "", "x"));
  const std::string thrown = client.answer();
  EXPECT_EQ(status_of(thrown), 500);
  EXPECT_NE(thrown.find("<RequestId>"), std::string::npos);
  client.send(request("PUT /b/dropped", "", "x"));
  EXPECT_EQ(status_of(client.answer()), 500);
  client.send(request("GET /b/none"));
  EXPECT_EQ(status_of(client.answer()), 404);
}

// A call that outlives its answer keeps what it shows, while the connection serves others.
TEST_F(ServerTest, ACallMayBeKept) {
  Client client(port_);
  client.send(request("GET /b/kept?versionId=abc"));
  EXPECT_EQ(body_of(client.answer()), "kept");
  for (int i = 0; i < 100; ++i) {
    client.send(request("GET /zzzzzz/yyyyyyyyyyyyyyyyyyyyyyyyy"));
    client.answer();
  }
  EXPECT_EQ(kept_->input()["VersionId"].text(), "abc");
  EXPECT_EQ(kept_->http().query("versionId"), "abc");
  EXPECT_EQ(kept_->operation(), "GetObject");
}

// A commit group's leader answers its neighbours' calls from within its own handler, on the same
// thread: their next requests must not run inside it.
TEST_F(ServerTest, AHandlerMayAnswerAnothersCall) {
  ServerOptions options;
  options.threads = 1;
  start(std::move(options));
  Client waits(port_);
  Client wakes(port_);
  for (int i = 0; i < 3; ++i) {
    waits.send(request("GET /b/wait"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // Until it waits.
    wakes.send(request("GET /b/wake"));
    EXPECT_EQ(status_of(waits.answer()), 409);
    EXPECT_EQ(status_of(wakes.answer()), 404);
  }
}

TEST_F(ServerTest, ManyAnswersFromOtherThreads) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Client>(port_));
  // One connection's calls come one after the other; the vector of threads is guarded by that in
  // turn.
  for (auto& client : clients) {
    client->send(request("GET /b/later"));
    EXPECT_EQ(body_of(client->answer()), "later");
  }
}

TEST_F(ServerTest, ClosesIdleAndSlowClients) {
  ServerOptions options;
  options.header_timeout = std::chrono::seconds(1);
  options.idle_timeout = std::chrono::seconds(1);
  start(std::move(options));
  Client silent(port_);
  Client half(port_);
  half.send("GET / HT");
  Client body(port_);
  body.send("PUT /b/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhello");
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(half.closed());
  EXPECT_EQ(status_of(body.answer()), 400);
}

TEST_F(ServerTest, BoundsConnections) {
  ServerOptions options;
  options.connections_max = 2;
  start(std::move(options));
  Client first(port_), second(port_);
  first.send(request("GET /b/none"));
  first.answer();
  second.send(request("GET /b/none"));
  second.answer();
  Client third(port_);
  EXPECT_TRUE(third.closed());
}

// No page of the web may drive the emulator: design, section 9.
TEST_F(ServerTest, ChecksHostsAndOrigins) {
  const auto ask = [&](const std::string& line, const std::string& host,
                       const std::string& headers = "") {
    Client client(port_);
    client.send(line + " HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "\r\n");
    return client.answer();
  };
  EXPECT_EQ(status_of(ask("GET /_cloche/health", "localhost:4566")), 200);
  EXPECT_EQ(status_of(ask("GET /_cloche/health", "127.0.0.1:4566")), 200);
  EXPECT_EQ(status_of(ask("GET /_cloche/health", "cloche:4566")), 200);
  EXPECT_EQ(status_of(ask("GET /_cloche/health", "evil.example")), 403);
  EXPECT_EQ(status_of(ask("GET /_cloche/health", "localhost", "Origin: https://evil.example\r\n")),
            403);
  EXPECT_EQ(status_of(ask("GET /_cloche/nothing", "localhost")), 404);
  EXPECT_EQ(status_of(ask("GET /b/k", "localhost", "Origin: https://evil.example\r\n")), 403);
  const std::string local = ask("GET /b/none", "localhost", "Origin: http://localhost:3000\r\n");
  EXPECT_NE(local.find("Access-Control-Allow-Origin: http://localhost:3000"), std::string::npos);
  const std::string preflight =
      ask("OPTIONS /b/k", "localhost",
          "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: PUT\r\n"
          "Access-Control-Request-Headers: x-amz-date\r\n");
  EXPECT_EQ(status_of(preflight), 204);
  EXPECT_NE(preflight.find("Access-Control-Allow-Headers: x-amz-date"), std::string::npos);
}

// What does not look like a request of DynamoDB's API is answered by what stands before it.
TEST_F(ServerTest, AnswersForDynamoDbAsItsFrontDoes) {
  Client client(port_);
  const auto ask = [&](const std::string& line, const std::string& headers,
                       const std::string& body) {
    std::string text = request(line, headers, body);
    text.replace(text.find("localhost"), 9, "dynamodb.eu-west-1.amazonaws.com");
    client.send(text);
    return client.answer();
  };
  EXPECT_EQ(body_of(ask("GET /", "", "")), "healthy: dynamodb.eu-west-1.amazonaws.com ");
  for (const std::string line : {"PUT /", "DELETE /", "POST /"}) {
    const std::string answer = ask(line, "Content-Type: text/plain\r\n", "hi");
    EXPECT_EQ(status_of(answer), 404) << line;
    EXPECT_EQ(body_of(answer), "<UnknownOperationException/>\n");
    EXPECT_NE(answer.find("x-amz-crc32: 3552371480"), std::string::npos) << answer;
  }
  const std::string json = "Content-Type: application/json; charset=utf-8\r\n";
  const std::string unread = ask("POST /", json, "hi");
  EXPECT_EQ(body_of(unread), R"({"__type":"com.amazon.coral.service#SerializationException"})");
  EXPECT_NE(unread.find("Content-Type: application/json\r\n"), std::string::npos) << unread;
  EXPECT_EQ(body_of(ask("POST /", json, "{}")),
            R"({"__type":"com.amazon.coral.service#UnknownOperationException"})");
}

TEST_F(ServerTest, UnpacksGzip) {
  // {"TableName":"abc","Item":{}}, by Python's gzip module.
  std::string zipped(49, '\0');
  ASSERT_TRUE(
      from_hex("1f8b0800000000000203ab560a494cca49f54bcc4d55b2524a4c4a56d251f22c49cd55b2aaaead0500"
               "b874105d1d000000",
               std::as_writable_bytes(std::span(zipped))));
  Client client(port_);
  client.send(request("POST /", kPutItem + "Content-Encoding: gzip\r\n", zipped));
  EXPECT_EQ(body_of(client.answer()), R"({"Attributes":{}})");
  zipped[20] = static_cast<char>(zipped[20] + 1);
  client.send(request("POST /", kPutItem + "Content-Encoding: gzip\r\n", zipped));
  EXPECT_EQ(status_of(client.answer()), 400);
}

// What takes long holds up neither its io thread nor the end of the server.
TEST_F(ServerTest, LongAdminWorkHasItsOwnThread) {
  Registry registry;
  auto beside = open_beside(registry);
  ASSERT_TRUE(beside) << beside.error().message;
  std::promise<void> go;
  auto may_go = go.get_future().share();
  (*beside)->on_admin_work("/_cloche/long", [may_go](const HttpRequest&, std::string_view body) {
    may_go.wait();
    return AdminAnswer{.status = 200, .content_type = "text/plain", .body = std::string(body)};
  });
  (*beside)->serve();
  const std::string address = (*beside)->addresses().at(0);
  const int port = std::atoi(address.c_str() + address.rfind(':') + 1);
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 4; ++i) {  // More than there are io threads.
    waiting.push_back(std::make_unique<Client>(port));
    waiting.back()->send(request("POST /_cloche/long", "", "body " + std::to_string(i)));
  }
  Client client(port_);
  for (int i = 0; i < 4; ++i) {
    client.send(request("GET /b/none"));
    EXPECT_EQ(status_of(client.answer()), 404);
  }
  go.set_value();
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(body_of(waiting[static_cast<std::size_t>(i)]->answer()), "body " + std::to_string(i));
}

TEST_F(ServerTest, AServerBesideComesAndGoes) {
  for (int round = 0; round < 20; ++round) {
    Registry registry;
    Service& s3 = registry.add("s3");
    s3.on("GetObject", [](const CallPtr& call) {
      call->fail({.code = "Beside", .message = "x", .http_status = 404, .details = {}});
    });
    auto beside = open_beside(registry);
    ASSERT_TRUE(beside) << beside.error().message;
    (*beside)->serve();
    const std::string address = (*beside)->addresses().at(0);
    const int port = std::atoi(address.c_str() + address.rfind(':') + 1);
    Client idle(port);
    Client there(port);
    there.send(request("GET /b/none"));
    EXPECT_NE(there.answer().find("Beside"), std::string::npos);
    Client secure(port, true);
    secure.send(request("GET /b/none"));
    EXPECT_EQ(status_of(secure.answer()), 404);
    Client half(port);
    half.send("GET /b/no");
    beside->reset();
    EXPECT_EQ(there.answer(), "");
    Client here(port_);
    here.send(request("GET /b/none"));
    EXPECT_EQ(body_of(here.answer()).find("Beside"), std::string::npos);
  }
}

TEST_F(ServerTest, CountsWhatItDoes) {
  Client client(port_);
  for (int i = 0; i < 3; ++i) {
    client.send(request("GET /b/none"));
    client.answer();
  }
  client.send(request("DELETE /b/k"));
  client.answer();
  client.send(request("PUT /b?versioning"));
  EXPECT_EQ(status_of(client.answer()), 501);
  const ServerStats stats = server_->stats();
  EXPECT_EQ(stats.requests, 5u);
  EXPECT_EQ(stats.connections_open, 1u);
  const auto of = [&](const std::string& name) {
    for (const auto& operation : stats.operations) {
      if (operation.name == name) return operation;
    }
    return ServerStats::Operation{};
  };
  EXPECT_EQ(of("s3.GetObject").count, 3u);
  EXPECT_EQ(of("s3.GetObject").errors, 3u);
  EXPECT_EQ(of("s3.DeleteObject").errors, 0u);
}

// Heads, chunks, XML and JSON with bytes changed at random: whatever the answer, the server lives
// and the next client is served.
TEST_F(ServerTest, LivesThroughChangedRequests) {
  const char* given = std::getenv("CLOCHE_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                         : std::random_device{}();
  SCOPED_TRACE("CLOCHE_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> seeds = {
      request("GET /b/k?acl&versionId=a%20b",
              "Authorization: AWS4-HMAC-SHA256 Credential=k/20130524/us-east-1/s3/aws4_request, "
              "SignedHeaders=host, Signature=00\r\n"),
      request("POST /b?delete", "",
              "<Delete><Object><Key>a &amp; b</Key></Object><Quiet>true</Quiet></Delete>"),
      request("POST /", kPutItem,
              R"({"TableName":"t","Item":{"a":{"L":[{"N":"1"},{"S":"\u00e9"}]}}})"),
      "PUT /b/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      request("PUT /b/k", "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n",
              "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n"),
  };
  for (int round = 0; round < 300; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        case 2:
          text.insert(at, 1 + random() % 3, static_cast<char>(random()));
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 32));
          break;
      }
      if (text.empty()) text = "x";
    }
    Client client(port_);
    client.send(text);
    client.shut();
    while (!client.answer().empty()) {}
  }
  Client client(port_);
  client.send(request("GET /b/none"));
  EXPECT_EQ(status_of(client.answer()), 404);
}

}  // namespace
}  // namespace cloche::protocol
