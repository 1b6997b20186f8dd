// The server over real loopback sockets: what a client may do to a connection, and what it gets.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "base/digest.h"
#include "protocol/protocol.h"

namespace cloche::protocol {
namespace {

// A client that says exactly what it is told to, byte by byte if need be; plain or TLS.
class Client {
 public:
  explicit Client(int port, bool tls = false) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (!tls) return;
    context_ = SSL_CTX_new(TLS_client_method());
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, socket_);
    EXPECT_EQ(SSL_connect(tls_), 1);
  }
  ~Client() {
    if (tls_ != nullptr) SSL_free(tls_);
    if (context_ != nullptr) SSL_CTX_free(context_);
    ::close(socket_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False once the server has closed.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = tls_ != nullptr
                               ? SSL_write(tls_, text.data(), static_cast<int>(text.size()))
                               : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void shut() { ::shutdown(socket_, SHUT_WR); }

  // One answer, head and body. Empty at the end of the connection.
  std::string answer(bool head_only = false) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return std::exchange(buffer_, {});
    }
    end += 4;
    const std::size_t chunked = buffer_.find("Transfer-Encoding: chunked\r\n");
    if (chunked < end && !head_only) return chunked_answer(end);
    const std::size_t at = buffer_.find("Content-Length: ");
    const std::size_t length =
        at < end && !head_only ? std::strtoul(buffer_.c_str() + at + 16, nullptr, 10) : 0;
    while (buffer_.size() < end + length && more()) {}
    const std::string out = buffer_.substr(0, end + length);
    buffer_.erase(0, end + length);
    return out;
  }
  bool closed() { return buffer_.empty() && !more(); }

 private:
  // The answer whose head ends at `end`, with its chunks put together.
  std::string chunked_answer(std::size_t end) {
    std::string out = buffer_.substr(0, end);
    for (std::size_t at = end;;) {
      std::size_t line = 0;
      while ((line = buffer_.find("\r\n", at)) == std::string::npos) {
        if (!more()) return std::exchange(buffer_, {});
      }
      const std::size_t size = std::strtoul(buffer_.c_str() + at, nullptr, 16);
      while (buffer_.size() < line + 2 + size + 2 && more()) {}
      out += buffer_.substr(line + 2, size);
      at = line + 2 + size + 2;
      if (size > 0) continue;
      buffer_.erase(0, at);
      return out;
    }
  }
  bool more() {
    char bytes[65536];
    const ssize_t got = tls_ != nullptr ? SSL_read(tls_, bytes, sizeof bytes)
                                        : ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  SSL_CTX* context_ = nullptr;
  SSL* tls_ = nullptr;
  std::string buffer_;
};

int status_of(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9);
}
std::string body_of(const std::string& answer) {
  return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

// A server with an S3 that keeps objects in memory, or does what the key's name says.
const std::string kPutItem =
    "X-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Type: application/x-amz-json-1.0\r\n";

class ServerTest : public testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(ServerOptions options) {
    server_.reset();
    registry_ = std::make_unique<Registry>();
    Service& s3 = registry_->add("s3");
    s3.on("PutObject", [this](const CallPtr& call) { put(call); });
    s3.on("GetObject", [this](const CallPtr& call) { get(call); });
    s3.on("HeadObject", [this](const CallPtr& call) { get(call); });
    s3.on("DeleteObject", [](const CallPtr& call) { call->reply(Value::map()); });
    s3.on("PutObjectTagging", [](const CallPtr& call) { call->reply(Value::map()); });
    s3.on("DeleteObjects", [](const CallPtr& call) {
      Value output = Value::map();
      output.add(call->arena(), "Deleted", call->input()["Delete"]["Objects"]);
      call->reply(output);
    });
    Service& dynamodb = registry_->add("dynamodb");
    dynamodb.leave_raw("AttributeValue");
    dynamodb.on("PutItem", [](const CallPtr& call) {
      const std::string table = call->input()["TableName"].str();
      if (table == "full") return call->fail(unavailable("/data/wal: No space left on device"));
      if (table == "throws") throw std::runtime_error("/data/wal");
      Value output = Value::map();
      output.add(call->arena(), "Attributes", call->input()["Item"]);
      call->reply(output);
    });
    directory_ = std::filesystem::temp_directory_path() /
                 ("cloche-server-test-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    options.listen = {"127.0.0.1:0"};
    if (options.threads == 0) options.threads = 2;
    options.certificate_directory = directory_;
    auto started = Server::open(Env::posix(), std::move(options), *registry_);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server_ = std::move(*started);
    server_->on_admin("/_cloche/health", [](const HttpRequest&, std::string_view body) {
      return AdminAnswer{.status = 200,
                         .content_type = "application/json",
                         .body = "{\"got\":" + std::to_string(body.size()) + "}"};
    });
    server_->serve();
    const std::string address = server_->addresses().at(0);
    port_ = std::atoi(address.c_str() + address.rfind(':') + 1);
  }

  Result<std::unique_ptr<Server>> open_beside(Registry& registry) {
    ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    return Server::open_beside(*server_, std::move(options), registry);
  }

  void TearDown() override {
    for (std::thread& thread : threads_) thread.join();
    server_.reset();
    kept_.reset();
    std::filesystem::remove_all(directory_);
  }

  void put(const CallPtr& call) {
    const std::string key = call->input()["Key"].str();
    if (key == "refused")
      return call->fail(
          {.code = "AccessDenied", .message = "no", .http_status = 403, .details = {}});
    if (key == "full") return call->fail(unavailable("write /data/x: No space left\non device"));
    if (key == "rotten") return call->fail(damaged("/data/blobs/7 at 4096: checksum"));
    if (key == "throws") throw std::runtime_error("a bug");
    if (key == "dropped") return;
    if (key == "unread") return call->reply(Value::map());
    auto data = std::make_shared<std::string>();
    call->body()->read(
        [data, key](std::span<const std::byte> bytes) -> Result<void> {
          EXPECT_LE(bytes.size(), std::size_t{256} << 10);
          if (key == "stops" && data->size() > 100'000)
            return Error{.code = "SlowDown", .message = "", .http_status = 503, .details = {}};
          data->append(as_text(bytes));
          return {};
        },
        [this, data, call, key](Result<BodyEnd> end) {
          ++ends_;
          if (!end) return call->fail(std::move(end).error());
          for (const auto& [name, value] : end->trailers)
            call->set_header("x-saw-trailer", name + "=" + value);
          const std::lock_guard lock(mutex_);
          objects_[key] = std::move(*data);
          call->reply(Value::map());
        });
  }

  void get(const CallPtr& call) {
    const std::string key = call->input()["Key"].str();
    if (key == "later") {
      threads_.emplace_back([call] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        call->reply(Value::map(), {BodySegment{.bytes = call->input()["Key"].str(),
                                               .file = nullptr,
                                               .file_offset = 0,
                                               .size = 0}});
      });
      return;
    }
    if (key == "kept") kept_ = call;
    if (key == "slow") {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++slow_;
    }
    if (key == "wait") {
      kept_ = call;
      return;
    }
    if (key == "wake") {
      std::exchange(kept_, nullptr)
          ->fail({.code = "Woken", .message = "", .http_status = 409, .details = {}});
    }
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end() && key != "kept") {
      return call->fail({.code = "NoSuchKey",
                         .message = "The specified key does not exist.",
                         .http_status = 404,
                         .details = {}});
    }
    Value output = Value::map();
    const std::string content = key == "kept" ? "kept" : found->second;
    output.add(call->arena(), "ContentLength",
               Value::integer(static_cast<std::int64_t>(content.size())));
    output.add(call->arena(), "ContentType", Value::string("text/plain"));
    if (key == "file") {
      // Half from memory, half from a file.
      const std::size_t half = content.size() / 2;
      auto file = Env::posix().open(directory_ / "file", OpenMode::CreateOrOpen);
      ASSERT_TRUE(file.has_value());
      ASSERT_TRUE((*file)->write_at(0, as_bytes("skip" + content.substr(half))).has_value());
      std::shared_ptr<const File> shared = std::move(*file);
      std::vector<BodySegment> segments;
      segments.push_back(
          {.bytes = content.substr(0, half), .file = nullptr, .file_offset = 0, .size = half});
      segments.push_back(
          {.bytes = {}, .file = shared, .file_offset = 4, .size = content.size() - half});
      return call->reply(output, std::move(segments));
    }
    call->reply(
        output,
        {BodySegment{.bytes = content, .file = nullptr, .file_offset = 0, .size = content.size()}});
  }

  static std::string request(const std::string& line, const std::string& headers = "",
                             const std::string& body = "") {
    std::string out = line + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
    if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return out + "\r\n" + body;
  }

  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Server> server_;
  std::filesystem::path directory_;
  int port_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
  std::vector<std::thread> threads_;
  std::atomic<int> ends_ = 0;
  std::atomic<int> slow_ = 0;
  CallPtr kept_;
};

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 2654435761u >> 16);
  return out;
}

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

TEST_F(ServerTest, TakesRequestsByteByByte) {
  Client client(port_);
  for (const char c : request("PUT /b/slow", "", "hello")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(status_of(client.answer()), 200);
  EXPECT_EQ(objects_["slow"], "hello");
}

// The body is asked for only when the handler wants it: a refused upload isn't sent at all.
TEST_F(ServerTest, AsksForTheBodyOnlyWhenItIsWanted) {
  Client wanted(port_);
  wanted.send(
      "PUT /b/big HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "5\r\n\r\n");
  EXPECT_EQ(wanted.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  wanted.send("hello");
  EXPECT_EQ(status_of(wanted.answer()), 200);
  Client refused(port_);
  refused.send(
      "PUT /b/refused HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "5\r\n\r\n");
  const std::string answer = refused.answer();
  EXPECT_EQ(status_of(answer), 403);
  EXPECT_NE(answer.find("Connection: close"),
            std::string::npos);  // Nobody knows whether a body will follow.
  EXPECT_TRUE(refused.closed());
}

TEST_F(ServerTest, StreamsBothWays) {
  const std::string content = pattern(5'000'003);
  for (const bool tls : {false, true}) {
    Client client(port_, tls);
    for (const char* key : {"memory", "file"}) {
      ASSERT_TRUE(client.send(request(std::string("PUT /b/") + key, "", content)));
      ASSERT_EQ(status_of(client.answer()), 200);
      client.send(request(std::string("GET /b/") + key));
      EXPECT_TRUE(body_of(client.answer()) == content) << key << (tls ? " over TLS" : "");
    }
  }
}

TEST_F(ServerTest, HeadHasNoBody) {
  Client client(port_);
  client.send(request("PUT /b/k", "", "hello"));
  client.answer();
  client.send(request("HEAD /b/k") + request("HEAD /b/none") + request("GET /b/k"));
  const std::string head = client.answer(true);
  EXPECT_NE(head.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(status_of(client.answer(true)), 404);
  EXPECT_EQ(body_of(client.answer()), "hello");
  client.send(request("DELETE /b/k"));
  const std::string deleted = client.answer();
  EXPECT_EQ(status_of(deleted), 204);
  EXPECT_EQ(deleted.find("Content-Length"), std::string::npos);
}

TEST_F(ServerTest, SpeaksBothChunkings) {
  Client client(port_);
  client.send(
      "PUT /b/http HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-T: v\r\n\r\n");
  EXPECT_NE(client.answer().find("x-saw-trailer: x-t=v"), std::string::npos);
  EXPECT_EQ(objects_["http"], "hello world");
  const std::string aws = "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
  const std::string headers =
      "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nx-amz-decoded-content-length: ";
  client.send(request("PUT /b/aws", headers + "11\r\n", aws));
  EXPECT_NE(client.answer().find("x-saw-trailer: x-amz-checksum-crc32=DUoRhQ=="),
            std::string::npos);
  EXPECT_EQ(objects_["aws"], "hello world");
  client.send(request("PUT /b/aws", headers + "12\r\n", aws));
  EXPECT_EQ(status_of(client.answer()), 400);  // Not the length that was told.
}

// The framing of HTTP around that of AWS, cut at every place.
TEST_F(ServerTest, DoesNotMindWhereChunksAreCut) {
  const std::string aws = "5\r\nhello\r\n0\r\n\r\n";
  const std::string http =
      "4\r\n" + aws.substr(0, 4) + "\r\n" + "b\r\n" + aws.substr(4) + "\r\n0\r\n\r\n";
  const std::string head =
      "PUT /b/cut HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n\r\n";
  Client client(port_);
  for (std::size_t cut = 0; cut < http.size(); cut += 3) {
    objects_["cut"].clear();
    client.send(head + http.substr(0, cut));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    client.send(http.substr(cut));
    ASSERT_EQ(status_of(client.answer()), 200) << cut;
    ASSERT_EQ(objects_["cut"], "hello") << cut;
  }
}

TEST_F(ServerTest, RefusesBadFraming) {
  for (const char* headers : {"Content-Length: -1\r\n", "Content-Length: x\r\n",
                              "Content-Length: 5\r\nContent-Length: 6\r\n",
                              "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                              "Transfer-Encoding: gzip\r\n", "No colon\r\n", "Bad\x01Name: x\r\n",
                              "Authorization: AWS4-HMAC-SHA256\r\n Credential=x\r\n"}) {
    Client client(port_);
    client.send(request("PUT /b/k", headers));
    const int status = status_of(client.answer());
    EXPECT_TRUE(status == 400 || status == 501) << headers << " " << status;
    EXPECT_TRUE(client.closed()) << headers;
  }
  Client client(port_);
  client.send("GET\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 400);
}

TEST_F(ServerTest, BoundsHeads) {
  Client client(port_);
  client.send("GET /b/k HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(70'000, 'x') +
              "\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 431);
  EXPECT_TRUE(client.closed());
  Client allowed(port_);
  allowed.send(request("GET /b/none", "X: " + std::string(60'000, 'x') + "\r\n"));
  EXPECT_EQ(status_of(allowed.answer()), 404);
}

TEST_F(ServerTest, BoundsGatheredBodies) {
  ServerOptions options;
  options.body_bytes_max = 100'000;
  start(std::move(options));
  Client client(port_);
  client.send("POST /b?delete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 413);
  Client chunked(port_);
  chunked.send("POST /b?delete HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 200 && chunked.send("400\r\n" + std::string(1024, 'x') + "\r\n"); ++i) {}
  EXPECT_EQ(status_of(chunked.answer()), 413);
}

TEST_F(ServerTest, GathersBodiesLargerThanItsBuffer) {
  std::string objects;
  for (int i = 0; i < 2000; ++i)
    objects += "<Object><Key>key-" + std::to_string(i) + "</Key></Object>";
  Client client(port_);
  client.send(request("POST /b?delete", "", "<Delete>" + objects + "</Delete>") +
              request("GET /b/none"));
  EXPECT_NE(client.answer().find("<Key>key-1999</Key>"), std::string::npos);
  EXPECT_EQ(status_of(client.answer()), 404);
}

// An answer to a half-sent upload has to arrive, although the client is still sending.
TEST_F(ServerTest, AnAnswerBeforeTheBodysEndArrives) {
  for (const char* key : {"refused", "unread", "stops"}) {
    Client client(port_);
    client.send(std::string("PUT /b/") + key +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n");
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 30 && client.send(piece); ++i) {}
    EXPECT_NE(status_of(client.answer()), 0) << key;
    EXPECT_TRUE(client.closed());
  }
  // A short rest is read away, and the connection goes on.
  Client client(port_);
  client.send(request("PUT /b/refused", "", std::string(50'000, 'x')) + request("GET /b/none"));
  EXPECT_EQ(status_of(client.answer()), 403);
  EXPECT_EQ(status_of(client.answer()), 404);
}

// A client that goes away in the middle of a body ends the upload with an error, once.
TEST_F(ServerTest, TellsTheHandlerOfABodyThatEndsEarly) {
  {
    Client client(port_);
    client.send("PUT /b/short HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhello");
    client.shut();
    EXPECT_EQ(status_of(client.answer()), 400);
  }
  EXPECT_EQ(ends_, 1);
  EXPECT_FALSE(objects_.contains("short"));
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
