// For tests: a server with a service of its own on a loopback socket, and a client that writes what it is told to.
#pragma once

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

inline int status_of(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9);
}
inline std::string body_of(const std::string& answer) {
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

inline std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 2654435761u >> 16);
  return out;
}

}  // namespace cloche::protocol
